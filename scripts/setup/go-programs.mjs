// Servers that the benchmark is measured against and Debian does not have, or has too old: built by Go, once, into the
// cache of the person who runs it. Nothing else needs them.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { program } from './clients.mjs';

const MODULES = {
  rclone: { module: 'github.com/rclone/rclone', version: 'v1.69.1' },
  versitygw: { module: 'github.com/versity/versitygw/cmd/versitygw', version: 'v1.0.14' },
};

const folder = path.join(homedir(), '.cache', 'latchkey-bench', 'bin');
/** @type {Map<string, { file: string } | { reason: string }>} */
const known = new Map();

/**
 * The program, built if need be, or the reason why it cannot be had.
 * @param {keyof typeof MODULES} name
 * @param {(text: string) => void} say
 * @returns {{ file: string } | { reason: string }}
 */
export function goProgram(name, say) {
  const found = known.get(name) ?? find(name, say);
  known.set(name, found);
  return found;
}

function find(/** @type {keyof typeof MODULES} */ name, /** @type {(text: string) => void} */ say) {
  const { module, version } = MODULES[name];
  const place = path.join(folder, `${name}-${version}`);
  const file = path.join(place, name);
  if (spawnSync(file, ['--version'], { stdio: 'ignore' }).status === 0) return { file };
  const go = program('go');
  if (go === undefined) return { reason: 'no Go here to build it with' };
  say(`building ${name} ${version}: minutes, the first time`);
  mkdirSync(place, { recursive: true });
  const done = spawnSync(go, ['install', `${module}@${version}`], {
    cwd: place,
    env: { ...process.env, GOBIN: place },
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (done.status === 0) return { file };
  return { reason: `go could not build it: ${done.stderr.trim().split('\n').at(-1)?.slice(0, 200)}` };
}
