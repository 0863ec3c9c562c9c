import {
  type Composition,
  NULL_VERSION_ID,
  type ObjectAttributes,
  type ObjectEntry,
  type ObjectSession,
  type Stretch,
} from '@latchkey/vault';
import { checksumOf } from '../body/checksums.js';
import { isVaultError, S3Error } from '../errors.js';
import { type Reply, xmlReply } from '../http/reply.js';
import { percentDecode, Query } from '../http/url.js';
import { expirationHeader } from '../lifecycle/operations.js';
import { checksumElements, checksumsOf } from '../objects/checksums.js';
import { fileCondition } from '../objects/conditional.js';
import { checkRead, writeCondition } from '../objects/conditions.js';
import { etagOf, modifiedOf, quoted } from '../objects/etag.js';
import {
  directoryAt,
  fileAt,
  hasBucket,
  hasVersions,
  missing,
  newPlaceOf,
  noSuchBucket,
  nullDirectoryAt,
  type Place,
  placeOf,
} from '../objects/keys.js';
import { COMPLETED, descriptionOf } from '../objects/metadata.js';
import { type CopyKeys, copyKeysOf, hasKeys, recode } from '../sse/copy.js';
import { customerKeyHeaders } from '../sse/customer-key.js';
import { checkKey } from '../sse/seal.js';
import { checkLock, lockOf } from '../versions/locks.js';
import { noSuchVersion, versionHeader, versionIdOf } from '../versions/version-id.js';
import { element, result } from '../xml/write.js';
import { bucketOf, type Call, keyOf, type Operation } from './operation.js';
import { checkUnchanged, computeChecksum } from './source-checksum.js';
import { BUCKET_ONLY } from './write.js';

export interface CopySource {
  readonly bucket: string;
  readonly key: string;
  readonly place: Place;
  /** Absent: the current one. */
  readonly version?: string;
}

/** The source as the vault takes it. */
export function stretchOf({ place, version }: CopySource): Stretch {
  return { path: place.path, ...(version === undefined ? {} : { version }) };
}

/** `x-amz-copy-source`: bucket and key, percent-encoded, with or without a slash in front. */
export function copySource(call: Call): CopySource {
  const [text = '', parameters] = (call.headers.get('x-amz-copy-source') ?? '').split('?');
  const version = parameters === undefined ? undefined : versionIdOf(new Query(parameters));
  const match = /^\/?([^/]+)\/(.+)$/s.exec(percentDecode(text));
  if (match === null)
    throw new S3Error(
      'InvalidArgument',
      'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
    );
  const [bucket, key] = [match[1] as string, match[2] as string];
  const place = placeOf(bucket, key);
  if (place === undefined) throw new S3Error('NoSuchKey');
  return { bucket, key, place, ...(version === undefined ? {} : { version }) };
}

function directive(call: Call, name: string): 'COPY' | 'REPLACE' {
  const value = call.headers.get(name) ?? 'COPY';
  if (value !== 'COPY' && value !== 'REPLACE')
    throw new S3Error('InvalidArgument', `Unknown directive in ${name}.`);
  return value;
}

