// `npm run bench`: Latchkey beside rclone over crypt, plain sshd, plain vsftpd and a plain S3 server, the same clients for
// all, in alternating rounds.
//
//   node scripts/bench.mjs [--quick] [--rounds N] [--only ROW,...] [--servers NAME,...] [--json]
//                          [--durability relaxed|full] [--place FOLDER] [--profile FOLDER]
//
// docs/performance.md says what is measured and what bounds it. --profile keeps a CPU profile of our server.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { installClients, program } from './setup/clients.mjs';
import { installPackages } from './setup/packages.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    only: { type: 'string' },
    servers: { type: 'string' },
    durability: { type: 'string', default: 'relaxed' },
    place: { type: 'string', default: tmpdir() },
    profile: { type: 'string' },
  },
});

const say = (text) => console.error(text);

function build() {
  const env = { ...process.env, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1', TURBO_CACHE: 'local:rw' };
  const turbo = path.join(root, 'node_modules', '.bin', 'turbo');
  const args = ['run', 'build', '--output-logs=errors-only'];
  if (spawnSync(turbo, args, { cwd: root, env, stdio: ['ignore', 'ignore', 'inherit'] }).status !== 0) {
    throw new Error('the build failed');
  }
}

function versionOf(name, args) {
  const done = spawnSync(program(name) ?? name, args, { encoding: 'utf8' });
  return `${done.stdout ?? ''}${done.stderr ?? ''}`.split('\n')[0]?.trim() ?? '';
}

async function main() {
  installPackages(root, say);
  for (const { name, reason } of installClients(say)) say(`missing: ${name}: ${reason}`);
  build();
  const { runBench } = await import('../test/bench/bench.mjs');
  const { table } = await import('../test/bench/table.mjs');
  mkdirSync(flags.place, { recursive: true });
  const place = mkdtempSync(path.join(flags.place, 'latchkey-bench-'));
  process.on('SIGINT', () => process.exit(130));
  process.on('exit', () => rmSync(place, { recursive: true, force: true }));
  const list = (text) => text?.split(',').filter((item) => item !== '');
  const { rows, missing } = await runBench({
    place,
    quick: flags.quick,
    rounds: Number(flags.rounds ?? (flags.quick ? 3 : 5)),
    only: list(flags.only),
    servers: list(flags.servers),
    durability: flags.durability,
    profile: flags.profile === undefined ? undefined : path.resolve(flags.profile),
    say,
  });
  const machine = {
    processors: `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`,
    node: process.version,
    rclone: versionOf('rclone', ['version']),
    openssh: versionOf('ssh', ['-V']),
    curl: versionOf('curl', ['--version']),
    lftp: versionOf('lftp', ['--version']),
    commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim(),
    durability: flags.durability,
    ...Object.fromEntries(Object.entries(missing).map(([name, reason]) => [`${name} is missing`, reason])),
  };
  if (flags.json) console.log(JSON.stringify({ machine, rows }, null, 2));
  else console.log(table(machine, rows));
}

try {
  await main();
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
