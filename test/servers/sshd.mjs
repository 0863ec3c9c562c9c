// OpenSSH's own server with its in-process SFTP server: nothing is encrypted at rest.
import { mkdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import path from 'node:path';
import { program } from '../../scripts/setup/clients.mjs';
import { freePort, startListening } from './child.mjs';
import { makeKey, writeKnownHosts } from './keys.mjs';

/**
 * Starts sshd for the user who runs this, key login only, all state in `place`. What was served before is kept.
 * @param {string} place
 */
export async function startSshd(place) {
  const sshd = program('sshd');
  if (!sshd) throw new Error('sshd is not installed');
  const port = await freePort();
  const host = makeKey(path.join(place, 'host'));
  const user = makeKey(path.join(place, 'user'));
  const files = path.join(place, 'files');
  mkdirSync(files, { recursive: true });
  writeFileSync(path.join(place, 'authorized'), `${user.publicLine}\n`, { mode: 0o600 });
  // Debian's sshd insists on this directory although a server of one's own has no use for it.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const config = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${host.file}`,
    `AuthorizedKeysFile ${path.join(place, 'authorized')}`,
    `PidFile ${path.join(place, 'pid')}`,
    'PermitRootLogin yes',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'UsePAM no',
    'StrictModes no',
    'MaxStartups 100',
    'MaxSessions 100',
    'Subsystem sftp internal-sftp',
  ];
  writeFileSync(path.join(place, 'sshd_config'), `${config.join('\n')}\n`);
  const child = await startListening(sshd, ['-D', '-e', '-f', path.join(place, 'sshd_config')], { port });
  return {
    name: 'sshd',
    host: '127.0.0.1',
    port,
    user: userInfo().username,
    keyFile: user.file,
    password: undefined,
    knownHosts: writeKnownHosts(place, port, host.publicLine),
    /** The directory that is served, as clients name it. */
    base: files,
    /** Where the bytes lie. */
    storage: files,
    stop: child.stop,
  };
}
