// The built `latchkey serve` on a fresh vault in a directory.
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, startListening } from './child.mjs';
import { makeKey, writeKnownHosts } from './keys.mjs';

/** The built program. */
export const MAIN = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../apps/cli/dist/main.js');

/** Of the vaults and users made here. */
export const PASSPHRASE = 'seven quiet otters paint at dusk';
export const PASSWORD = 'a password "with" quotes';

/**
 * The environment in which the program uses the vault in `place` and nothing of the person who runs it.
 * @param {string} place
 * @param {'full' | 'relaxed'} durability
 * @returns {Record<string, string>}
 */
export function environment(place, durability = 'relaxed') {
  return {
    PATH: process.env.PATH ?? '',
    HOME: place,
    LATCHKEY_VAULT: path.join(place, 'store'),
    LATCHKEY_STATE: path.join(place, 'state'),
    LATCHKEY_FTP_PORT: '0',
    LATCHKEY_PASSPHRASE: PASSPHRASE,
    LATCHKEY_DURABILITY: durability,
  };
}

/**
 * Makes the vault in `place` unless there is one, and serves it on loopback.
 * @param {string} place
 * @param {{ durability?: 'full' | 'relaxed', nodeArgs?: string[] }} options
 */
export async function startLatchkey(place, { durability = 'relaxed', nodeArgs = [] } = {}) {
  const env = environment(place, durability);
  const storage = path.join(place, 'store');
  const keyFile = path.join(place, 'user');
  const hostKey = path.join(place, 'state', 'ssh_host_ed25519_key');
  if (!existsSync(storage)) {
    execFileSync(process.execPath, [MAIN, 'init', storage], { env, stdio: 'pipe' });
    const user = makeKey(keyFile);
    writeFileSync(path.join(place, 'authorized'), `${user.publicLine}\n`);
    writeFileSync(path.join(place, 'password'), `${PASSWORD}\n`, { mode: 0o600 });
  }
  const port = await freePort();
  const args = [...nodeArgs, MAIN, 'serve', '--port', String(port), '--user', 'owner', '--log', 'json'];
  args.push(
    '--authorized-keys',
    path.join(place, 'authorized'),
    '--password-file',
    path.join(place, 'password'),
  );
  const child = await startListening(process.execPath, args, { port, cwd: place, env });
  const publicLine = execFileSync('ssh-keygen', ['-y', '-f', hostKey], { encoding: 'utf8' }).trim();
  return {
    name: 'latchkey',
    host: '127.0.0.1',
    port,
    user: 'owner',
    keyFile,
    password: PASSWORD,
    knownHosts: writeKnownHosts(place, port, publicLine),
    base: '',
    storage,
    env,
    pid: child.pid,
    output: child.output,
    stop: child.stop,
    kill: child.kill,
  };
}
