import { NULL_VERSION_ID, type ObjectEntry, type VersionEntry } from '@latchkey/vault';
import { isVaultError, S3Error } from '../errors.js';
import { type Reply, xmlReply } from '../http/reply.js';
import { checksumsOf } from '../objects/checksums.js';
import { etagOf, modifiedOf, quoted } from '../objects/etag.js';
import { nullDirectoryAt, type Place, placeOf, requireBucket } from '../objects/keys.js';
import { listPage } from '../objects/listing.js';
import { ownerElement } from '../objects/owner.js';
import { behindKey, behindVersions, type Walked } from '../objects/walk.js';
import { type Encode, encodingOf } from '../operations/listings.js';
import { bucketOf, type Call, type Operation } from '../operations/operation.js';
import { contentSize } from '../sse/seal.js';
import { element, type Markup, result } from '../xml/write.js';
import { checkVersionId } from './version-id.js';

const PAGE_KEYS = 1000;

/** Versions and markers, the newest of a key first. Directories that people made have one version, `null`. */
async function listObjectVersions(call: Call): Promise<Reply> {
  const { session, query, identity } = call;
  const bucket = bucketOf(call);
  const encoding = encodingOf(call);
  const { encode } = encoding;
  const keyMarker = query.get('key-marker') ?? '';
  const versionMarker = query.get('version-id-marker');
  if (versionMarker !== undefined && keyMarker === '')
    throw new S3Error('InvalidArgument', 'A version-id marker cannot be specified without a key marker.');
  await requireBucket(session, bucket);
  const asked = {
    bucket,
    prefix: query.get('prefix') ?? '',
    delimiter: query.get('delimiter') ?? '',
    after: keyMarker,
    limit: query.count('max-keys', PAGE_KEYS, PAGE_KEYS),
    versions: true,
  };
  const start = versionMarker === undefined ? {} : await behind(call, keyMarker, versionMarker);
  const listing = await listPage(session, { ...asked, ...start });
  const last = listing.last === undefined ? undefined : lastOf(listing.objects, listing.last);
  return xmlReply(
    result('ListVersionsResult', [
      element('Name', bucket),
      element('Prefix', encode(asked.prefix)),
      element('KeyMarker', encode(keyMarker)),
      element('VersionIdMarker', versionMarker ?? ''),
      element('NextKeyMarker', listing.last === undefined ? undefined : encode(listing.last)),
      element('NextVersionIdMarker', last === undefined ? undefined : idOf(last.entry)),
      element('MaxKeys', asked.limit),
      element('Delimiter', asked.delimiter === '' ? undefined : encode(asked.delimiter)),
      encoding.element,
      element('IsTruncated', listing.last !== undefined),
      ...listing.objects.map((one) => versionElement(one, encode, identity.credential.user)),
      ...listing.prefixes.map((prefix) => element('CommonPrefixes', [element('Prefix', encode(prefix))])),
    ]),
  );
}

/**
 * Where a listing goes on behind a version of a key, which may be gone by now: whoever empties a bucket deletes each page before the
 * next. Then an older version may have become the current one, which stands before all others.
 */
async function behind(
  call: Call,
  key: string,
  id: string,
): Promise<{ readonly from: string; readonly pending?: Walked }> {
  const place = placeOf(bucketOf(call), key);
  const isNull = checkVersionId(id) === NULL_VERSION_ID;
  if (place === undefined) return { from: behindVersions(key) };
  const [newest, named, directory] = await Promise.all([
    placeOfVersion(call, place),
    placeOfVersion(call, place, NULL_VERSION_ID),
    nullDirectoryAt(call.session, place),
  ]);
  const last = named === undefined ? directory : undefined;
  // Nothing of the key is behind its directory.
  if (isNull && last !== undefined) return { from: behindVersions(key) };
  const pending = last === undefined ? {} : { pending: { key, entry: last, older: newest !== undefined } };
  const marker = isNull ? named : id;
  if (newest === undefined) return { from: behindVersions(key), ...pending };
  // It may have been anywhere among the others: some come twice, and none is left out.
  if (marker === undefined || newest > marker) return { from: key };
  return { from: behindKey(`${behindKey(key)}${marker}`), ...pending };
}

/** Where a version stands among those of its key, the newest first: of `id`, or the newest. */
async function placeOfVersion({ session }: Call, { path }: Place, id?: string): Promise<string | undefined> {
  try {
    return (await session.versions.stat(path, id)).place;
  } catch (error) {
    if (isVaultError(error, 'not-found', 'not-a-directory')) return undefined;
    throw error;
  }
}

function lastOf(objects: readonly Walked[], key: string): Walked | undefined {
  const last = objects.at(-1);
  return last?.key === key ? last : undefined;
}

function isVersionEntry(entry: ObjectEntry): entry is VersionEntry {
  return 'place' in entry;
}

function idOf(entry: ObjectEntry): string {
  return entry.versionId ?? NULL_VERSION_ID;
}

function versionElement({ key, entry, older = false }: Walked, encode: Encode, owner: string): Markup {
  const version = isVersionEntry(entry) ? entry : undefined;
  const about = [
    element('Key', encode(key)),
    element('VersionId', idOf(entry)),
    element('IsLatest', version?.latest ?? !older),
    element('LastModified', new Date(modifiedOf(entry)).toISOString()),
  ];
  if (version?.marker === true) return element('DeleteMarker', [...about, ownerElement(owner)]);
  const checksums = checksumsOf(entry);
  return element('Version', [
    ...about,
    element('ETag', quoted(etagOf(entry))),
    ...checksums.map(({ name }) => element('ChecksumAlgorithm', name.toUpperCase())),
    element('ChecksumType', checksums[0]?.type),
    element('Size', contentSize(entry)),
    element('StorageClass', 'STANDARD'),
    ownerElement(owner),
  ]);
}

export const VERSION_LISTING_OPERATIONS: readonly Operation[] = [
  {
    name: 'ListObjectVersions',
    method: 'GET',
    scope: 'bucket',
    query: ['versions'],
    run: listObjectVersions,
  },
];
