// rclone serving SFTP over its crypt back end on a local directory, without a cache: the peer.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { program } from '../../scripts/setup/clients.mjs';
import { freePort, startListening } from './child.mjs';
import { makeKey, writeKnownHosts } from './keys.mjs';

/**
 * Starts it, key login only, all state in `place`. A directory that was served before keeps its content.
 * @param {string} place
 */
export async function startRcloneCrypt(place) {
  const rclone = program('rclone');
  if (!rclone) throw new Error('rclone is not installed');
  const port = await freePort();
  const host = makeKey(path.join(place, 'host'));
  const user = makeKey(path.join(place, 'user'));
  const storage = path.join(place, 'files');
  mkdirSync(storage, { recursive: true });
  writeFileSync(path.join(place, 'authorized'), `${user.publicLine}\n`);
  const obscure = (/** @type {string} */ text) =>
    execFileSync(rclone, ['obscure', text], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  const config = path.join(place, 'rclone.conf');
  writeFileSync(
    config,
    `[vault]\ntype = crypt\nremote = ${storage}\npassword = ${obscure('a passphrase')}\npassword2 = ${obscure('a salt')}\n`,
  );
  const args = ['serve', 'sftp', 'vault:', '--config', config, '--addr', `127.0.0.1:${port}`];
  args.push('--user', 'owner', '--authorized-keys', path.join(place, 'authorized'), '--key', host.file);
  args.push('--vfs-cache-mode', 'off');
  const child = await startListening(rclone, args, { port });
  return {
    name: 'rclone crypt',
    host: '127.0.0.1',
    port,
    user: 'owner',
    keyFile: user.file,
    password: undefined,
    knownHosts: writeKnownHosts(place, port, host.publicLine),
    base: '',
    storage,
    /** The configuration of the crypt remote `vault:`, for filling it without the server. */
    config,
    stop: child.stop,
  };
}
