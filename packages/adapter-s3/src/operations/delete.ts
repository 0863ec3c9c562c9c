import { NULL_VERSION_ID, type ObjectSession, type Path, type Precondition } from '@latchkey/vault';
import { failureOf, isVaultError, S3Error } from '../errors.js';
import { type Reply, xmlReply } from '../http/reply.js';
import { conditionsAt } from '../objects/conditional.js';
import { writeCondition } from '../objects/conditions.js';
import { etagOf, unquoted } from '../objects/etag.js';
import { directoryOf, hasVersions, missing, type Place, placeOf, requireBucket } from '../objects/keys.js';
import { overridesGovernance } from '../versions/locks.js';
import { checkVersionId, versionIdOf } from '../versions/version-id.js';
import { parseXml, type XmlElement } from '../xml/parse.js';
import { element, type Markup, result } from '../xml/write.js';
import { bucketOf, type Call, keyOf, type Operation } from './operation.js';
import { BUCKET_ONLY } from './write.js';

const MAX_KEYS = 1000;
/** Keys of one request that are removed together; the vault makes few commits of them. */
const TOGETHER = 64;

/** What a removal has done to versions. */
interface Removed {
  /** The version that was destroyed, or the marker that was put in the object's place. */
  readonly version?: string;
  /** It is a marker. */
  readonly marker?: boolean;
}

/** Removes an object, or one version of it for good. What is not there is removed already, unless a condition says that it should be. */
async function remove(
  call: Call,
  bucket: string,
  key: string,
  { precondition, version }: { readonly precondition?: Precondition; readonly version?: string },
): Promise<Removed> {
  const place = placeOf(bucket, key);
  const gone = version === undefined ? {} : { version };
  if (place === undefined) return gone;
  const { session } = call;
  try {
    if (version !== undefined) return await removeVersion(call, place, version, precondition);
    const conditions = precondition && (await conditionsAt(session, place, precondition));
    if (place.marker && !(await staysBehind(session, place))) {
      // Content shows before the directory does: it goes last.
      await removeMarker(session, directoryOf(place), conditions?.directory);
      if (conditions !== undefined && conditions.now.file === undefined) return gone;
    }
    const { marker } = await session.removeObject(place.path, {
      existing: BUCKET_ONLY,
      ...(conditions === undefined ? {} : { precondition: conditions.file }),
    });
    return marker === undefined ? {} : { version: marker, marker: true };
  } catch (error) {
    if (!isVaultError(error, 'not-found', 'not-a-directory', 'is-a-directory')) throw error;
    if (precondition !== undefined) throw await missing(session, bucket, key);
  }
  return gone;
}

/** Whether a directory is a version, older than all content, that is kept behind a marker. */
async function staysBehind(session: ObjectSession, place: Place): Promise<boolean> {
  const keeping = await session.versions.keeping(place.path[0] as string);
  return keeping?.versions === 'all' && (await hasVersions(session, place));
}

/** A directory that was made to stay is the null version of its key, when no content is. If some is, it has replaced the directory. */
async function removeVersion(
  { session, headers }: Call,
  place: Place,
  version: string,
  precondition: Precondition | undefined,
): Promise<Removed> {
  const aboutDirectory = place.marker && version === NULL_VERSION_ID;
  try {
    const { marker } = await session.versions.remove(place.path, version, {
      existing: BUCKET_ONLY,
      overrideGovernance: overridesGovernance(headers),
      ...(precondition === undefined ? {} : { precondition }),
    });
    if (aboutDirectory)
      await removeMarker(session, directoryOf(place), undefined).catch((error: unknown) => {
        // It has gone with what was in it.
        if (!isVaultError(error, 'not-found', 'not-a-directory')) throw error;
      });
    return { version, marker };
  } catch (error) {
    if (!aboutDirectory || !isVaultError(error, 'not-found')) throw error;
    await removeMarker(session, directoryOf(place), precondition);
    return { version };
  }
}

async function removeMarker(
  session: ObjectSession,
  path: Path,
  precondition: Precondition | undefined,
): Promise<void> {
  const { explicit, kind } = await session.statObject(path);
  if (kind !== 'directory' || !explicit) return;
  await session.removeMarker(path, {
    existing: BUCKET_ONLY,
    ...(precondition === undefined ? {} : { precondition }),
  });
}

async function deleteObject(call: Call): Promise<Reply> {
  const bucket = bucketOf(call);
  await requireBucket(call.session, bucket);
  const version = versionIdOf(call.query);
  const precondition = writeCondition(call.headers);
  const removed = await remove(call, bucket, keyOf(call), {
    ...(version === undefined ? {} : { version }),
    ...(precondition === undefined ? {} : { precondition }),
  });
  return {
    status: 204,
    headers: {
      'x-amz-version-id': removed.version,
      'x-amz-delete-marker': removed.marker === true ? 'true' : undefined,
    },
  };
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
  const asked = object.value('VersionId');
  try {
    if (key === '') throw new S3Error('MalformedXML');
    for (const { name } of object.children)
      if (name !== 'Key' && name !== 'ETag' && name !== 'VersionId')
        throw new S3Error('NotImplemented', `The element ${name} is not implemented.`);
    const etag = object.value('ETag');
    const { version, marker } = await remove(call, bucket, key, {
      ...(asked === undefined ? {} : { version: checkVersionId(asked) }),
      ...(etag === undefined ? {} : { precondition: ifMatch(etag) }),
    });
    if (quiet) return [];
    return [
      element('Deleted', [
        element('Key', key),
        element('VersionId', asked),
        element('DeleteMarker', marker === true ? true : undefined),
        element('DeleteMarkerVersionId', marker === true ? version : undefined),
      ]),
    ];
  } catch (error) {
    const { answer, unexpected } = failureOf(error);
    if (unexpected) call.server.log('error', 'an object could not be deleted', { error });
    return [
      element('Error', [
        element('Key', key),
        element('VersionId', asked),
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
  {
    name: 'DeleteObject',
    method: 'DELETE',
    scope: 'object',
    parameters: ['versionId'],
    run: deleteObject,
  },
  {
    name: 'DeleteObjects',
    method: 'POST',
    scope: 'bucket',
    query: ['delete'],
    digest: true,
    run: deleteObjects,
  },
];
