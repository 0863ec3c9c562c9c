import {
  NULL_VERSION_ID,
  type ObjectEntry,
  type ObjectReader,
  type ObjectSession,
  type Path,
} from '@latchkey/vault';
import { isVaultError, S3Error } from '../errors.js';
import type { Query } from '../http/url.js';

const FORM = /^[0-7][0-9a-v]{10}$/;

/** The version that a request is about; undefined for the current one. Throws `InvalidArgument` for what is no version id. */
export function versionIdOf(query: Query): string | undefined {
  const id = query.get('versionId');
  return id === undefined ? undefined : checkVersionId(id);
}

export function checkVersionId(id: string): string {
  if (id === '') throw new S3Error('InvalidArgument', 'Version id cannot be the empty string');
  if (id !== NULL_VERSION_ID && !FORM.test(id))
    throw new S3Error('InvalidArgument', 'Invalid version id specified', {
      details: { ArgumentName: 'versionId', ArgumentValue: id },
    });
  return id;
}

export function noSuchVersion(key: string, versionId: string): S3Error {
  return new S3Error('NoSuchVersion', undefined, { details: { Key: key, VersionId: versionId } });
}

/** How an answer names the version that it is about: not at all in a bucket that has never kept any. */
export async function versionHeader(
  session: ObjectSession,
  bucket: string,
  entry: ObjectEntry,
  name = 'x-amz-version-id',
): Promise<Record<string, string>> {
  const id = await versionName(session, bucket, entry);
  return id === undefined ? {} : { [name]: id };
}

async function versionName(
  session: ObjectSession,
  bucket: string,
  entry: ObjectEntry,
): Promise<string | undefined> {
  if (entry.versionId !== undefined) return entry.versionId;
  return (await session.versions.keeping(bucket)) === undefined ? undefined : NULL_VERSION_ID;
}

/** Opens a version, or the current one. Throws what the vault throws, and for a marker `MethodNotAllowed`. */
export async function openVersion(
  session: ObjectSession,
  path: Path,
  key: string,
  id: string | undefined,
): Promise<ObjectReader> {
  if (id === undefined) return session.openObject(path);
  try {
    return await session.versions.open(path, id);
  } catch (error) {
    if (isVaultError(error, 'not-found', 'not-a-directory')) throw noSuchVersion(key, id);
    if (!isVaultError(error, 'invalid-argument')) throw error;
    throw refuseMarker(id);
  }
}

/** A delete marker can only be deleted. */
export function refuseMarker(id: string): S3Error {
  return new S3Error('MethodNotAllowed', undefined, {
    headers: { 'x-amz-delete-marker': 'true', 'x-amz-version-id': id, Allow: 'DELETE' },
  });
}

/** The headers of an answer that an object is not there because its newest version is a marker. */
export async function markerHeaders(session: ObjectSession, path: Path): Promise<Record<string, string>> {
  try {
    const { marker, versionId } = await session.versions.stat(path);
    return marker ? { 'x-amz-delete-marker': 'true', 'x-amz-version-id': versionId } : {};
  } catch {
    return {};
  }
}
