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

/**
 * Installs what the lock file pins, unless it is there. Throws when npm fails. Not `npm ci`: it insists that the lock
 * file lists the binaries of every platform, and npm leaves out those that its registry did not have when it wrote it.
 */
export function installPackages(root, say = console.log) {
  if (packagesAreCurrent(root)) return;
  say('installing npm packages');
  const done = spawnSync('npm', ['install', '--no-save', '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (done.status !== 0) throw new Error(`npm install failed${done.error ? `: ${done.error.message}` : ''}`);
}
