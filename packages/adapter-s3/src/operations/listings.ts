import type { ObjectEntry } from '@latchkey/vault';
import { S3Error } from '../errors.js';
import { type Reply, xmlReply } from '../http/reply.js';
import { uriEncode } from '../http/url.js';
import { storedChecksums } from '../objects/checksums.js';
import { etagOf, modifiedOf } from '../objects/etag.js';
import { requireBucket } from '../objects/keys.js';
import { type Listing, type ListingQuery, listPage } from '../objects/listing.js';
import { ownerElement } from '../objects/owner.js';
import { openToken, sealToken } from '../objects/tokens.js';
import type { Walked } from '../objects/walk.js';
import { contentSize } from '../sse/seal.js';
import { element, escapeXml, type Markup, result } from '../xml/write.js';
import { bucketOf, type Call, type Operation } from './operation.js';

const PAGE_KEYS = 1000;

/** How keys are written: as they are, or percent-encoded for clients whose XML cannot hold every character. */
export type Encode = (text: string) => string;

export function encodingOf({ query }: Call): { readonly encode: Encode; readonly element: Markup } {
  const type = query.get('encoding-type');
  if (type !== undefined && type !== 'url')
    throw new S3Error('InvalidArgument', 'Invalid Encoding Method specified in Request');
  return {
    encode: type === 'url' ? (text) => uriEncode(text, true) : (text) => text,
    element: element('EncodingType', type),
  };
}

async function page(call: Call, after: string): Promise<{ listing: Listing; query: ListingQuery }> {
  const { query } = call;
  const bucket = bucketOf(call);
  await requireBucket(call.session, bucket);
  const asked = {
    bucket,
    prefix: query.get('prefix') ?? '',
    delimiter: query.get('delimiter') ?? '',
    after,
    limit: query.count('max-keys', PAGE_KEYS, PAGE_KEYS),
  };
  return { query: asked, listing: await listPage(call.session, asked) };
}

async function listObjects(call: Call): Promise<Reply> {
  const encoding = encodingOf(call);
  const marker = call.query.get('marker') ?? '';
  const { listing, query } = await page(call, marker);
  const { encode } = encoding;
  return xmlReply(
    result('ListBucketResult', [
      element('Name', query.bucket),
      element('Prefix', encode(query.prefix)),
      element('Marker', encode(marker)),
      element('NextMarker', listing.last === undefined ? undefined : encode(listing.last)),
      element('MaxKeys', query.limit),
      element('Delimiter', query.delimiter === '' ? undefined : encode(query.delimiter)),
      encoding.element,
      element('IsTruncated', listing.last !== undefined),
      ...contents(listing, encode, call.identity.credential.user),
    ]),
  );
}

async function listObjectsV2(call: Call): Promise<Reply> {
  const encoding = encodingOf(call);
  const { encode } = encoding;
  const { query: parameters, identity } = call;
  if (parameters.get('list-type') !== '2')
    throw new S3Error('InvalidArgument', 'Invalid List Type specified in Request');
  const secret = identity.credential.secretAccessKey;
  const startAfter = parameters.get('start-after');
  const token = parameters.get('continuation-token');
  const bound = [bucketOf(call), parameters.get('prefix') ?? '', parameters.get('delimiter') ?? ''];
  const after = token === undefined ? (startAfter ?? '') : openToken(secret, bound, token);
  const { listing, query } = await page(call, after);
  const owner = parameters.get('fetch-owner') === 'true' ? identity.credential.user : undefined;
  return xmlReply(
    result('ListBucketResult', [
      element('Name', query.bucket),
      element('Prefix', encode(query.prefix)),
      element('ContinuationToken', token),
      element(
        'NextContinuationToken',
        listing.last === undefined ? undefined : sealToken(secret, bound, listing.last),
      ),
      element('StartAfter', startAfter === undefined ? undefined : encode(startAfter)),
      element('KeyCount', listing.objects.length + listing.prefixes.length),
      element('MaxKeys', query.limit),
      element('Delimiter', query.delimiter === '' ? undefined : encode(query.delimiter)),
      encoding.element,
      element('IsTruncated', listing.last !== undefined),
      ...contents(listing, encode, owner),
    ]),
  );
}

function contents(listing: Listing, encode: Encode, user: string | undefined): Markup[] {
  const owner = user === undefined ? '' : ownerElement(user).markup;
  return [
    ...listing.objects.map((one) => contentsElement(one, encode, owner)),
    ...listing.prefixes.map((prefix) => element('CommonPrefixes', [element('Prefix', encode(prefix))])),
  ];
}

/** Written out, because a page has a thousand of them: elements made one by one take three times as long. */
function contentsElement({ key, entry }: Walked, encode: Encode, owner: string): Markup {
  const modified = new Date(modifiedOf(entry)).toISOString();
  const etag = escapeXml(etagOf(entry));
  return {
    markup: `<Contents><Key>${escapeXml(encode(key))}</Key><LastModified>${modified}</LastModified><ETag>&quot;${etag}&quot;</ETag>${checksumMarkup(entry)}<Size>${contentSize(entry)}</Size>${owner}<StorageClass>STANDARD</StorageClass></Contents>`,
  };
}

function checksumMarkup(entry: ObjectEntry): string {
  if (entry.digests === undefined) return '';
  const stored = storedChecksums(entry);
  if (stored.length === 0) return '';
  const names = stored.map(({ name }) => `<ChecksumAlgorithm>${name.toUpperCase()}</ChecksumAlgorithm>`);
  return `${names.join('')}<ChecksumType>${stored[0]?.type}</ChecksumType>`;
}

export const LISTING_OPERATIONS: readonly Operation[] = [
  { name: 'ListObjects', method: 'GET', scope: 'bucket', anonymous: true, run: listObjects },
  {
    name: 'ListObjectsV2',
    method: 'GET',
    scope: 'bucket',
    query: ['list-type'],
    anonymous: true,
    run: listObjectsV2,
  },
];
