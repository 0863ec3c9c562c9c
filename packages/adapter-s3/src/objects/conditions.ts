import type { ObjectEntry, Precondition } from '@latchkey/vault';
import { S3Error } from '../errors.js';
import type { Headers } from '../http/headers.js';
import { etagOf, modifiedOf, unquoted } from './etag.js';

function matches(header: string, entry: ObjectEntry): boolean {
  return header.split(',').some((one) => one.trim() === '*' || unquoted(one.trim()) === etagOf(entry));
}

/** A date of HTTP in milliseconds; a malformed one is as good as none. */
function dateOf(text: string | undefined): number | undefined {
  const time = Date.parse(text ?? '');
  return Number.isNaN(time) ? undefined : time;
}

/**
 * Conditions of GET and HEAD (RFC 9110 section 13.2.2), or with `prefix` those on the source of a copy, which know no
 * 304. Throws `PreconditionFailed` and `NotModified`.
 */
export function checkRead(headers: Headers, entry: ObjectEntry, prefix = ''): void {
  const failed = (condition: string): never => {
    throw new S3Error('PreconditionFailed', undefined, { details: { Condition: condition } });
  };
  const modified = modifiedOf(entry);
  const ifMatch = headers.get(`${prefix}if-match`);
  const unmodified = dateOf(headers.get(`${prefix}if-unmodified-since`));
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, entry)) failed('If-Match');
  } else if (unmodified !== undefined && modified > unmodified) failed('If-Unmodified-Since');
  const notModified = (condition: string): never =>
    prefix === ''
      ? (() => {
          throw new S3Error('NotModified', undefined, {
            headers: { ETag: `"${etagOf(entry)}"`, 'Last-Modified': new Date(modified).toUTCString() },
          });
        })()
      : failed(condition);
  const ifNoneMatch = headers.get(`${prefix}if-none-match`);
  const since = dateOf(headers.get(`${prefix}if-modified-since`));
  if (ifNoneMatch !== undefined) {
    if (matches(ifNoneMatch, entry)) notModified('If-None-Match');
  } else if (since !== undefined && modified <= since) notModified('If-Modified-Since');
}

/**
 * Conditions of a write (S3 user guide, "Conditional writes"), to be decided in the commit. `If-None-Match` takes `*` only,
 * as S3's does.
 */
export function writeCondition(headers: Headers): Precondition | undefined {
  const ifNoneMatch = headers.get('if-none-match');
  const ifMatch = headers.get('if-match');
  if (headers.has('if-modified-since') || headers.has('if-unmodified-since'))
    throw new S3Error('NotImplemented', 'Writes know If-Match and If-None-Match only.');
  if (ifNoneMatch === undefined && ifMatch === undefined) return undefined;
  if (ifNoneMatch !== undefined && (ifNoneMatch !== '*' || ifMatch !== undefined))
    throw new S3Error('NotImplemented', 'If-None-Match of a write is * and stands alone.');
  return (current) => {
    if (ifNoneMatch !== undefined && current !== undefined)
      throw new S3Error('PreconditionFailed', undefined, { details: { Condition: 'If-None-Match' } });
    if (ifMatch === undefined) return;
    if (current === undefined) throw new S3Error('NoSuchKey');
    if (!matches(ifMatch, current))
      throw new S3Error('PreconditionFailed', undefined, { details: { Condition: 'If-Match' } });
  };
}
