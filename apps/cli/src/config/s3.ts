import { Failure } from '../failure.js';
import { parsePort } from './ports.js';
import type { ConfigurationFile } from './schema.js';
import { S3_TLS_MODES } from './tls-modes.js';

export type S3Tls = (typeof S3_TLS_MODES)[number];

export interface S3Settings {
  readonly enabled: boolean;
  readonly host: string;
  readonly port: number;
  /** Undefined: {@link s3TlsMode} decides by the address. */
  readonly tls: S3Tls | undefined;
  /** PEM files. Undefined: those of FTP, or the self-signed certificate in the state directory. */
  readonly certificate: { readonly certificateFile: string; readonly keyFile: string } | undefined;
  readonly region: string;
  /** Names whose subdomains are buckets. */
  readonly domains: readonly string[];
  /** Names of buckets that everybody may read. */
  readonly publicBuckets: readonly string[];
  /** Milliseconds after which an upload in parts that nobody goes on with is ended. */
  readonly keepUploadsMs: number | undefined;
  /** Milliseconds between two runs of the buckets' lifecycles. */
  readonly lifecyclesEveryMs: number;
  /** What the adapter's own limits are replaced with. Bytes, counts, and milliseconds. */
  readonly limits: {
    readonly connections?: number;
    readonly requests?: number;
    readonly largeBodies?: number;
    readonly slowMs?: number;
    readonly uploadBytes?: number;
  };
}

export const DEFAULT_S3_PORT = 8333;
/** S3 looks once a day. */
const DAY = 24 * 60 * 60_000;
const DEFAULT_REGION = 'us-east-1';

/** What the file and the environment say of S3. `sftpHost`: where to listen unless told otherwise. */
export function s3Settings(
  file: ConfigurationFile['s3'],
  env: NodeJS.ProcessEnv,
  sftpHost: string,
): S3Settings {
  const port = env.LATCHKEY_S3_PORT || undefined;
  const tls = env.LATCHKEY_S3_TLS || undefined;
  const mode = tls === undefined ? undefined : S3_TLS_MODES.find((known) => known === tls);
  if (tls !== undefined && mode === undefined)
    throw new Failure('usage', `LATCHKEY_S3_TLS must be ${S3_TLS_MODES.join(' or ')}`);
  const { certificate, key, connections, requests, upload } = file ?? {};
  const { 'large-bodies': largeBodies, 'slow-after': slowMs } = file ?? {};
  return {
    enabled: file?.enabled ?? true,
    host: env.LATCHKEY_S3_HOST || file?.host || sftpHost,
    port: port === undefined ? (file?.port ?? DEFAULT_S3_PORT) : parsePort(port, 'LATCHKEY_S3_PORT'),
    tls: mode ?? file?.tls,
    certificate:
      certificate === undefined || key === undefined
        ? undefined
        : { certificateFile: certificate, keyFile: key },
    region: env.LATCHKEY_S3_REGION || file?.region || DEFAULT_REGION,
    domains: file?.domains ?? [],
    publicBuckets: file?.['public-buckets'] ?? [],
    keepUploadsMs: file?.['keep-uploads'],
    lifecyclesEveryMs: file?.['lifecycles-every'] ?? DAY,
    limits: {
      ...(connections === undefined ? {} : { connections }),
      ...(requests === undefined ? {} : { requests }),
      ...(largeBodies === undefined ? {} : { largeBodies }),
      ...(slowMs === undefined ? {} : { slowMs }),
      ...(upload === undefined ? {} : { uploadBytes: upload }),
    },
  };
}

/**
 * What is served without a word about TLS: plain HTTP to this computer, TLS to all others. Signatures protect the
 * secret and, of most clients, the content against change, but nothing keeps a network from reading it.
 */
export function s3TlsMode(tls: S3Tls | undefined, host: string): S3Tls {
  return tls ?? (isLoopback(host) ? 'off' : 'require');
}

/** Whether this address reaches this computer only. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
