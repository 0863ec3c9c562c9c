import type { ObjectAttributes, ObjectEntry, ObjectSession } from '@latchkey/vault';
import type { Body, BodyDigests } from '../body/body.js';
import { isVaultError } from '../errors.js';
import type { Reply } from '../http/reply.js';
import { expirationHeader } from '../lifecycle/operations.js';
import { checksumHeaders, checksumsOf } from '../objects/checksums.js';
import { type Conditions, conditionsAt } from '../objects/conditional.js';
import { writeCondition } from '../objects/conditions.js';
import { etagOf, quoted } from '../objects/etag.js';
import {
  directoryOf,
  hasVersions,
  newPlaceOf,
  noSuchBucket,
  type Place,
  requireBucket,
} from '../objects/keys.js';
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
  // The commit decides; this spares the client from sending a body for nothing.
  const conditions = precondition && (await conditionsAt(session, place, precondition));
  try {
    let stream: AsyncIterable<Uint8Array> = body.stream();
    // Under a customer's key even nothing is content: a directory could not tell whose it is.
    if (place.marker && seal === undefined) {
      const started = await begun(stream);
      if (started === undefined && !(await isVersioned(session, place, attributes)))
        return await storeMarker(session, place, attributes, conditions);
      stream = started ?? nothing();
    }
    return await session.writeObject(place.path, seal?.stream(stream) ?? stream, {
      existing: BUCKET_ONLY,
      attributes,
      ...(conditions === undefined ? {} : { precondition: conditions.file }),
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

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** Whether an object without content has to be a version all the same: to follow others, or because it is locked. */
async function isVersioned(
  session: ObjectSession,
  place: Place,
  { retention, legalHold }: ObjectAttributes,
): Promise<boolean> {
  return retention !== undefined || legalHold !== undefined || hasVersions(session, place);
}

/** Without content an object under a key that ends with a slash is the directory, made to stay. */
async function storeMarker(
  session: ObjectSession,
  place: Place,
  attributes: ObjectAttributes,
  conditions: Conditions | undefined,
): Promise<ObjectEntry> {
  const path = directoryOf(place);
  const entry = await session.makeMarker(path, {
    existing: BUCKET_ONLY,
    attributes,
    ...(conditions === undefined ? {} : { precondition: conditions.directory }),
  });
  // Content that was there before shows until this is done. What has come since has to fit the condition, too.
  const removal = conditions === undefined ? {} : { precondition: conditions.file };
  await session.removeObject(place.path, { existing: path.length, ...removal }).catch((error: unknown) => {
    if (!isVaultError(error, 'not-found', 'not-a-directory')) throw error;
  });
  return entry;
}

/** The same stream when it has content; undefined when it has ended without. */
async function begun(stream: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array> | undefined> {
  const source = stream[Symbol.asyncIterator]();
  for (;;) {
    const first = await source.next();
    if (first.done === true) return undefined;
    if (first.value.length > 0) return following(first.value, source);
  }
}

async function* following(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield first;
    for (let step = await rest.next(); step.done !== true; step = await rest.next()) yield step.value;
  } finally {
    await rest.return?.();
  }
}

function digestsOf(checksum: BodyDigests['checksum']): Map<string, Uint8Array> {
  return new Map(checksum === undefined ? [] : [[checksum.name, new Uint8Array(checksum.value)]]);
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
