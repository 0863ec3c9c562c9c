import type { ObjectEntry } from '@latchkey/vault';
import { S3Error } from '../errors.js';
import type { Headers } from '../http/headers.js';
import { type Reply, xmlReply } from '../http/reply.js';
import { checksumElements, checksumsOf, partChecksum, partCount } from '../objects/checksums.js';
import { checkRead } from '../objects/conditions.js';
import { etagOf, modifiedOf } from '../objects/etag.js';
import { PartTable, type PlacedPart } from '../objects/part-table.js';
import { customerKeyHeaders, customerKeyOf } from '../sse/customer-key.js';
import { checkKey, contentSize } from '../sse/seal.js';
import { requireAsked } from '../versions/standing.js';
import { versionHeader } from '../versions/version-id.js';
import { element, type Markup, result } from '../xml/write.js';
import { bucketOf, type Call, type Operation } from './operation.js';

const PAGE_PARTS = 1000;

interface Asked {
  readonly entry: ObjectEntry;
  readonly parts: PartPage | undefined;
}

type Describe = (asked: Asked) => Markup;

/** The attributes that can be asked for, in the order of the answer. */
const ATTRIBUTES: Readonly<Record<string, Describe>> = {
  ETag: ({ entry }) => element('ETag', etagOf(entry)),
  Checksum: ({ entry }) => {
    const checksums = checksumsOf(entry);
    return element('Checksum', checksums.length === 0 ? undefined : checksumElements(checksums));
  },
  ObjectParts: ({ entry, parts }) => partsElement(entry, parts),
  StorageClass: () => element('StorageClass', 'STANDARD'),
  ObjectSize: ({ entry }) => element('ObjectSize', contentSize(entry)),
};

async function getObjectAttributes(call: Call): Promise<Reply> {
  const { session, headers } = call;
  const asked = (headers.get('x-amz-object-attributes') ?? '').split(',').map((one) => one.trim());
  if (asked.some((name) => !Object.hasOwn(ATTRIBUTES, name)))
    throw new S3Error('InvalidArgument', 'Invalid attribute name specified.', {
      details: { ArgumentName: 'x-amz-object-attributes', ArgumentValue: asked.join(',') },
    });
  const key = customerKeyOf(call);
  const { entry } = await requireAsked(call);
  checkKey(entry, key);
  checkRead(headers, entry);
  const parts = asked.includes('ObjectParts') ? await partPage(call, entry) : undefined;
  const found = Object.entries(ATTRIBUTES).filter(([name]) => asked.includes(name));
  return xmlReply(
    result(
      'GetObjectAttributesResponse',
      found.map(([, describe]) => describe({ entry, parts })),
    ),
    {
      'Last-Modified': new Date(modifiedOf(entry)).toUTCString(),
      ...customerKeyHeaders(key),
      ...(await versionHeader(session, bucketOf(call), entry)),
    },
  );
}

/** The parts of an object that a request asks for. */
interface PartPage {
  readonly total: number;
  readonly marker: number;
  readonly limit: number;
  readonly parts: readonly PlacedPart[];
  readonly more: boolean;
}

/** Throws `InvalidArgument` for bounds that are no numbers, whatever the object. */
async function partPage({ session, headers }: Call, entry: ObjectEntry): Promise<PartPage | undefined> {
  const limit = Math.min(countOf(headers, 'x-amz-max-parts', PAGE_PARTS), PAGE_PARTS);
  const marker = countOf(headers, 'x-amz-part-number-marker', 0);
  const table = await PartTable.of(session, entry);
  return table && { total: table.count, marker, limit, ...(await table.after(marker, limit)) };
}

/**
 * Of an object that was uploaded in parts. S3 lists the parts of objects with checksums, and of those in directory buckets
 * all; here they are listed if their sizes are known.
 */
function partsElement(entry: ObjectEntry, page: PartPage | undefined): Markup {
  if (page === undefined) {
    const count = partCount(entry);
    return element('ObjectParts', count === undefined ? undefined : [element('PartsCount', count)]);
  }
  const checksums = checksumsOf(entry);
  return element('ObjectParts', [
    element('PartsCount', page.total),
    element('PartNumberMarker', page.marker),
    element('NextPartNumberMarker', page.parts.at(-1)?.number ?? page.marker),
    element('MaxParts', page.limit),
    element('IsTruncated', page.more),
    ...page.parts.map((part) =>
      element('Part', [
        element('PartNumber', part.number),
        element('Size', part.size),
        ...checksumElements(partChecksum(part, checksums)).slice(0, -1),
      ]),
    ),
  ]);
}

function countOf(headers: Headers, name: string, otherwise: number): number {
  const text = headers.get(name);
  if (text === undefined) return otherwise;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new S3Error('InvalidArgument', `The header ${name} is not a whole number.`, {
    details: { ArgumentName: name, ArgumentValue: text },
  });
}

export const ATTRIBUTE_OPERATIONS: readonly Operation[] = [
  {
    name: 'GetObjectAttributes',
    method: 'GET',
    scope: 'object',
    query: ['attributes'],
    parameters: ['versionId'],
    run: getObjectAttributes,
  },
];
