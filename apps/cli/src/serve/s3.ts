import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type CredentialDirectory, type PublicBucket, S3Server } from '@latchkey/adapter-s3';
import type { CertificateSource, LoginDelays } from '@latchkey/server-guard';
import type { ObjectSession } from '@latchkey/vault';
import { type S3Settings, s3TlsMode } from '../config/s3.js';
import type { Settings } from '../config/settings.js';
import { AccessKeys, accessKeysPath } from './access-keys.js';
import { ownCertificate } from './certificate.js';
import { listenAt, urlOf } from './listening.js';
import type { Log } from './log.js';
import { requireOutside } from './outside-the-store.js';
import type { ConfiguredUsers } from './users.js';

type CertificateFiles = Extract<CertificateSource, { readonly certificateFile: string }>;

export interface S3Options {
  readonly settings: S3Settings;
  readonly tls: CertificateFiles | undefined;
  readonly credentials: CredentialDirectory;
  /** In which public buckets lie, and what tells browsers which other origins a bucket lets in. */
  readonly session: ObjectSession;
  /** Whose public buckets are. */
  readonly owner: string;
  readonly throttle: LoginDelays;
}

/** The certificate of S3; undefined for plain HTTP. */
export async function s3Tls(settings: Settings, storeRoot: string): Promise<CertificateFiles | undefined> {
  const { tls, host, certificate } = settings.s3;
  if (s3TlsMode(tls, host) === 'off') return undefined;
  return certificate ?? settings.ftp.certificate ?? ownCertificate(settings, storeRoot);
}

/** Finds who signed a request. A key counts as long as its user may log in. */
export class AccessKeyCredentials implements CredentialDirectory {
  constructor(
    private readonly keys: AccessKeys,
    private readonly users: ConfiguredUsers,
    private readonly session: ObjectSession,
  ) {}

  async find(accessKeyId: string): ReturnType<CredentialDirectory['find']> {
    const key = await this.keys.find(accessKeyId);
    if (key === undefined || !this.users.has(key.user)) return undefined;
    return { user: key.user, secretAccessKey: key.secret, session: this.session };
  }
}

/** The access keys in the state directory, with one for the first user if there has never been any. */
export async function prepareAccessKeys(
  settings: Settings,
  storeRoot: string,
  users: ConfiguredUsers,
  log: Log,
): Promise<AccessKeys> {
  await requireOutside(settings.state, storeRoot);
  const keys = new AccessKeys(accessKeysPath(settings));
  if (!(await keys.begun())) {
    const { id, user } = await keys.create(users.first);
    log('info', 'made an access key for S3', { id, user, shownBy: `latchkey access-key show ${id}` });
  } else if (!(await keys.list()).some(({ user }) => users.has(user))) {
    log('warn', 'nobody can use S3, because no access key belongs to a user', {
      madeBy: `latchkey access-key create --user ${users.first}`,
    });
  }
  return keys;
}

export function serveS3(options: S3Options, log: Log): Promise<S3Server> {
  const { settings, tls, credentials, session, owner, throttle } = options;
  const { host, port, region, domains, limits, publicBuckets, keepUploadsMs } = settings;
  return listenAt({ host, port, flag: '--s3-port' }, () =>
    S3Server.listen({
      host,
      port,
      credentials,
      throttle,
      region,
      domains,
      publicBuckets: new Map(
        publicBuckets.map((name): [string, PublicBucket] => [name, { user: owner, session }]),
      ),
      preflight: async () => session,
      sessions: new Map([[owner, session]]),
      ...(keepUploadsMs === undefined ? {} : { keepUploadsMs }),
      ...(tls === undefined ? {} : { tls }),
      limits,
      logger: log,
    }),
  );
}

export function announceS3(server: S3Server, { settings: { region }, tls }: S3Options, log: Log): void {
  const { address, port } = server.address;
  log('info', 'listening for s3', {
    url: urlOf(tls === undefined ? 'http' : 'https', server.address),
    host: address,
    port,
    region,
    ...(tls === undefined
      ? {}
      : { certificate: new X509Certificate(readFileSync(tls.certificateFile)).fingerprint256 }),
  });
}
