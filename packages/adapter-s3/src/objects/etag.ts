import { createHash } from 'node:crypto';
import type { ObjectEntry } from '@latchkey/vault';

const EMPTY_MD5 = 'd41d8cd98f00b204e9800998ecf8427e';

/**
 * The ETag of an object, without quotes. What S3 wrote has the one that S3 defines. For what other protocols wrote there
 * is none, and computing it would mean reading everything that is listed; such files get one by their version, in the
 * form of an upload in parts, which clients do not take for an MD5.
 */
export function etagOf(entry: ObjectEntry): string {
  if (entry.kind === 'directory') return EMPTY_MD5;
  if (entry.etag !== undefined) return entry.etag;
  return `${createHash('md5')
    .update(`${entry.id}:${entry.written ?? entry.revision}`)
    .digest('hex')}-1`;
}

export function quoted(etag: string): string {
  return `"${etag}"`;
}

export function unquoted(etag: string): string {
  return etag.replace(/^W\//, '').replace(/^"(.*)"$/, '$1');
}

/** Milliseconds since 1970, in whole seconds, as HTTP dates have them. */
export function modifiedOf(entry: ObjectEntry): number {
  return entry.modified.seconds * 1000;
}
