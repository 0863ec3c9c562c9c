import { NULL_VERSION_ID, type ObjectEntry } from '@latchkey/vault';
import { isVaultError, S3Error } from '../errors.js';
import type { Headers } from '../http/headers.js';
import type { Content, Reply } from '../http/reply.js';
import { expirationHeader } from '../lifecycle/operations.js';
import { checksumHeaders, checksumsOf, partChecksum, partCount } from '../objects/checksums.js';
import { checkRead } from '../objects/conditions.js';
import { etagOf, modifiedOf, quoted } from '../objects/etag.js';
import { directoryAt, hasBucket, missing, nullDirectoryAt, placeOf } from '../objects/keys.js';
import { metadataHeaders } from '../objects/metadata.js';
import { PartTable } from '../objects/part-table.js';
import { parseRange, type Range } from '../objects/range.js';
import { customerKeyHeaders, customerKeyOf } from '../sse/customer-key.js';
import { type OpenedObject, unsealed } from '../sse/read.js';
import { lockHeaders } from '../versions/locks.js';
import {
  markerHeaders,
  noSuchVersion,
  openVersion,
  versionHeader,
  versionIdOf,
} from '../versions/version-id.js';
import { bucketOf, type Call, keyOf, type Operation } from './operation.js';

/** Parameters of a request that replace headers of its answer. */
const OVERRIDES: Readonly<Record<string, string>> = {
  'response-cache-control': 'Cache-Control',
  'response-content-disposition': 'Content-Disposition',
  'response-content-encoding': 'Content-Encoding',
  'response-content-language': 'Content-Language',
  'response-content-type': 'Content-Type',
  'response-expires': 'Expires',
};

/** Bytes from which on memory is lent: past the cache, and in a thread beside the event loop. */
const MUCH = 1024 * 1024;

