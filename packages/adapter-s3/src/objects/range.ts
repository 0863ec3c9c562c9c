import { S3Error } from '../errors.js';

export interface Range {
  readonly offset: number;
  readonly length: number;
}

/**
 * The one range that a header asks for (RFC 9110 section 14.1.2). Undefined when it asks for several or is malformed: then
 * all of the object is sent. Throws `InvalidRange` when it begins behind the end.
 */
export function parseRange(header: string | undefined, size: number): Range | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '');
  if (match === null) return undefined;
  const [first, last] = [match[1] as string, match[2] as string];
  if (first === '') {
    if (last === '') return undefined;
    const length = Math.min(Number(last), size);
    if (length === 0) throw invalidRange(header ?? '', size);
    return { offset: size - length, length };
  }
  const offset = Number(first);
  if (last !== '' && Number(last) < offset) return undefined;
  if (offset >= size) throw invalidRange(header ?? '', size);
  const end = last === '' ? size : Math.min(Number(last) + 1, size);
  return { offset, length: end - offset };
}

function invalidRange(header: string, size: number): S3Error {
  return new S3Error('InvalidRange', undefined, {
    details: { RangeRequested: header, ActualObjectSize: String(size) },
    headers: { 'Content-Range': `bytes */${size}` },
  });
}
