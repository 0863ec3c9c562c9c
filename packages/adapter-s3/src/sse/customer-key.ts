import { createHash } from 'node:crypto';
import { S3Error } from '../errors.js';
import type { Headers } from '../http/headers.js';

/** Bytes of a customer's key: the one algorithm that S3 has is AES256. */
const KEY_BYTES = 32;
const HEADER = 'server-side-encryption-customer-';

/** A key that a request carries (S3 user guide, "Using server-side encryption with customer-provided keys"). */
export interface CustomerKey {
  readonly key: Buffer;
  /** Its MD5 in base64, which answers repeat. */
  readonly md5: string;
}

/** What of a request says whether it may carry a key, and which. */
export interface KeyedRequest {
  readonly headers: Headers;
  /** Nobody on the way could read it: TLS, or a client on this machine. */
  readonly secure: boolean;
}

/**
 * The key for the object that a request is about, or with `copy-source` for the source of a copy. Undefined: none. Throws
 * `InvalidRequest` when others could have read it, `InvalidEncryptionAlgorithmError`, and `InvalidArgument` for a key that is
 * missing, malformed or not the one of its MD5.
 */
export function customerKeyOf(
  { headers, secure }: KeyedRequest,
  of: 'object' | 'copy-source' = 'object',
): CustomerKey | undefined {
  const prefix = of === 'object' ? `x-amz-${HEADER}` : `x-amz-copy-source-${HEADER}`;
  const [algorithm, text, md5] = ['algorithm', 'key', 'key-md5'].map((name) => headers.get(prefix + name));
  if (algorithm === undefined && text === undefined && md5 === undefined) return undefined;
  if (!secure)
    throw new S3Error(
      'InvalidRequest',
      'Requests specifying Server Side Encryption with Customer provided keys must be made over a secure connection.',
    );
  if (of === 'object' && headers.has('x-amz-server-side-encryption'))
    throw new S3Error('InvalidArgument', 'Server Side Encryption with Customer provided keys stands alone.');
  if (algorithm === undefined) throw argument('must provide a valid encryption algorithm');
  if (algorithm !== 'AES256') throw new S3Error('InvalidEncryptionAlgorithmError');
  if (text === undefined) throw argument('must provide an appropriate secret key');
  if (md5 === undefined) throw argument('must provide the client calculated MD5 of the secret key');
  const key = Buffer.from(text, 'base64');
  if (key.length !== KEY_BYTES || key.toString('base64') !== text)
    throw new S3Error('InvalidArgument', 'The secret key was invalid for the specified algorithm.');
  if (createHash('md5').update(key).digest('base64') !== md5)
    throw new S3Error(
      'InvalidArgument',
      'The calculated MD5 hash of the key did not match the hash that was provided.',
    );
  return { key, md5 };
}

/** The headers by which an answer says that a key was used. */
export function customerKeyHeaders(key: CustomerKey | undefined): Record<string, string> {
  if (key === undefined) return {};
  return { [`x-amz-${HEADER}algorithm`]: 'AES256', [`x-amz-${HEADER}key-MD5`]: key.md5 };
}

function argument(missing: string): S3Error {
  return new S3Error(
    'InvalidArgument',
    `Requests specifying Server Side Encryption with Customer provided keys ${missing}.`,
  );
}
