// The built `latchkey serve` on a fresh vault in a directory.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
    LATCHKEY_S3_PORT: '0',
    LATCHKEY_PASSPHRASE: PASSPHRASE,
    LATCHKEY_DURABILITY: durability,
  };
}

/**
 * How FTP is served: `tls` as the program's own setting says, `implicit` with a port of implicit TLS beside it.
 * @typedef {{ tls?: 'allow' | 'require' | 'off', implicit?: boolean }} FtpChoices
 *
 * Where FTP is served. `certificate` is a PEM file that a client can trust; undefined when TLS is off.
 * @typedef {{ port: number, implicitPort: number | undefined, certificate: string | undefined }} FtpPlace
 */

/**
 * Where S3 is served: an endpoint without a slash at its end, and the access key that the program made. `certificate`
 * is a PEM file to trust; undefined for plain HTTP.
 * @typedef {{ url: string, region: string, id: string, secret: string, certificate: string | undefined }} S3Place
 *
 * Makes the vault in `place` unless there is one, and serves it on loopback over SFTP, FTP and S3.
 * @param {string} place
 * @param {{ durability?: 'full' | 'relaxed', nodeArgs?: string[], ftp?: FtpChoices, s3Tls?: 'off' | 'require', logLevel?: 'debug' | 'info' }} options
 */
export async function startLatchkey(
  place,
  { durability = 'relaxed', nodeArgs = [], ftp = {}, s3Tls = 'off', logLevel = 'info' } = {},
) {
  const env = {
    ...environment(place, durability),
    LATCHKEY_FTP_TLS: ftp.tls ?? 'require',
    LATCHKEY_S3_TLS: s3Tls,
    LATCHKEY_LOG_LEVEL: logLevel,
  };
  // The program reads it where it is started; only this setting has no other way in.
  const configuration = path.join(place, 'latchkey.toml');
  rmSync(configuration, { force: true });
  if (ftp.implicit) writeFileSync(configuration, '[ftp]\nimplicit-port = 0\n');
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
  const listening = await announcements(child);
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
    ftp: ftpPlace(place, listening),
    s3: s3Place(place, listening),
    storage,
    env,
    pid: child.pid,
    output: child.output,
    stop: child.stop,
    kill: child.kill,
  };
}

/**
 * What the program said of where it listens, by message. It says `listening` last.
 * @param {{ output: () => string }} child
 * @returns {Promise<Map<string, { url: string, region?: string, certificate?: string }>>}
 */
async function announcements(child) {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; ) {
    const lines = child
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line));
    if (lines.some(({ message }) => message === 'listening'))
      return new Map(lines.map((line) => [line.message, line]));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await child.kill();
  throw new Error(`latchkey did not say that it listens: ${child.output()}`);
}

/**
 * @param {string} place
 * @param {Map<string, { url: string, certificate?: string }>} listening
 * @returns {FtpPlace | undefined} Undefined when FTP is not served.
 */
function ftpPlace(place, listening) {
  const explicit = listening.get('listening for ftp');
  if (explicit === undefined) return undefined;
  const implicit = listening.get('listening for ftps');
  const portOf = (/** @type {{ url: string }} */ { url }) => Number(/:(\d+)\/?$/.exec(url)?.[1]);
  return {
    port: portOf(explicit),
    implicitPort: implicit === undefined ? undefined : portOf(implicit),
    certificate: explicit.certificate === undefined ? undefined : certificateOf(place),
  };
}

/**
 * @param {string} place
 * @param {Map<string, { url: string, region?: string, certificate?: string }>} listening
 * @returns {S3Place}
 */
function s3Place(place, listening) {
  const { url = '', region = '', certificate } = listening.get('listening for s3') ?? {};
  const folder = path.join(place, 'state', 'access-keys');
  const [file = ''] = readdirSync(folder);
  const { secret } = JSON.parse(readFileSync(path.join(folder, file), 'utf8'));
  return {
    url,
    region,
    id: path.basename(file, '.json'),
    secret,
    certificate: certificate === undefined ? undefined : certificateOf(place),
  };
}

/**
 * The certificate that the server made for itself, without its key, for clients to trust.
 * @param {string} place
 */
function certificateOf(place) {
  const both = readFileSync(path.join(place, 'state', 'ftp_certificate.pem'), 'utf8');
  const file = path.join(place, 'ftp_ca.pem');
  writeFileSync(file, both.slice(both.indexOf('-----BEGIN CERTIFICATE-----')));
  return file;
}
