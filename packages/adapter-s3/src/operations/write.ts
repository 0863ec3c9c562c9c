import type { ObjectEntry } from '@latchkey/vault';
import type { Body, BodyDigests } from '../body/body.js';
import { isVaultError, S3Error } from '../errors.js';
import type { Reply } from '../http/reply.js';
import { expirationHeader } from '../lifecycle/operations.js';
import { checksumHeaders, checksumsOf } from '../objects/checksums.js';
import { writeCondition } from '../objects/conditions.js';
import { etagOf, quoted } from '../objects/etag.js';
import { newPlaceOf, noSuchBucket, type Place, requireBucket } from '../objects/keys.js';
import { type Description, descriptionOf } from '../objects/metadata.js';
import { customerKeyHeaders, customerKeyOf } from '../sse/customer-key.js';
import { sealing } from '../sse/seal.js';
import { checkLock } from '../versions/locks.js';
import { versionHeader } from '../versions/version-id.js';
import { bucketOf, type Call, keyOf, type Operation } from './operation.js';

/** Names of a path that a write never makes: the bucket. */
export const BUCKET_ONLY = 1;

async function putObject(call: Call): Promise<Reply> {
  const bucket = bucketOf(call);
  const place = newPlaceOf(bucket, keyOf(call));
  const description = descriptionOf(call.headers);
  const body = call.body(call.server.limits.uploadBytes);
  const entry = await storeObject(call, place, description, body);
  const version = await versionHeader(call.session, bucket, entry);
  const expiration = await expirationHeader(call, entry);
  return { status: 200, headers: { ...writtenHeaders(call, entry), ...version, ...expiration } };
}

/** Stores a body under a key. Everything that can be refused before the body is read is. */
export async function storeObject(
  call: Call,
  place: Place,
  { contentType, attributes }: Description,
  body: Body,
): Promise<ObjectEntry> {
  const { session, headers } = call;
  const bucket = place.path[0] as string;
  const precondition = writeCondition(headers);
  const key = customerKeyOf(call);
  const seal = key === undefined ? undefined : sealing(key);
  await requireBucket(session, bucket);
  await checkLock(session, bucket, attributes);
  if (precondition !== undefined) precondition(place.marker ? undefined : await standing(call, place));
  try {
    if (place.marker) {
      if (precondition !== undefined)
        throw new S3Error('NotImplemented', 'Keys that end with a slash know no conditions.');
      if (seal !== undefined)
        throw new S3Error('NotImplemented', 'Keys that end with a slash have no content to encrypt.');
      for await (const bytes of body.stream())
        if (bytes.length > 0)
          throw new S3Error(
            'NotImplemented',
            'Keys that end with a slash are directories and have no content.',
          );
      return await session.makeMarker(place.path, { existing: BUCKET_ONLY, attributes });
    }
    return await session.writeObject(place.path, seal?.stream(body.stream()) ?? body.stream(), {
      existing: BUCKET_ONLY,
      attributes,
      ...(precondition === undefined ? {} : { precondition }),
      describe: () => {
        const { md5, checksum } = body.digests;
        const digests = digestsOf(checksum);
        if (seal !== undefined) digests.set(...seal.digest);
        return { contentType, etag: seal?.etag ?? md5.toString('hex'), digests };
      },
    });
  } catch (error) {
    if (isVaultError(error, 'not-found')) throw noSuchBucket(bucket);
    throw error;
  }
}

function digestsOf(checksum: BodyDigests['checksum']): Map<string, Uint8Array> {
  return new Map(checksum === undefined ? [] : [[checksum.name, new Uint8Array(checksum.value)]]);
}

/** What a write would replace. The commit decides; this spares the client from sending a body for nothing. */
async function standing({ session }: Call, { path }: Place): Promise<ObjectEntry | undefined> {
  try {
    const entry = await session.statObject(path);
    return entry.kind === 'file' ? entry : undefined;
  } catch (error) {
    if (isVaultError(error, 'not-found', 'not-a-directory')) return undefined;
    throw error;
  }
}

export function writtenHeaders(call: Call, entry: ObjectEntry): Record<string, string | undefined> {
  return {
    ETag: quoted(etagOf(entry)),
    ...checksumHeaders(checksumsOf(entry)),
    ...customerKeyHeaders(customerKeyOf(call)),
    'x-amz-server-side-encryption': call.headers.get('x-amz-server-side-encryption'),
  };
}

export const WRITE_OPERATIONS: readonly Operation[] = [
  { name: 'PutObject', method: 'PUT', scope: 'object', run: putObject },
];
