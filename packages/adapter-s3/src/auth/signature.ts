import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Headers } from '../http/headers.js';
import { percentDecode, type Query, uriEncode } from '../http/url.js';

/*
 * Signature version 4 (AWS General Reference, "Signature Version 4 signing process", and S3 API reference,
 * "Authenticating requests"). Who knows the secret access key signs the request with a key derived for one day, region
 * and service. What is signed: the method, path, parameters, named headers, and the digest of the body or a word for how
 * the body is protected.
 */

export const ALGORITHM = 'AWS4-HMAC-SHA256';

/** Day, region and service that a signing key is good for. */
export interface Scope {
  /** YYYYMMDD. */
  readonly day: string;
  readonly region: string;
  readonly service: string;
}

export function scopeText({ day, region, service }: Scope): string {
  return `${day}/${region}/${service}/aws4_request`;
}

export function hmac(key: Uint8Array | string, text: string): Buffer {
  return createHmac('sha256', key).update(text, 'utf8').digest();
}

export function sha256Hex(text: string | Uint8Array): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Keys that were derived lately, by all that they are derived from; the oldest goes. Good for a day each. */
const derived = new Map<string, Buffer>();
const MAX_DERIVED = 64;

export function signingKey(secret: string, { day, region, service }: Scope): Buffer {
  const name = [secret, day, region, service].join('\n');
  let key = derived.get(name);
  if (key === undefined) {
    key = hmac(hmac(hmac(hmac(`AWS4${secret}`, day), region), service), 'aws4_request');
    const [oldest] = derived.size < MAX_DERIVED ? [] : derived.keys();
    if (oldest !== undefined) derived.delete(oldest);
    derived.set(name, key);
  }
  return key;
}

export interface Signable {
  readonly method: string;
  readonly rawPath: string;
  readonly query: Query;
  readonly headers: Headers;
}

/**
 * The canonical request, in the forms that clients make of one: from the decoded path and parameters, encoded anew, and
 * from both as they came. Any of them names the same object, because both decode to the same.
 */
export function canonicalRequests(
  { method, rawPath, query, headers }: Signable,
  signedHeaders: readonly string[],
  payload: string,
): string[] {
  const lines = signedHeaders.map((name) => `${name}:${(headers.get(name) ?? '').replace(/\s+/g, ' ')}\n`);
  const form = (path: string, pairs: readonly (readonly [string, string])[]): string => {
    const parameters = pairs
      .filter(([name]) => name !== 'X-Amz-Signature')
      .sort(byBytes)
      .map(([name, value]) => `${name}=${value}`)
      .join('&');
    return [method, path, parameters, lines.join(''), signedHeaders.join(';'), payload].join('\n');
  };
  const encoded = query.pairs.map(([name, value]) => [uriEncode(name), uriEncode(value)] as const);
  const anew = form(uriEncode(percentDecode(rawPath), true), encoded);
  const asSent = form(rawPath, query.rawPairs);
  return anew === asSent ? [anew] : [anew, asSent];
}

export function stringToSign(date: string, scope: Scope, canonical: string): string {
  return [ALGORITHM, date, scopeText(scope), sha256Hex(canonical)].join('\n');
}

/** Compares in constant time; both are text of a signature. */
export function sameSignature(a: string, b: string): boolean {
  const x = Buffer.from(a, 'utf8');
  const y = Buffer.from(b, 'utf8');
  return x.length === y.length && timingSafeEqual(x, y);
}

function byBytes(a: readonly [string, string], b: readonly [string, string]): number {
  return compare(a[0], b[0]) || compare(a[1], b[1]);
}

/** Encoded text is ASCII, so code units are bytes. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
