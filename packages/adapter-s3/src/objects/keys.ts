import { type ObjectEntry, type ObjectSession, type Path, STAGING, type VersionEntry } from '@latchkey/vault';
import { isVaultError, S3Error } from '../errors.js';

/** Longest key, in bytes of UTF-8, as S3 has it. */
const MAX_KEY_BYTES = 1024;
/** Directories are made one in another; a vault has paths of up to 512 names. */
const MAX_PARTS = 500;

/** Where an object lies in the vault. */
export interface Place {
  /** A name for each part between slashes, empty ones too: of `a//b` the file `b` in '' in `a`, of `x/` '' in `x`. */
  readonly path: Path;
  /** The key ends with a slash: without content the object is the directory itself ({@link directoryOf}). */
  readonly marker: boolean;
}

/** The directory that a key which ends with a slash names. */
export function directoryOf({ path }: Place): Path {
  return path.slice(0, -1);
}

/**
 * Where the object of a key lies. Undefined for keys that cannot be kept, because a part between slashes is `.` or `..` or
 * has a NUL, which paths of file protocols cannot have, or because there are too many, and where there can be no bucket.
 * Throws `KeyTooLongError`.
 */
export function placeOf(bucket: string, key: string): Place | undefined {
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) throw new S3Error('KeyTooLongError');
  const names = key.split('/');
  if (
    !mayBeBucket(bucket) ||
    names.length > MAX_PARTS ||
    names.some((name) => name === '.' || name === '..' || name.includes('\0'))
  )
    return undefined;
  return { path: [bucket, ...names], marker: key.endsWith('/') };
}

/** The same for a key that is about to be written. Throws `InvalidArgument` where there is no place. */
export function newPlaceOf(bucket: string, key: string): Place {
  const place = placeOf(bucket, key);
  if (!mayBeBucket(bucket)) throw noSuchBucket(bucket);
  if (place === undefined)
    throw new S3Error(
      'InvalidArgument',
      "Keys with a part between slashes that is '.' or '..', with a NUL or with over 500 parts cannot be kept.",
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

/**
 * What stands under a key: its file or, when the key ends with a slash, a directory that was made to stay. Throws
 * `NoSuchKey` and `NoSuchBucket`.
 */
export async function requireObject(session: ObjectSession, bucket: string, key: string): Promise<Standing> {
  const place = placeOf(bucket, key);
  if (place !== undefined) {
    const file = await fileAt(session, place);
    if (file !== undefined) return { entry: file, path: place.path, kind: 'file' };
    const entry = await directoryAt(session, place);
    if (entry !== undefined) return { entry, path: directoryOf(place), kind: 'directory' };
  }
  throw await missing(session, bucket, key);
}

/**
 * The directory made to stay that is the object of a key ending with a slash, when there is no content under it. Where versions
 * are kept there must not have been any, either: whatever they say, it comes after them.
 */
export async function directoryAt(session: ObjectSession, place: Place): Promise<ObjectEntry | undefined> {
  const entry = await nullDirectoryAt(session, place);
  return entry === undefined || (await hasVersions(session, place)) ? undefined : entry;
}

/** The directory made to stay, as the version `null` of its key. It is that unless there is content which is called so. */
export async function nullDirectoryAt(
  session: ObjectSession,
  place: Place,
): Promise<ObjectEntry | undefined> {
  if (!place.marker) return undefined;
  const entry = await entryAt(session, directoryOf(place), 'directory');
  return entry?.explicit === true ? entry : undefined;
}

/** Whether a bucket that keeps versions has any of a key, be it a marker; with `id` that one. */
export async function hasVersions(session: ObjectSession, { path }: Place, id?: string): Promise<boolean> {
  return (await versionAt(session, path, id)) !== undefined;
}

/** The newest version, or that one, where a bucket keeps versions. */
export async function versionAt(
  session: ObjectSession,
  path: Path,
  id?: string,
): Promise<VersionEntry | undefined> {
  if ((await session.versions.keeping(path[0] as string)) === undefined) return undefined;
  try {
    return await session.versions.stat(path, id);
  } catch (error) {
    if (isVaultError(error, 'not-found', 'not-a-directory')) return undefined;
    throw error;
  }
}

export interface Standing {
  readonly entry: ObjectEntry;
  readonly path: Path;
  readonly kind: 'file' | 'directory';
}

/** The file under a key. */
export function fileAt(session: ObjectSession, { path }: Place): Promise<ObjectEntry | undefined> {
  return entryAt(session, path, 'file').then((entry) => (entry?.kind === 'file' ? entry : undefined));
}

async function entryAt(
  session: ObjectSession,
  path: Path,
  first: Standing['kind'],
): Promise<ObjectEntry | undefined> {
  try {
    return await session.statObject(path, first);
  } catch (error) {
    if (isVaultError(error, 'not-found', 'not-a-directory', 'invalid-name')) return undefined;
    throw error;
  }
}

export function noSuchKey(key: string): S3Error {
  return new S3Error('NoSuchKey', undefined, { details: { Key: key } });
}

/** What a missing object is told as: `NoSuchBucket` if the bucket is missing, too. */
export async function missing(session: ObjectSession, bucket: string, key: string): Promise<S3Error> {
  return (await hasBucket(session, bucket)) ? noSuchKey(key) : noSuchBucket(bucket);
}
