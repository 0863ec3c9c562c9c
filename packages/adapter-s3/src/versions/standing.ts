import { NULL_VERSION_ID } from '@latchkey/vault';
import { isVaultError, S3Error } from '../errors.js';
import {
  directoryOf,
  nullDirectoryAt,
  placeOf,
  requireBucket,
  requireObject,
  type Standing,
} from '../objects/keys.js';
import { bucketOf, type Call, keyOf } from '../operations/operation.js';
import { markerHeaders, noSuchVersion, refuseMarker, versionIdOf } from './version-id.js';

/** What a request is about: the version that it names, or else what stands under its key. */
export interface Asked extends Standing {
  readonly version?: string;
}

/** Throws `NoSuchBucket`, `NoSuchKey`, `NoSuchVersion`, and `MethodNotAllowed` for a delete marker. */
export async function requireAsked(call: Call): Promise<Asked> {
  const [bucket, key] = [bucketOf(call), keyOf(call)];
  const { session } = call;
  const version = versionIdOf(call.query);
  if (version === undefined)
    return requireObject(session, bucket, key).catch(async (error: unknown) => {
      throw await markedMissing(call, error);
    });
  await requireBucket(session, bucket);
  const place = placeOf(bucket, key);
  if (place === undefined) throw noSuchVersion(key, version);
  try {
    const entry = await session.versions.stat(place.path, version);
    if (entry.marker) throw refuseMarker(version);
    return { entry, path: place.path, kind: 'file', version };
  } catch (error) {
    if (!isVaultError(error, 'not-found', 'not-a-directory', 'invalid-name')) throw error;
  }
  const entry = version === NULL_VERSION_ID ? await nullDirectoryAt(session, place) : undefined;
  if (entry === undefined) throw noSuchVersion(key, version);
  return { entry, path: directoryOf(place), kind: 'directory' };
}

/** What is not there because its newest version is a marker is told with that marker. */
async function markedMissing(call: Call, error: unknown): Promise<unknown> {
  if (!(error instanceof S3Error) || error.code !== 'NoSuchKey') return error;
  const place = placeOf(bucketOf(call), keyOf(call));
  if (place === undefined) return error;
  const { code, message, details } = error;
  return new S3Error(code, message, { details, headers: await markerHeaders(call.session, place.path) });
}
