import { type ObjectSession, type Path, STAGING } from '@latchkey/vault';
import { isVaultError, S3Error } from '../errors.js';

/** Longest key, in bytes of UTF-8, as S3 has it. */
const MAX_KEY_BYTES = 1024;

/** Where an object lies in the vault. */
export interface Place {
  readonly path: Path;
  /** The key ends with a slash: the object is the directory itself. */
  readonly marker: boolean;
}

/**
 * Where the object of a key lies. Undefined for keys that cannot be kept, because a part between slashes is empty, `.` or
 * `..`, or has a NUL: file protocols have no such names. Throws `KeyTooLongError`.
 */
export function placeOf(bucket: string, key: string): Place | undefined {
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) throw new S3Error('KeyTooLongError');
  const marker = key.endsWith('/');
  const names = (marker ? key.slice(0, -1) : key).split('/');
  if (names.some((name) => name === '' || name === '.' || name === '..' || name.includes('\0')))
    return undefined;
  return { path: [bucket, ...names], marker };
}

/** The same for a key that is about to be written. Throws `InvalidArgument` where there is no place. */
export function newPlaceOf(bucket: string, key: string): Place {
  const place = placeOf(bucket, key);
  if (place === undefined)
    throw new S3Error(
      'InvalidArgument',
      "Keys whose parts between slashes are empty, '.' or '..' cannot be kept beside file protocols.",
      { details: { ArgumentName: 'key', ArgumentValue: key } },
    );
  return place;
}

/** Throws `NoSuchBucket` unless there is a top-level directory of that name. */
export async function requireBucket(session: ObjectSession, bucket: string): Promise<void> {
  if (!(await hasBucket(session, bucket))) throw noSuchBucket(bucket);
}

export async function hasBucket(session: ObjectSession, bucket: string): Promise<boolean> {
  if (!mayBeBucket(bucket)) return false;
  try {
    return (await session.stat([bucket])).kind === 'directory';
  } catch (error) {
    if (isVaultError(error, 'not-found', 'invalid-name')) return false;
    throw error;
  }
}

/** Whether a top-level directory of that name can be reached as a bucket. */
export function mayBeBucket(name: string): boolean {
  return name !== STAGING && !['', '.', '..'].includes(name) && !/[/\0]/.test(name);
}

export function noSuchBucket(bucket: string): S3Error {
  return new S3Error('NoSuchBucket', undefined, { details: { BucketName: bucket } });
}

export function noSuchKey(key: string): S3Error {
  return new S3Error('NoSuchKey', undefined, { details: { Key: key } });
}

/** What a missing object is told as: `NoSuchBucket` if the bucket is missing, too. */
export async function missing(session: ObjectSession, bucket: string, key: string): Promise<S3Error> {
  return (await hasBucket(session, bucket)) ? noSuchKey(key) : noSuchBucket(bucket);
}