async function copyObject(call: Call): Promise<Reply> {
  const { session, headers } = call;
  const bucket = bucketOf(call);
  const place = newPlaceOf(bucket, keyOf(call));
  const source = copySource(call);
  const replaceMetadata = directive(call, 'x-amz-metadata-directive') === 'REPLACE';
  const replaceTags = directive(call, 'x-amz-tagging-directive') === 'REPLACE';
  const given = descriptionOf(headers);
  const wished = writeCondition(headers);
  const precondition = wished && (await fileCondition(session, place, wished));
  const itself = source.bucket === bucket && source.key === keyOf(call) && source.version === undefined;
  if (itself && !replaceMetadata && !replaceTags)
    throw new S3Error(
      'InvalidRequest',
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata.",
    );
  const algorithm = headers.get('x-amz-checksum-algorithm');
  const wanted = algorithm === undefined ? undefined : checksumOf(algorithm);
  if (algorithm !== undefined && wanted === undefined) throw new S3Error('InvalidRequest');
  const keys = copyKeysOf(call);
  const lock = lockOf(headers);
  await checkLock(session, bucket, lock);
  let taken: ObjectEntry | undefined;
  const copied = (from: ObjectEntry): { contentType?: string; attributes: ObjectAttributes } => {
    taken = from;
    const contentType = replaceMetadata ? given.contentType : from.contentType;
    return {
      ...(contentType === undefined ? {} : { contentType }),
      attributes: {
        metadata: (replaceMetadata ? given.attributes.metadata : copyable(from)) ?? new Map(),
        tags: (replaceTags ? given.attributes.tags : from.tags) ?? new Map(),
        ...lock,
      },
    };
  };
  const publish = { existing: BUCKET_ONLY, ...(precondition === undefined ? {} : { precondition }) };
  try {
    const directory = await emptySource(session, source);
    if (hasKeys(keys)) {
      const empty = directory === undefined ? {} : { empty: directory };
      const paths = { source, ...empty, target: place.path };
      const entry = await recode(call, { ...paths, keys, checksum: wanted, publish, describe: copied });
      return await copyReply(call, entry, await sourceHeader(call, source, taken), keys);
    }
    const computed =
      wanted === undefined || directory !== undefined
        ? undefined
        : await computeChecksum(session, source, { name: wanted });
    const describe = ([from = directory]: readonly ObjectEntry[]): Composition => {
      if (from === undefined) throw new S3Error('NoSuchKey');
      checkKey(from, undefined);
      checkRead(headers, from, 'x-amz-copy-source-');
      if (computed !== undefined) checkUnchanged(computed, from);
      const { partSizes, appendix } = from;
      const etag = from === directory ? etagOf(from) : from.etag;
      const { contentType, attributes } = copied(from);
      const digests = computed?.digests ?? from.digests ?? new Map();
      return {
        properties: {
          digests,
          ...(etag === undefined ? {} : { etag }),
          ...(partSizes === undefined ? {} : { partSizes }),
          ...(appendix === undefined ? {} : { appendix }),
          ...(contentType === undefined ? {} : { contentType }),
        },
        attributes,
      };
    };
    const sources = directory === undefined ? [stretchOf(source)] : [];
    const entry = await session.composeObject(sources, place.path, {
      ...publish,
      describe,
    });
    return await copyReply(call, entry, await sourceHeader(call, source, taken), keys);
  } catch (error) {
    throw await copyFailure(call, source, error);
  }
}

/** Metadata of an object without what only that very object says of itself. */
function copyable({ metadata }: ObjectEntry): ReadonlyMap<string, string> {
  return new Map([...metadata].filter(([name]) => name !== COMPLETED));
}

/** The directory that is the source, when there is no content under its key, or of the version `null`. */
async function emptySource(
  session: ObjectSession,
  { place, version }: CopySource,
): Promise<ObjectEntry | undefined> {
  if (!place.marker) return undefined;
  if (version === NULL_VERSION_ID)
    return (await hasVersions(session, place, version)) ? undefined : nullDirectoryAt(session, place);
  if (version !== undefined) return undefined;
  const file = await fileAt(session, place);
  return file === undefined ? directoryAt(session, place) : undefined;
}

async function copyReply(
  call: Call,
  entry: ObjectEntry,
  source: Record<string, string>,
  { target }: CopyKeys,
): Promise<Reply> {
  const version = await versionHeader(call.session, bucketOf(call), entry);
  return xmlReply(
    result('CopyObjectResult', [
      element('LastModified', new Date(modifiedOf(entry)).toISOString()),
      element('ETag', quoted(etagOf(entry))),
      ...checksumElements(checksumsOf(entry)),
    ]),
    {
      ...customerKeyHeaders(target),
      ...version,
      ...(await expirationHeader(call, entry)),
      ...source,
    },
  );
}

/** How an answer names the version that was copied; `taken` is its entry. */
export async function sourceHeader(
  { session }: Call,
  { bucket, version }: CopySource,
  taken: ObjectEntry | undefined,
): Promise<Record<string, string>> {
  const name = 'x-amz-copy-source-version-id';
  if (version !== undefined) return { [name]: version };
  return taken === undefined ? {} : versionHeader(session, bucket, taken, name);
}

/** Which of the two was missing. */
export async function copyFailure(call: Call, source: CopySource, error: unknown): Promise<unknown> {
  if (!isVaultError(error, 'not-found', 'not-a-directory', 'is-a-directory', 'invalid-argument'))
    return error;
  const { place, version } = source;
  if (version !== undefined) {
    const old = await call.session.versions.stat(place.path, version).catch(() => undefined);
    if (old === undefined && (await hasBucket(call.session, source.bucket)))
      return noSuchVersion(source.key, version);
    if (old?.marker === true)
      return new S3Error(
        'InvalidRequest',
        'The source of a copy request may not specifically refer to a delete marker by version id.',
      );
  }
  const there =
    version === undefined
      ? await call.session.statObject(place.path, 'file').catch(() => undefined)
      : await call.session.versions.stat(place.path, version).catch(() => undefined);
  if (there?.kind !== 'file') return missing(call.session, source.bucket, source.key);
  if (!(await hasBucket(call.session, bucketOf(call)))) return noSuchBucket(bucketOf(call));
  return error;
}

export const COPY_OPERATIONS: readonly Operation[] = [
  { name: 'CopyObject', method: 'PUT', scope: 'object', header: 'x-amz-copy-source', run: copyObject },
];
