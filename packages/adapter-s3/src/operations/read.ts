import { NULL_VERSION_ID, type ObjectEntry } from '@latchkey/vault';
import { isVaultError, S3Error } from '../errors.js';
import type { Content, Reply } from '../http/reply.js';
import { expirationHeader } from '../lifecycle/operations.js';
import { checksumHeaders, checksumsOf, partCount } from '../objects/checksums.js';
import { checkRead } from '../objects/conditions.js';
import { etagOf, modifiedOf, quoted } from '../objects/etag.js';
import { directoryAt, hasBucket, missing, nullDirectoryAt, placeOf } from '../objects/keys.js';
import { metadataHeaders } from '../objects/metadata.js';
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
    return describe(call, unsealed(reader, key), more);
  } catch (error) {
    await reader.close();
    throw error;
  }
}

function describe({ headers, query }: Call, reader: OpenedObject, more: Record<string, string>): Reply {
  const { entry } = reader;
  checkRead(headers, entry);
  const etag = quoted(etagOf(entry));
  const part = partOf(query.get('partNumber'), entry);
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
  const whole = length === entry.size;
  const count = entry.partSizes?.length ?? partCount(entry);
  const answer: Record<string, string | undefined> = {
    ...metadataHeaders(entry),
    ...lockHeaders(entry),
    ...more,
    'Accept-Ranges': 'bytes',
    ETag: etag,
    'Last-Modified': new Date(modifiedOf(entry)).toUTCString(),
    ...(headers.get('x-amz-checksum-mode')?.toUpperCase() === 'ENABLED' && whole
      ? checksumHeaders(checksumsOf(entry))
      : {}),
    'Content-Range':
      range === undefined || entry.size === 0
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
function partOf(text: string | undefined, entry: ObjectEntry): Range | undefined {
  if (text === undefined) return undefined;
  const number = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > 10_000)
    throw new S3Error('InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive');
  const count = partCount(entry) ?? 1;
  if (entry.partSizes === undefined && count > 1)
    throw new S3Error('NotImplemented', 'The sizes of so many parts are not kept.');
  const sizes = entry.partSizes ?? [entry.size];
  const length = sizes[number - 1];
  if (length === undefined)
    throw new S3Error('InvalidRange', 'The requested partnumber is not satisfiable', {
      details: { PartNumberRequested: text, ActualPartCount: String(sizes.length) },
    });
  return { offset: sizes.slice(0, number - 1).reduce((sum, size) => sum + size, 0), length };
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
