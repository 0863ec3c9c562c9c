// Where the demo is, and the program that makes and serves it.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');
export const program = path.join(root, 'apps', 'cli', 'dist', 'main.js');
export const USER = 'demo';
export const HOST = '127.0.0.1';

/** What the user has set for vaults of their own must not leak into the demo. */
export const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith('LATCHKEY_')),
);

export function filesOf(demo) {
  return {
    demo,
    configuration: path.join(demo, 'latchkey.toml'),
    passphrase: path.join(demo, 'passphrase'),
    password: path.join(demo, 'password'),
    key: path.join(demo, 'key'),
    knownHosts: path.join(demo, 'known_hosts'),
    sshConfig: path.join(demo, 'ssh_config'),
    awsConfig: path.join(demo, 'aws_config'),
    rcloneConfig: path.join(demo, 'rclone.conf'),
    certificate: path.join(demo, 'certificate.pem'),
    vault: path.join(demo, 'vault'),
    complete: path.join(demo, 'complete'),
  };
}

/** Runs latchkey in the demo and returns what it printed. Any status but 0 and those of `accept` is an error. */
export function latchkey(files, args, { input = '', accept = [] } = {}) {
  const done = spawnSync(process.execPath, [program, ...args], {
    cwd: files.demo,
    env,
    input,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  if (done.error) throw done.error;
  if (done.status !== 0 && !accept.includes(done.status)) {
    throw new Error(`latchkey ${args.find((arg) => !arg.startsWith('-'))} failed\n${done.stderr}`);
  }
  return done.stdout;
}
