import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { TLSSocket } from 'node:tls';
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

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8);
LOOPBACK.addAddress('::1', 'ipv6');

/** Whether nobody between client and server could read a request: it came through TLS or from this machine. */
export function isSecure({ socket }: Pick<IncomingMessage, 'socket'>): boolean {
  const address = socket.remoteAddress ?? '';
  return socket instanceof TLSSocket || LOOPBACK.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
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
