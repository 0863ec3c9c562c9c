// npm packages for a checkout: installed when they are missing or are not those of the lock file.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** True when node_modules holds exactly what package-lock.json asks for on this platform. */
export function packagesAreCurrent(root) {
  const installed = path.join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installed)) return false;
  const have = JSON.parse(readFileSync(installed, 'utf8')).packages ?? {};
  const want = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')).packages ?? {};
  return Object.entries(want).every(([place, entry]) => {
    // The root is described by the lock file alone, and other platforms' binaries are left out on purpose.
    if (place === '' || !place.includes('node_modules/')) return true;
    const there = have[place];
    if (there === undefined) return entry.optional === true;
    return there.version === entry.version && there.integrity === entry.integrity;
  });
}

/** Runs `npm ci` unless the packages are current. Throws when npm fails. */
export function installPackages(root, say = console.log) {
  if (packagesAreCurrent(root)) return;
  say('installing npm packages (npm ci)');
  const done = spawnSync('npm', ['ci'], { cwd: root, stdio: 'inherit' });
  if (done.status !== 0) throw new Error(`npm ci failed${done.error ? `: ${done.error.message}` : ''}`);
}
