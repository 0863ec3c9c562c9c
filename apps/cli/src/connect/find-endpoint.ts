import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { describeHostKey } from '@latchkey/adapter-sftp';
import { parsePort } from '../config/ports.js';
import { s3TlsMode } from '../config/s3.js';
import type { Settings } from '../config/settings.js';
import { Failure } from '../failure.js';
import { type AccessKey, AccessKeys, accessKeysPath } from '../serve/access-keys.js';
import { certificatePath } from '../serve/certificate.js';
import { hostKeyPath } from '../serve/host-key.js';
import type { Protocol } from './clients.js';
import { bracketed, type Endpoint, type S3Access } from './endpoint.js';

export interface EndpointFlags {
  readonly host?: string;
  readonly port?: string;
  readonly user?: string;
  readonly identity?: string;
  readonly accessKey?: string;
}

/** Where a client finds the server, from the flags, the settings and what the server has made. */
export async function findEndpoint(
  protocol: Protocol,
  flags: EndpointFlags,
  settings: Settings,
  needsUser: boolean,
): Promise<Endpoint> {
  const key = protocol === 's3' ? await accessKey(flags, settings) : undefined;
  const user = flags.user ?? key?.user ?? settings.users[0]?.name ?? (process.env.USER || undefined);
  if (user === undefined && needsUser) {
    throw new Failure('usage', 'which user? none is given or configured', {
      hint: 'add --user NAME, the one that `latchkey serve` lets in',
    });
  }
  const server = settings[protocol];
  const host = flags.host ?? reachable(server.host);
  const port = flags.port === undefined ? server.port : parsePort(flags.port, '--port');
  requireSayable(host, user, flags);
  return {
    host,
    port,
    user: user ?? '',
    given: givenFlags(flags),
    hostKey: await publicHostKey(settings),
    identity: flags.identity === undefined ? undefined : resolve(flags.identity),
    clearText: settings.ftp.tls !== 'require',
    certificate: signsItself(protocol, settings, host) ? await ownCertificate(settings) : undefined,
    s3: key === undefined ? undefined : s3Access(key, settings, host, port),
  };
}

/** Both names end up in files and command lines of other programs. */
function requireSayable(host: string, user: string | undefined, { identity }: EndpointFlags): void {
  if (user !== undefined && !/^[A-Za-z0-9._@-]{1,64}$/.test(user))
    throw new Failure('usage', '--user has characters that no user name has');
  if (!/^[A-Za-z0-9._:%-]{1,255}$/.test(host))
    throw new Failure('usage', '--host is not a host name or address');
  if (identity !== undefined && /[\n\r"\0]/.test(identity)) {
    throw new Failure('usage', '--identity has characters that clients cannot take');
  }
}

/** The key of `--access-key`, or the oldest one of `--user`, or of anybody. */
async function accessKey(flags: EndpointFlags, settings: Settings): Promise<AccessKey> {
  const keys = new AccessKeys(accessKeysPath(settings));
  const known = await keys.list();
  const found = known.find(({ id, user }) => id === (flags.accessKey ?? id) && user === (flags.user ?? user));
  if (found !== undefined) return found;
  const whose = flags.user === undefined ? '' : ` of ${flags.user}`;
  throw new Failure('not-found', `there is no access key ${flags.accessKey ?? `yet${whose}`}`, {
    hint: '`latchkey access-key create` makes one, and so does the first `latchkey serve`',
  });
}

function s3Access({ id, secret }: AccessKey, settings: Settings, host: string, port: number): S3Access {
  const scheme = s3TlsMode(settings.s3.tls, host) === 'off' ? 'http' : 'https';
  return { url: `${scheme}://${bracketed(host)}:${port}`, region: settings.s3.region, id, secret };
}

/** What was given to this call and belongs to the next one as well. */
function givenFlags({ host, port }: EndpointFlags): string {
  return `${host === undefined ? '' : ` --host ${host}`}${port === undefined ? '' : ` --port ${port}`}`;
}

/** A server that listens everywhere is reached by its name. */
function reachable(listening: string): string {
  return listening === '0.0.0.0' || listening === '::' ? hostname() : listening;
}

/** Whether clients meet the certificate that the server made: those of S3, or any. */
function signsItself(protocol: Protocol, { ftp, s3 }: Settings, host: string): boolean {
  if (ftp.certificate !== undefined) return false;
  const overS3 = s3.certificate === undefined && s3TlsMode(s3.tls, host) !== 'off';
  return overS3 || (protocol !== 's3' && ftp.tls !== 'off');
}

async function publicHostKey(settings: Settings): Promise<string | undefined> {
  const file = await unlessMissing(hostKeyPath(settings));
  return file === undefined ? undefined : describeHostKey(file).publicKey;
}

/** The certificate that the server signed itself, without the key that lies beside it. */
async function ownCertificate(settings: Settings): Promise<string | undefined> {
  const file = await unlessMissing(certificatePath(settings));
  return /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n/.exec(file ?? '')?.[0];
}

async function unlessMissing(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
