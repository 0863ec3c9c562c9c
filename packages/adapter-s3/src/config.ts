import type { CertificateSource, Logger, LoginThrottle } from '@latchkey/server-guard';
import type { ObjectSession } from '@latchkey/vault';

/** What an access key id stands for. */
export interface Credential {
  /** Shown as the owner of everything. */
  readonly user: string;
  /** Signatures are made with it, so it must be kept as it is, not as a hash. */
  readonly secretAccessKey: string;
  readonly session: ObjectSession;
}

/** Who may sign requests. */
export interface CredentialDirectory {
  /** `undefined` for access key ids that nobody has. */
  find(accessKeyId: string): Promise<Credential | undefined>;
}

/** A bucket that everybody may read and list without a signature. */
export interface PublicBucket {
  /** Shown as the owner, to everybody. */
  readonly user: string;
  readonly session: ObjectSession;
}

/** Which buckets are public; `undefined` for all others. Asked for every request without a signature. */
export type PublicBuckets = (bucket: string) => Promise<PublicBucket | undefined>;

export interface S3Limits {
  /** Connections at once. */
  readonly connections: number;
  /** Requests carried out at once; others get `SlowDown`. */
  readonly requests: number;
  /** Requests at once with bodies of 1 MiB and more, or of unknown length; others wait. Bounds the memory that uploads take. */
  readonly largeBodies: number;
  /** Milliseconds that one waits for its turn before it gets `SlowDown`. */
  readonly turnMs: number;
  /** Milliseconds with next to nothing from a client after which another's turn comes beside it. */
  readonly slowMs: number;
  /** Milliseconds for the head of a request. */
  readonly headersMs: number;
  /** Milliseconds without a byte in either direction, within a request and between two. */
  readonly idleMs: number;
  /** Bytes of request line and headers together. */
  readonly headerBytes: number;
  /** Bytes of an XML document in a request. */
  readonly documentBytes: number;
  /** Bytes of one PutObject, UploadPart or form upload; S3 has 5 GiB. */
  readonly uploadBytes: number;
}

export const DEFAULT_LIMITS: S3Limits = {
  connections: 1024,
  requests: 256,
  largeBodies: 8,
  turnMs: 15 * 60_000,
  slowMs: 3000,
  headersMs: 30_000,
  idleMs: 2 * 60_000,
  headerBytes: 32 * 1024,
  documentBytes: 4 * 1024 * 1024,
  uploadBytes: 5 * 1024 * 1024 * 1024,
};

export const KEEP_UPLOADS_MS: number = 7 * 24 * 60 * 60_000;

export interface S3ServerOptions {
  /** Address to listen on. Default `127.0.0.1`. */
  readonly host?: string;
  /** 0, the default, takes a free one. */
  readonly port?: number;
  readonly credentials: CredentialDirectory;
  /** Shared with the servers of the other protocols. Told of wrong signatures only. */
  readonly throttle: Pick<LoginThrottle, 'begin' | 'banned'>;
  /** The region that clients have to sign for. Default `us-east-1`. */
  readonly region?: string;
  /** By name, or asked for. Default: none. */
  readonly publicBuckets?: ReadonlyMap<string, PublicBucket> | PublicBuckets;
  /**
   * In which vault a browser's question about a bucket (a CORS preflight) is answered: it bears no proof of who asks. The
   * answer tells the CORS rules of the bucket, nothing else. Without it, only public buckets and presigned URLs can be used
   * from other origins, and what browsers do without asking.
   */
  readonly preflight?: (bucket: string) => Promise<ObjectSession | undefined>;
  /** Host names whose subdomains are buckets (`BUCKET.s3.example.org`). Path style works under every name. */
  readonly domains?: readonly string[];
  /** Absent: plain HTTP. */
  readonly tls?: CertificateSource;
  readonly logger?: Logger;
  readonly limits?: Partial<S3Limits>;
  /**
   * Milliseconds after which an upload in parts is ended that no part is added to. Default 7 days; `Infinity` keeps them.
   * Looked after in the vaults of {@link sessions} and of users who have sent a request since the start.
   */
  readonly keepUploadsMs?: number;
  /** Sessions of users, by their names, that are known from the start. */
  readonly sessions?: ReadonlyMap<string, ObjectSession>;
  /** The clock that dates of signatures are compared with, in milliseconds since 1970. For tests. */
  readonly now?: () => number;
}
