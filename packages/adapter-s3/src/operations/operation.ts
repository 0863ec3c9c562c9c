import type { Logger } from '@latchkey/server-guard';
import type { ObjectSession } from '@latchkey/vault';
import type { Identity } from '../auth/authenticate.js';
import type { Body, BodyOptions } from '../body/body.js';
import type { PublicBuckets, S3Limits } from '../config.js';
import { S3Error } from '../errors.js';
import type { Address } from '../http/address.js';
import type { Headers } from '../http/headers.js';
import type { Reply } from '../http/reply.js';
import type { Query } from '../http/url.js';
import type { UploadWatch } from '../objects/upload-watch.js';

/** What all requests of a server share. */
export interface ServerContext {
  readonly region: string;
  readonly limits: S3Limits;
  readonly log: Logger;
  readonly uploads: UploadWatch;
  readonly publicBuckets: PublicBuckets;
}

/** One request whose sender is known. */
export interface Call {
  readonly server: ServerContext;
  readonly method: string;
  readonly address: Address;
  readonly query: Query;
  readonly headers: Headers;
  readonly identity: Identity;
  readonly session: ObjectSession;
  /** TLS, or a client on this machine: nobody on the way could read the request. */
  readonly secure: boolean;
  /** The body, at most `most` bytes of content. The client is told to go on if it waits for that. */
  body(most: number, options?: Pick<BodyOptions, 'compute' | 'ignoreChecksum'>): Body;
}

/** One operation of S3, by the request that asks for it. */
export interface Operation {
  /** As the S3 API reference has it. */
  readonly name: string;
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  readonly scope: 'service' | 'bucket' | 'object';
  /** Parameters that must be there, by which it is told from others; those of {@link parameters} may be. */
  readonly query?: readonly string[];
  /** Parameters of the kind that selects operations which this one takes, too. */
  readonly parameters?: readonly string[];
  /** A header that must be there. */
  readonly header?: string;
  /** Everybody may do it with public buckets. */
  readonly anonymous?: boolean;
  /** The body has to come with `Content-MD5` or a checksum, whatever is signed of it. */
  readonly digest?: boolean;
  readonly run: (call: Call) => Promise<Reply>;
}

/** The bucket of a request that has one. */
export function bucketOf({ address }: Call): string {
  if (address.bucket === undefined) throw new S3Error('InvalidBucketName');
  return address.bucket;
}

export function keyOf({ address }: Call): string {
  if (address.key === undefined) throw new S3Error('InvalidArgument', 'The key is missing.');
  return address.key;
}
