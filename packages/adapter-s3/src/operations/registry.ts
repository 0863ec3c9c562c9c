import { S3Error } from '../errors.js';
import type { Headers } from '../http/headers.js';
import type { Query } from '../http/url.js';
import { LIFECYCLE_OPERATIONS } from '../lifecycle/operations.js';
import { ownerId } from '../objects/owner.js';
import { VERSION_LISTING_OPERATIONS } from '../versions/list.js';
import { LOCK_OPERATIONS } from '../versions/lock-operations.js';
import { VERSIONING_OPERATIONS } from '../versions/versioning.js';
import { ACCESS_OPERATIONS } from './access.js';
import { ATTRIBUTE_OPERATIONS } from './attributes.js';
import { BUCKET_OPERATIONS } from './buckets.js';
import { COPY_OPERATIONS } from './copy.js';
import { CORS_OPERATIONS } from './cors.js';
import { DELETE_OPERATIONS } from './delete.js';
import { LISTING_OPERATIONS } from './listings.js';
import { MULTIPART_OPERATIONS } from './multipart.js';
import { NOT_CONFIGURED_OPERATIONS } from './not-configured.js';
import type { Call, Operation } from './operation.js';
import { READ_OPERATIONS } from './read.js';
import { TAGGING_OPERATIONS } from './tagging.js';
import { isUnsupportedHeader, SELECTING_PARAMETERS } from './unsupported.js';
import { UPLOAD_OPERATIONS } from './uploads.js';
import { WRITE_OPERATIONS } from './write.js';

/** Every operation that is implemented. docs/s3.md has the same table; a test compares. */
export const OPERATIONS: readonly Operation[] = [
  ...BUCKET_OPERATIONS,
  ...LISTING_OPERATIONS,
  ...READ_OPERATIONS,
  ...WRITE_OPERATIONS,
  ...COPY_OPERATIONS,
  ...DELETE_OPERATIONS,
  ...MULTIPART_OPERATIONS,
  ...UPLOAD_OPERATIONS,
  ...ATTRIBUTE_OPERATIONS,
  ...TAGGING_OPERATIONS,
  ...ACCESS_OPERATIONS,
  ...CORS_OPERATIONS,
  ...NOT_CONFIGURED_OPERATIONS,
  ...VERSIONING_OPERATIONS,
  ...VERSION_LISTING_OPERATIONS,
  ...LOCK_OPERATIONS,
  ...LIFECYCLE_OPERATIONS,
];

const weight = (one: Operation): number => (one.query?.length ?? 0) + (one.header === undefined ? 0 : 1);

/** Those of one method and scope, the ones that ask for most first. */
const BY_METHOD: ReadonlyMap<string, readonly Operation[]> = new Map(
  OPERATIONS.map(({ method, scope }) => [
    `${method} ${scope}`,
    OPERATIONS.filter((one) => one.method === method && one.scope === scope).sort(
      (a, b) => weight(b) - weight(a),
    ),
  ]),
);

/** The operation that a request asks for. Throws `NotImplemented` and `MethodNotAllowed`. */
export function findOperation(call: Pick<Call, 'method' | 'address' | 'query' | 'headers'>): Operation {
  const { method, address, query, headers } = call;
  const scope = address.bucket === undefined ? 'service' : address.key === undefined ? 'bucket' : 'object';
  const operation = BY_METHOD.get(`${method} ${scope}`)?.find(
    (one) =>
      (one.query ?? []).every((name) => query.has(name)) &&
      (one.header === undefined || headers.has(one.header)),
  );
  const taken = new Set([...(operation?.query ?? []), ...(operation?.parameters ?? [])]);
  const other = [...query.names()].find((name) => SELECTING_PARAMETERS.has(name) && !taken.has(name));
  if (other !== undefined)
    throw new S3Error('NotImplemented', `${method} with the parameter ${other} is not implemented.`);
  if (operation === undefined) throw new S3Error('MethodNotAllowed');
  return operation;
}

/** The same for a request without a proof. Throws `AccessDenied` for whatever not everybody may do. */
export function findAnonymousOperation(call: Parameters<typeof findOperation>[0]): Operation {
  try {
    const operation = findOperation(call);
    if (operation.anonymous === true) return operation;
  } catch (error) {
    if (!(error instanceof S3Error)) throw error;
  }
  throw new S3Error('AccessDenied', 'Requests have to be signed.');
}

/** Throws for headers that ask for what is not implemented, and for a bucket owner who is somebody else. */
export function checkServiceHeaders(headers: Headers, query: Query, user: string): void {
  for (const name of headers.names()) {
    const value = headers.get(name) ?? '';
    if (/^x-amz-(source-)?expected-bucket-owner$/.test(name)) {
      if (value !== ownerId(user)) throw new S3Error('AccessDenied');
    } else if (isUnsupportedHeader(name, value)) {
      if (name === 'x-amz-storage-class') throw new S3Error('InvalidStorageClass');
      const hint = name === 'x-amz-acl' ? ' Buckets are made public by the configuration of the server.' : '';
      throw new S3Error('NotImplemented', `The header ${name} is not implemented.${hint}`, {
        details: { Header: name },
      });
    }
  }
  if (query.has('X-Amz-Security-Token')) throw new S3Error('NotImplemented', 'There are no session tokens.');
}
