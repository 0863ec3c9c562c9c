// rclone serving SFTP, WebDAV or S3 over its crypt back end on a local directory, without a cache: the peer.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { program } from '../../scripts/setup/clients.mjs';
import { freePort, startListening } from './child.mjs';
import { makeKey, writeKnownHosts } from './keys.mjs';

/** What the HTTP servers ask of their clients. */
const ACCESS = { id: 'OWNER', secret: 'aSecretOfSomeLength', region: 'us-east-1' };

/**
 * Writes the configuration of the crypt remote `vault:` over a directory in `place`. What was there before is kept.
 * @param {string} rclone
 * @param {string} place
 */
function prepare(rclone, place) {
  const storage = path.join(place, 'files');
  mkdirSync(storage, { recursive: true });
  const obscure = (/** @type {string} */ text) =>
    execFileSync(rclone, ['obscure', text], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  const config = path.join(place, 'rclone.conf');
  writeFileSync(
    config,
    `[vault]\ntype = crypt\nremote = ${storage}\npassword = ${obscure('a passphrase')}\npassword2 = ${obscure('a salt')}\n`,
  );
  return { storage, config };
}

/**
 * Starts it for SFTP, key login only, all state in `place`. A directory that was served before keeps its content.
 * @param {string} place
 */
export async function startRcloneCrypt(place) {
  const rclone = program('rclone');
  if (!rclone) throw new Error('rclone is not installed');
  const port = await freePort();
  const host = makeKey(path.join(place, 'host'));
  const user = makeKey(path.join(place, 'user'));
  writeFileSync(path.join(place, 'authorized'), `${user.publicLine}\n`);
  const { storage, config } = prepare(rclone, place);
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

/**
 * Starts `rclone`, a program, for WebDAV or S3 on plain HTTP, with a user or an access key; all state in `place`.
 * @param {string} rclone
 * @param {string} place
 * @param {'webdav' | 's3'} kind
 */
export async function startRcloneHttp(rclone, place, kind) {
  const port = await freePort();
  const { storage, config } = prepare(rclone, place);
  const { id, secret } = ACCESS;
  const args = ['serve', kind, 'vault:', '--config', config, '--addr', `127.0.0.1:${port}`];
  args.push('--vfs-cache-mode', 'off');
  args.push(...(kind === 's3' ? ['--auth-key', `${id},${secret}`] : ['--user', id, '--pass', secret]));
  const child = await startListening(rclone, args, { port });
  const url = `http://127.0.0.1:${port}`;
  return { name: `rclone ${kind}`, pid: child.pid, storage, web: { kind, url, ...ACCESS }, stop: child.stop };
}
