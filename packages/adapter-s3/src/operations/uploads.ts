import { type Reply, xmlReply } from '../http/reply.js';
import { requireBucket } from '../objects/keys.js';
import { ownerElement } from '../objects/owner.js';
import { listUploads, type UploadRow } from '../objects/upload-listing.js';
import { element, type Markup, result } from '../xml/write.js';
import { type Encode, encodingOf } from './listings.js';
import { bucketOf, type Call, type Operation } from './operation.js';

const PAGE_UPLOADS = 1000;

async function listMultipartUploads(call: Call): Promise<Reply> {
  const { session, query, identity } = call;
  const bucket = bucketOf(call);
  const encoding = encodingOf(call);
  const { encode } = encoding;
  await requireBucket(session, bucket);
  const asked = {
    bucket,
    prefix: query.get('prefix') ?? '',
    delimiter: query.get('delimiter') ?? '',
    keyMarker: query.get('key-marker') ?? '',
    idMarker: query.get('upload-id-marker') ?? '',
    limit: query.count('max-uploads', PAGE_UPLOADS, PAGE_UPLOADS),
  };
  const found = await listUploads(session, asked);
  const rows = found.slice(0, asked.limit);
  const last = found.length > rows.length ? rows.at(-1) : undefined;
  const optional = (name: string, text: string): Markup => element(name, text === '' ? undefined : text);
  return xmlReply(
    result('ListMultipartUploadsResult', [
      element('Bucket', bucket),
      element('KeyMarker', encode(asked.keyMarker)),
      element('UploadIdMarker', asked.idMarker),
      element('NextKeyMarker', last === undefined ? undefined : encode(last.name)),
      element('NextUploadIdMarker', last?.upload?.id),
      optional('Prefix', encode(asked.prefix)),
      optional('Delimiter', encode(asked.delimiter)),
      encoding.element,
      element('MaxUploads', asked.limit),
      element('IsTruncated', last !== undefined),
      ...rows.map((row) => rowElement(row, encode, identity.credential.user)),
    ]),
  );
}

function rowElement({ name, upload }: UploadRow, encode: Encode, user: string): Markup {
  if (upload === undefined) return element('CommonPrefixes', [element('Prefix', encode(name))]);
  return element('Upload', [
    element('Key', encode(name)),
    element('UploadId', upload.id),
    ownerElement(user, 'Initiator'),
    ownerElement(user),
    element('StorageClass', 'STANDARD'),
    element('Initiated', new Date(upload.started).toISOString()),
    element('ChecksumAlgorithm', upload.checksum?.name.toUpperCase()),
    element('ChecksumType', upload.checksum?.type),
  ]);
}

export const UPLOAD_OPERATIONS: readonly Operation[] = [
  {
    name: 'ListMultipartUploads',
    method: 'GET',
    scope: 'bucket',
    query: ['uploads'],
    run: listMultipartUploads,
  },
];
