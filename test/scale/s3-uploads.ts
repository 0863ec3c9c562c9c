import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { crc32 } from 'node:zlib';
import { type Chain, hmac, requestOf, type Wanted, type Web } from '../bench/web-requests.mjs';

/* A client of S3 that sends large bodies in all the ways in which they are sent, and holds next to nothing of them. */

const PIECE = randomBytes(256 * 1024);
const PIECE_SHA256 = createHash('sha256').update(PIECE).digest('hex');
const EMPTY_SHA256 = createHash('sha256').digest('hex');
const PART_BYTES = 8 * 1024 * 1024;

interface Answer {
  readonly status: number;
  readonly head: string;
  readonly text: string;
}

/** Pieces of a body that has been framed already. */
type Framed = Iterable<Uint8Array>;

/** Resolves when everything has been sent, or the server has answered before. */
async function write(socket: Socket, pieces: Framed): Promise<void> {
  for (const piece of pieces) if (!socket.write(piece)) await once(socket, 'drain');
}

async function exchange(
  web: Web,
  wanted: Wanted,
  body: (chain: Chain | undefined) => Framed,
): Promise<Answer> {
  const { target, headers, chain } = requestOf(web, wanted);
  const { hostname, port } = new URL(web.url);
  const socket = connect(Number(port), hostname);
  const pieces: Buffer[] = [];
  socket.on('data', (piece: Buffer) => pieces.push(piece));
  const closed = new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', () => resolve());
  });
  const lines = Object.entries({ ...headers, connection: 'close' }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  socket.write(`${wanted.method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`);
  await Promise.race([write(socket, body(chain)), closed]);
  await closed;
  const [head = '', text = ''] = Buffer.concat(pieces)
    .toString('utf8')
    .split(/\r\n\r\n(.*)/s);
  const status = Number(head.slice(9, 12));
  if (status !== 200 || text.includes('<Error>'))
    throw new Error(`${wanted.method} ${target}: ${head} ${text}`);
  return { status, head, text };
}

function* plain(bytes: number): Framed {
  for (let left = bytes; left > 0; left -= PIECE.length) yield PIECE.subarray(0, left);
}

/** Frames of whole pieces. */
function* signedChunks(bytes: number, chain: Chain): Framed {
  let previous = chain.signature;
  for (let left = bytes; left >= 0; left -= PIECE.length) {
    const digest = left > 0 ? PIECE_SHA256 : EMPTY_SHA256;
    const lines = ['AWS4-HMAC-SHA256-PAYLOAD', chain.date, chain.scope, previous, EMPTY_SHA256, digest];
    previous = hmac(chain.key, lines.join('\n')).toString('hex');
    const size = left > 0 ? PIECE.length : 0;
    yield Buffer.from(`${size.toString(16)};chunk-signature=${previous}\r\n`);
    if (left > 0) yield PIECE;
    yield Buffer.from('\r\n');
  }
}

function* chunksWithTrailer(bytes: number): Framed {
  let sum = 0;
  for (let left = bytes; left > 0; left -= PIECE.length) {
    sum = crc32(PIECE, sum);
    yield Buffer.from(`${PIECE.length.toString(16)}\r\n`);
    yield PIECE;
    yield Buffer.from('\r\n');
  }
  const value = Buffer.alloc(4);
  value.writeUInt32BE(sum);
  yield Buffer.from(`0\r\nx-amz-checksum-crc32:${value.toString('base64')}\r\n\r\n`);
}

function lengthOf(pieces: Framed): number {
  let bytes = 0;
  for (const piece of pieces) bytes += piece.length;
  return bytes;
}

const NO_CHAIN: Chain = { key: Buffer.alloc(32), date: '', scope: '', signature: '' };

/** Each sends `bytes`, a multiple of 256 KiB, under a key and resolves when the server has it all. */
export const WAYS: Readonly<Record<string, (web: Web, key: string, bytes: number) => Promise<unknown>>> = {
  'in signed chunks': (web, key, bytes) =>
    exchange(
      web,
      {
        method: 'PUT',
        key,
        length: lengthOf(signedChunks(bytes, NO_CHAIN)),
        payload: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
        headers: { 'content-encoding': 'aws-chunked', 'x-amz-decoded-content-length': String(bytes) },
      },
      (chain) => signedChunks(bytes, chain ?? NO_CHAIN),
    ),

  'in chunks with a trailer': (web, key, bytes) =>
    exchange(
      web,
      {
        method: 'PUT',
        key,
        length: lengthOf(chunksWithTrailer(bytes)),
        payload: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
        headers: {
          'content-encoding': 'aws-chunked',
          'x-amz-decoded-content-length': String(bytes),
          'x-amz-trailer': 'x-amz-checksum-crc32',
        },
      },
      () => chunksWithTrailer(bytes),
    ),

  'in parts': async (web, key, bytes) => {
    const begun = await exchange(web, { method: 'POST', key, query: { uploads: '' }, length: 0 }, () => []);
    const uploadId = /<UploadId>([^<]+)</.exec(begun.text)?.[1] ?? '';
    let parts = '';
    for (let number = 1, left = bytes; left > 0; number++, left -= PART_BYTES) {
      const length = Math.min(left, PART_BYTES);
      const query = { partNumber: String(number), uploadId };
      const { head } = await exchange(web, { method: 'PUT', key, query, length }, () => plain(length));
      const etag = /^etag: *(\S+)/im.exec(head)?.[1] ?? '';
      parts += `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag></Part>`;
    }
    const body = Buffer.from(`<CompleteMultipartUpload>${parts}</CompleteMultipartUpload>`);
    return exchange(web, { method: 'POST', key, query: { uploadId }, length: body.length }, () => [body]);
  },
};

/** Makes a bucket. */
export async function makeBucket(web: Web, name: string): Promise<void> {
  await exchange(web, { method: 'PUT', key: name, length: 0 }, () => []);
}

/** Bytes of an object, as the server tells them. */
export async function sizeOf(web: Web, key: string): Promise<number> {
  const { head } = await exchange(web, { method: 'HEAD', key }, () => []);
  return Number(/^content-length: *(\d+)/im.exec(head)?.[1]);
}
