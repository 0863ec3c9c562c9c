// SSH keys made for one run.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { program } from '../../scripts/setup/clients.mjs';

/**
 * Makes an Ed25519 key pair unless there is one; returns the private file and the public line.
 * @param {string} file
 */
export function makeKey(file) {
  if (!existsSync(file))
    execFileSync(program('ssh-keygen') ?? 'ssh-keygen', [
      '-q',
      '-t',
      'ed25519',
      '-N',
      '',
      '-C',
      'test',
      '-f',
      file,
    ]);
  return { file, publicLine: readFileSync(`${file}.pub`, 'utf8').trim() };
}

/**
 * Writes a known_hosts file for a server on loopback.
 * @param {string} folder
 * @param {number} port
 * @param {string} publicLine
 */
export function writeKnownHosts(folder, port, publicLine) {
  const file = path.join(folder, 'known_hosts');
  writeFileSync(file, `[127.0.0.1]:${port} ${publicLine.split(' ').slice(0, 2).join(' ')}\n`);
  return file;
}