/** The object that a request is about; for a key that ends with a slash perhaps a directory, which has no content. */
async function open(call: Call): Promise<OpenedObject> {
  const bucket = bucketOf(call);
  const key = keyOf(call);
  const version = versionIdOf(call.query);
  const place = placeOf(bucket, key);
  try {
    if (place !== undefined) return await openVersion(call.session, place.path, key, version);
  } catch (error) {
    // A symlink is an argument that cannot be opened; it is no object.
    if (
      !(error instanceof S3Error && error.code === 'NoSuchVersion') &&
      !isVaultError(
        error,
        'not-found',
        'not-a-directory',
        'is-a-directory',
        'invalid-argument',
        'invalid-name',
      )
    )
      throw error;
  }
  const find =
    version === undefined ? directoryAt : version === NULL_VERSION_ID ? nullDirectoryAt : undefined;
  const entry = place === undefined ? undefined : await find?.(call.session, place);
  if (entry !== undefined) return { entry, stream: nothing, close: async () => undefined };
  if (version !== undefined && (await hasBucket(call.session, bucket))) throw noSuchVersion(key, version);
  const { code, message, details } = await missing(call.session, bucket, key);
  const headers = place === undefined ? {} : await markerHeaders(call.session, place.path);
  throw new S3Error(code, message, { details, headers });
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

async function readObject(call: Call): Promise<Reply> {
  const key = customerKeyOf(call);
  const reader = await open(call);
  try {
    const version = await versionHeader(call.session, bucketOf(call), reader.entry);
    const expiration = call.query.has('versionId') ? {} : await expirationHeader(call, reader.entry);
    const more = { ...version, ...expiration, ...customerKeyHeaders(key) };
    const opened = unsealed(reader, key);
    return await describe(call, opened, more);
  } catch (error) {
    await reader.close();
    throw error;
  }
}

function wantsChecksum(headers: Headers): boolean {
  return headers.get('x-amz-checksum-mode')?.toUpperCase() === 'ENABLED';
}

/** Of the whole, or of the one part that is answered with, whether it was asked for by its number or by its bytes. */
async function checksumAnswer(
  entry: ObjectEntry,
  range: Range | undefined,
  table: PartTable | undefined,
): Promise<Record<string, string>> {
  const checksums = checksumsOf(entry);
  const part = range && (await table?.byStretch(range.offset, range.length));
  const ofPart = part === undefined ? [] : partChecksum(part, checksums);
  if (ofPart.length > 0) return checksumHeaders(ofPart);
  return range === undefined || range.length === entry.size ? checksumHeaders(checksums) : {};
}

async function describe(
  { session, headers, query }: Call,
  reader: OpenedObject,
  more: Record<string, string>,
): Promise<Reply> {
  const { entry } = reader;
  checkRead(headers, entry);
  const etag = quoted(etagOf(entry));
  const sums = wantsChecksum(headers);
  const number = query.get('partNumber');
  const needed = number !== undefined || (sums && headers.has('range'));
  const table = needed ? await PartTable.of(session, entry) : undefined;
  const part = number === undefined ? undefined : await partOf(number, entry, table);
  if (part !== undefined && headers.has('range'))
    throw new S3Error('InvalidRequest', 'Cannot specify both Range header and partNumber query parameter.');
  const ifRange = headers.get('if-range');
  const wholeAnyway = ifRange !== undefined && ifRange !== etag;
  const range = part ?? (wholeAnyway ? undefined : parseRange(headers.get('range'), entry.size));
  const { offset, length } = range ?? { offset: 0, length: entry.size };
  const { lend } = reader;
  const content: Content = {
    length,
    stream: () => reader.stream(offset, length),
    ...(length < MUCH || lend === undefined ? {} : { lend: () => lend(offset, length) }),
    close: () => reader.close(),
  };
  const count = table?.count ?? partCount(entry);
  const answer: Record<string, string | undefined> = {
    ...metadataHeaders(entry),
    ...lockHeaders(entry),
    ...more,
    'Accept-Ranges': 'bytes',
    ETag: etag,
    'Last-Modified': new Date(modifiedOf(entry)).toUTCString(),
    ...(sums ? await checksumAnswer(entry, range, table) : {}),
    // A part may be empty, and no range of bytes is (RFC 9110 section 14.4).
    'Content-Range':
      range === undefined || length === 0
        ? undefined
        : `bytes ${offset}-${offset + length - 1}/${entry.size}`,
    'x-amz-mp-parts-count': part === undefined || count === undefined ? undefined : String(count),
  };
  for (const [parameter, header] of Object.entries(OVERRIDES)) {
    const value = query.get(parameter);
    if (value !== undefined) answer[header] = printableHeader(value);
  }
  return { status: range === undefined ? 200 : 206, headers: answer, body: content };
}

/** The stretch of one part of an object that was uploaded in parts; all of any other object is its first part. */
async function partOf(text: string, entry: ObjectEntry, table: PartTable | undefined): Promise<Range> {
  const number = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > 10_000)
    throw new S3Error('InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive');
  const count = table?.count ?? partCount(entry) ?? 1;
  if (table === undefined && count > 1)
    throw new S3Error('NotImplemented', 'The sizes of so many parts were not kept.');
  if (table === undefined && number === 1) return { offset: 0, length: entry.size };
  const part = await table?.byNumber(number);
  if (part !== undefined) return { offset: part.offset, length: part.size };
  throw new S3Error('InvalidPartNumber', undefined, {
    details: { PartNumberRequested: text, ActualPartCount: String(count) },
  });
}

/** Parameters come from URLs that anybody may have made; they must not add headers. */
function printableHeader(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
  if (/[\u0000-\u001f\u007f]/.test(value)) throw new S3Error('InvalidArgument');
  return value;
}

export const READ_OPERATIONS: readonly Operation[] = [
  {
    name: 'GetObject',
    method: 'GET',
    scope: 'object',
    parameters: ['partNumber', 'versionId'],
    anonymous: true,
    run: readObject,
  },
  {
    name: 'HeadObject',
    method: 'HEAD',
    scope: 'object',
    parameters: ['partNumber', 'versionId'],
    anonymous: true,
    run: readObject,
  },
];
