import { isIP } from 'node:net';
import { S3Error } from '../errors.js';
import { percentDecode } from './url.js';

/** What a request is about: the service, a bucket, or an object in it. */
export interface Address {
  readonly bucket: string | undefined;
  /** Without the slash in front; undefined for a bucket. */
  readonly key: string | undefined;
}

/** From the host (virtual-host style, when it is a subdomain of one of `domains`) and the path (path style). */
export function addressOf(host: string | undefined, rawPath: string, domains: readonly string[]): Address {
  const bucket = bucketOfHost(host, domains);
  if (bucket !== undefined) return { bucket, key: keyOf(rawPath.slice(1)) };
  const slash = rawPath.indexOf('/', 1);
  const first = percentDecode(slash < 0 ? rawPath.slice(1) : rawPath.slice(1, slash));
  if (first === '') {
    if (slash >= 0) throw new S3Error('InvalidBucketName');
    return { bucket: undefined, key: undefined };
  }
  return { bucket: first, key: slash < 0 ? undefined : keyOf(rawPath.slice(slash + 1)) };
}

function keyOf(raw: string): string | undefined {
  return raw === '' ? undefined : percentDecode(raw);
}

function bucketOfHost(host: string | undefined, domains: readonly string[]): string | undefined {
  const name = host?.replace(/:\d+$/, '').toLowerCase();
  if (name === undefined || isIP(name) !== 0) return undefined;
  for (const domain of domains) {
    const suffix = `.${domain.toLowerCase()}`;
    if (name.endsWith(suffix) && name.length > suffix.length) return name.slice(0, -suffix.length);
  }
  return undefined;
}
