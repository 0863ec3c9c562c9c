import type { ObjectSession, Path, Precondition } from '@latchkey/vault';
import { failureOf, isVaultError, S3Error } from '../errors.js';
import { type Reply, xmlReply } from '../http/reply.js';
import { writeCondition } from '../objects/conditions.js';
import { etagOf, unquoted } from '../objects/etag.js';
import { directoryOf, missing, placeOf, requireBucket } from '../objects/keys.js';
import { parseXml, type XmlElement } from '../xml/parse.js';
import { element, type Markup, result } from '../xml/write.js';
import { bucketOf, type Call, keyOf, type Operation } from './operation.js';
import { BUCKET_ONLY } from './write.js';

const MAX_KEYS = 1000;
/** Keys of one request that are removed together; the vault makes few commits of them. */
const TOGETHER = 64;

/** Removes an object. What is not there is removed already, unless a condition says that it should be. */
async function remove(call: Call, bucket: string, key: string, precondition?: Precondition): Promise<void> {
  const place = placeOf(bucket, key);
  if (place === undefined) return;
  const { session } = call;
  try {
    // Content shows before the directory does: it goes last.
    if (place.marker) await removeMarker(session, directoryOf(place), precondition);
    await session.removeObject(place.path, {
      existing: BUCKET_ONLY,
      ...(precondition === undefined ? {} : { precondition }),
    });
  } catch (error) {
    if (!isVaultError(error, 'not-found', 'not-a-directory', 'is-a-directory')) throw error;
    if (precondition !== undefined) throw await missing(session, bucket, key);
  }
}

async function removeMarker(
  session: ObjectSession,
  path: Path,
  precondition: Precondition | undefined,
): Promise<void> {
  const { explicit, kind } = await session.statObject(path);
  if (kind !== 'directory' || !explicit) return;
  if (precondition !== undefined)
    throw new S3Error('NotImplemented', 'Keys that end with a slash know no conditions.');
  await session.removeMarker(path, { existing: BUCKET_ONLY });
}

async function deleteObject(call: Call): Promise<Reply> {
  const bucket = bucketOf(call);
  await requireBucket(call.session, bucket);
  await remove(call, bucket, keyOf(call), writeCondition(call.headers));
  return { status: 204 };
}

async function deleteObjects(call: Call): Promise<Reply> {
  const bucket = bucketOf(call);
  const root = parseXml(await call.body(call.server.limits.documentBytes).text(), 'Delete');
  const quiet = root.value('Quiet')?.trim() === 'true';
  const objects = root.all('Object');
  if (objects.length === 0 || objects.length > MAX_KEYS) throw new S3Error('MalformedXML');
  await requireBucket(call.session, bucket);
  const outcomes: Markup[] = [];
  for (let at = 0; at < objects.length; at += TOGETHER) {
    const group = objects.slice(at, at + TOGETHER);
    outcomes.push(...(await Promise.all(group.map((one) => removeOne(call, bucket, one, quiet)))).flat());
  }
  return xmlReply(result('DeleteResult', outcomes));
}

async function removeOne(call: Call, bucket: string, object: XmlElement, quiet: boolean): Promise<Markup[]> {
  const key = object.value('Key') ?? '';
  try {
    if (key === '') throw new S3Error('MalformedXML');
    for (const { name } of object.children)
      if (name !== 'Key' && name !== 'ETag')
        throw new S3Error('NotImplemented', `The element ${name} is not implemented.`);
    const etag = object.value('ETag');
    await remove(call, bucket, key, etag === undefined ? undefined : ifMatch(etag));
    return quiet ? [] : [element('Deleted', [element('Key', key)])];
  } catch (error) {
    const { answer, unexpected } = failureOf(error);
    if (unexpected) call.server.log('error', 'an object could not be deleted', { error });
    return [
      element('Error', [
        element('Key', key),
        element('Code', answer.code),
        element('Message', answer.message),
      ]),
    ];
  }
}

function ifMatch(etag: string): Precondition {
  return (current) => {
    if (current !== undefined && etag !== '*' && etagOf(current) !== unquoted(etag))
      throw new S3Error('PreconditionFailed');
  };
}

export const DELETE_OPERATIONS: readonly Operation[] = [
  { name: 'DeleteObject', method: 'DELETE', scope: 'object', run: deleteObject },
  { name: 'DeleteObjects', method: 'POST', scope: 'bucket', query: ['delete'], run: deleteObjects },
];
