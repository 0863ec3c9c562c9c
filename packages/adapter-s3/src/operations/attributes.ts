import type { ObjectEntry } from '@latchkey/vault';
import { S3Error } from '../errors.js';
import type { Headers } from '../http/headers.js';
import { type Reply, xmlReply } from '../http/reply.js';
import { checksumElements, checksumsOf, partCount } from '../objects/checksums.js';
import { checkRead } from '../objects/conditions.js';
import { etagOf, modifiedOf } from '../objects/etag.js';
import { customerKeyHeaders, customerKeyOf } from '../sse/customer-key.js';
import { checkKey, contentSize } from '../sse/seal.js';
import { requireAsked } from '../versions/standing.js';
import { versionHeader } from '../versions/version-id.js';
import { element, type Markup, result } from '../xml/write.js';
import { bucketOf, type Call, type Operation } from './operation.js';

const PAGE_PARTS = 1000;

type Describe = (entry: ObjectEntry, headers: Headers) => Markup;

/** The attributes that can be asked for, in the order of the answer. */
const ATTRIBUTES: Readonly<Record<string, Describe>> = {
  ETag: (entry) => element('ETag', etagOf(entry)),
  Checksum: (entry) => {
    const checksums = checksumsOf(entry);
    return element('Checksum', checksums.length === 0 ? undefined : checksumElements(checksums));
  },
  ObjectParts: partsElement,
  StorageClass: () => element('StorageClass', 'STANDARD'),
  ObjectSize: (entry) => element('ObjectSize', contentSize(entry)),
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
  const found = Object.entries(ATTRIBUTES).filter(([name]) => asked.includes(name));
  return xmlReply(
    result(
      'GetObjectAttributesResponse',
      found.map(([, describe]) => describe(entry, headers)),
    ),
    {
      'Last-Modified': new Date(modifiedOf(entry)).toUTCString(),
      ...customerKeyHeaders(key),
      ...(await versionHeader(session, bucketOf(call), entry)),
    },
  );
}

/** Of an object that was uploaded in parts; of one with so many that their sizes are not kept only the number. */
function partsElement(entry: ObjectEntry, headers: Headers): Markup {
  const count = entry.partSizes?.length ?? (entry.etag === undefined ? undefined : partCount(entry));
  const limit = countOf(headers, 'x-amz-max-parts', PAGE_PARTS);
  const marker = countOf(headers, 'x-amz-part-number-marker', 0);
  if (count === undefined) return element('ObjectParts', undefined);
  const total = element('PartsCount', count);
  const { partSizes } = entry;
  if (partSizes === undefined) return element('ObjectParts', [total]);
  const sizes = partSizes.slice(marker, marker + Math.min(limit, PAGE_PARTS));
  const last = marker + sizes.length;
  return element('ObjectParts', [
    total,
    element('PartNumberMarker', marker),
    element('NextPartNumberMarker', last),
    element('MaxParts', limit),
    element('IsTruncated', last < partSizes.length),
    ...sizes.map((size, index) =>
      element('Part', [element('PartNumber', marker + index + 1), element('Size', size)]),
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
