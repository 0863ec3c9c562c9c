import { createHash } from 'node:crypto';
import type { Chain } from '../auth/authenticate.js';
import { hmac, sameSignature, scopeText, sha256Hex } from '../auth/signature.js';
import { S3Error } from '../errors.js';
import { ByteReader } from './byte-reader.js';

/*
 * The framing `aws-chunked` (S3 API reference, "Signature calculations for the authorization header: transferring
 * payload in multiple chunks"). Each chunk is its length in hexadecimal, in the signed forms with a signature that is
 * chained to the one before and so to that of the request; the last has no bytes; then come the trailers. Data is
 * handed on before the signature of its chunk is checked, because nothing is published before the end.
 */

export interface Framing {
  /** Absent: chunks are not signed. */
  readonly chain?: Chain;
  /** The only header that may, and then must, stand in the trailer. */
  readonly trailer?: string;
  /** Told the value of that header. */
  readonly onTrailer: (value: string) => void;
}

const MAX_LINE = 1024;
const EMPTY_SHA256 = sha256Hex('');
const SIZE = /^([0-9a-fA-F]{1,13})(?:;chunk-signature=([0-9a-f]{64}))?$/;

/** The content of a framed body. Throws for any deviation from the framing, also behind the last chunk. */
export async function* decodeAwsChunked(
  source: AsyncIterable<Uint8Array>,
  { chain, trailer, onTrailer }: Framing,
): AsyncGenerator<Uint8Array> {
  const reader = new ByteReader(source);
  let signature = chain?.seed ?? '';
  for (;;) {
    const match = SIZE.exec((await reader.line(MAX_LINE)) ?? malformed());
    if (match === null || (match[2] === undefined) !== (chain === undefined)) return malformed();
    const size = Number.parseInt(match[1] as string, 16);
    const digest = createHash('sha256');
    for (let left = size; left > 0; ) {
      const bytes = (await reader.some(left)) ?? incomplete();
      if (chain !== undefined) digest.update(bytes);
      left -= bytes.length;
      yield bytes;
    }
    if (chain !== undefined) {
      const kind = ['AWS4-HMAC-SHA256-PAYLOAD', chain.date, scopeText(chain.scope), signature, EMPTY_SHA256];
      signature = expectSignature(chain, [...kind, digest.digest('hex')], match[2] as string);
    }
    if (size === 0) break;
    if ((await reader.line(0)) !== '') return malformed();
  }
  await readTrailer(reader, chain, signature, trailer, onTrailer);
  if (!(await reader.atEnd())) malformed();
}

async function readTrailer(
  reader: ByteReader,
  chain: Chain | undefined,
  last: string,
  wanted: string | undefined,
  onTrailer: (value: string) => void,
): Promise<void> {
  const fields = new Map<string, string>();
  for (;;) {
    const line = (await reader.line(MAX_LINE)) ?? incomplete();
    if (line === '') break;
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0)).toLowerCase();
    if (colon < 1 || fields.has(name) || fields.size > 1) throw new S3Error('MalformedTrailerError');
    fields.set(name, line.slice(colon + 1).trim());
  }
  const signature = fields.get('x-amz-trailer-signature');
  fields.delete('x-amz-trailer-signature');
  const names = [...fields.keys()];
  if (names.length !== (wanted === undefined ? 0 : 1) || (wanted !== undefined && names[0] !== wanted))
    throw new S3Error('MalformedTrailerError');
  if ((signature !== undefined) !== (chain !== undefined && wanted !== undefined))
    throw new S3Error('MalformedTrailerError');
  if (chain !== undefined && signature !== undefined) {
    const lines = [...fields].map(([name, value]) => `${name}:${value}\n`).join('');
    const kind = ['AWS4-HMAC-SHA256-TRAILER', chain.date, scopeText(chain.scope), last];
    expectSignature(chain, [...kind, sha256Hex(lines)], signature);
  }
  if (wanted !== undefined) onTrailer(fields.get(wanted) as string);
}

function expectSignature(chain: Chain, lines: readonly string[], given: string): string {
  const expected = hmac(chain.key, lines.join('\n')).toString('hex');
  if (!sameSignature(expected, given)) throw new S3Error('SignatureDoesNotMatch');
  return expected;
}

function malformed(): never {
  throw new S3Error('InvalidRequest', 'The body is not well-formed aws-chunked data.');
}

function incomplete(): never {
  throw new S3Error('IncompleteBody');
}
