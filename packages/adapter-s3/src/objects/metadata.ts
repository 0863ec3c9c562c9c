import type { ObjectAttributes, ObjectEntry } from '@latchkey/vault';
import { S3Error } from '../errors.js';
import type { Headers } from '../http/headers.js';
import { lockOf } from '../versions/locks.js';

/** Bytes of names and values of user metadata together, as S3 has it. */
const MAX_USER_METADATA = 2048;
const MAX_TAGS = 10;
const USER = 'x-amz-meta-';

/**
 * Headers that are kept with an object and given back with it. In the vault they lie among the user metadata under names
 * with a colon in front, which no header name can have.
 */
const SYSTEM: Readonly<Record<string, string>> = {
  'cache-control': 'Cache-Control',
  'content-disposition': 'Content-Disposition',
  'content-encoding': 'Content-Encoding',
  'content-language': 'Content-Language',
  expires: 'Expires',
};

/** Under this name a record says which request completed its upload in parts. No header has it, and copies do not. */
export const COMPLETED = ':upload';

export const DEFAULT_TYPE = 'binary/octet-stream';

/** What the headers of a write say about the object. */
export interface Description {
  readonly contentType: string;
  readonly attributes: ObjectAttributes;
}

/** Throws `MetadataTooLarge`, and `InvalidArgument` for tags that are none. */
export function descriptionOf(headers: Headers): Description {
  const metadata = new Map<string, string>();
  let bytes = 0;
  for (const [name, value] of headers.withPrefix(USER)) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value);
    metadata.set(name, value);
  }
  if (bytes > MAX_USER_METADATA) throw new S3Error('MetadataTooLarge');
  for (const name of Object.keys(SYSTEM)) {
    const value = name === 'content-encoding' ? contentEncoding(headers) : headers.get(name);
    if (value !== undefined && value !== '') metadata.set(`:${name}`, value);
  }
  const contentType = headers.get('content-type') ?? '';
  if (Buffer.byteLength(contentType) > 255) throw new S3Error('MetadataTooLarge');
  return {
    contentType: contentType === '' ? DEFAULT_TYPE : contentType,
    attributes: { metadata, tags: tagsOf(headers.get('x-amz-tagging')), ...lockOf(headers) },
  };
}

/** How content is framed on the way is no property of the object. */
function contentEncoding(headers: Headers): string | undefined {
  const codings = headers.get('content-encoding')?.split(',') ?? [];
  return codings
    .map((one) => one.trim())
    .filter((one) => one !== '' && one.toLowerCase() !== 'aws-chunked')
    .join(', ');
}

function tagsOf(text: string | undefined): ReadonlyMap<string, string> {
  const tags = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text ?? '')) {
    if (tags.has(name) || name === '' || name.length > 128 || value.length > 256)
      throw new S3Error('InvalidArgument', 'The header x-amz-tagging is not valid.');
    tags.set(name, value);
  }
  if (tags.size > MAX_TAGS) throw new S3Error('InvalidArgument', 'An object has at most 10 tags.');
  return tags;
}

/** The headers that give an object's metadata back. */
export function metadataHeaders(entry: ObjectEntry): Record<string, string> {
  const headers: Record<string, string> = { 'Content-Type': typeOf(entry) };
  for (const [name, value] of entry.metadata) {
    if (!name.startsWith(':')) headers[`${USER}${name}`] = value;
    else {
      const header = SYSTEM[name.slice(1)];
      if (header !== undefined) headers[header] = value;
    }
  }
  if (entry.tags.size > 0) headers['x-amz-tagging-count'] = String(entry.tags.size);
  return headers;
}

function typeOf(entry: ObjectEntry): string {
  return entry.contentType ?? (entry.kind === 'directory' ? 'application/x-directory' : DEFAULT_TYPE);
}
