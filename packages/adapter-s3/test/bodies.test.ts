import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bytes, content, type Fixture, startFixture } from './support/fixture.js';
import { type Answer, chunked, send, sha256, signed, type Wire } from './support/signing.js';

/* Rows 38 and 39 of docs/attacks.md: bodies that are not what was declared, and requests that two readers read as two. */

const DATA = bytes(200_000);
const CHUNKS = [DATA.subarray(0, 65_536), DATA.subarray(65_536, 131_072), DATA.subarray(131_072)];
const SIGNED = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD';
const SIGNED_TRAILER = `${SIGNED}-TRAILER`;
const UNSIGNED_TRAILER = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';
const CRC = base64Crc(DATA);

let fixture: Fixture;

beforeAll(async () => {
  fixture = await startFixture();
  await fixture.session.mkdir(['b']);
});
afterAll(() => fixture.close());
beforeEach(() => fixture.session.write(['b', 'k'], Buffer.from('the old object')));

function base64Crc(data: Uint8Array): string {
  const value = Buffer.alloc(4);
  value.writeUInt32BE(crc32(data));
  return value.toString('base64');
}

function base64(algorithm: string, data: Uint8Array): string {
  return createHash(algorithm).update(data).digest('base64');
}

function put(headers: Record<string, string>): Promise<Wire> {
  return signed(fixture.port, { method: 'PUT', path: '/b/k', headers });
}

async function expectRefused(answer: Answer, status: number, code: string | undefined): Promise<void> {
  expect([answer.status, answer.code]).toEqual([status, code]);
  expect((await content(fixture.session, 'b', 'k')).toString()).toBe('the old object');
}

function streaming(
  word: string,
  trailer: boolean,
  more: Record<string, string> = {},
): Record<string, string> {
  return {
    'x-amz-content-sha256': word,
    'content-encoding': 'aws-chunked',
    'x-amz-decoded-content-length': String(DATA.length),
    ...(trailer ? { 'x-amz-trailer': 'x-amz-checksum-crc32' } : {}),
    ...more,
  };
}

describe('bodies', () => {
  it.each([
    [SIGNED, true, false],
    [SIGNED_TRAILER, true, true],
    [UNSIGNED_TRAILER, false, true],
  ])('are taken out of their framing: %s', async (word, isSigned, trailer) => {
    const wire = await put(streaming(word, trailer, { 'content-encoding': 'aws-chunked,gzip' }));
    const body = chunked({
      wire,
      chunks: CHUNKS,
      signed: isSigned,
      ...(trailer ? { trailer: ['x-amz-checksum-crc32', CRC] as const } : {}),
    });
    expect((await send(fixture.port, wire, body)).status).toBe(200);
    expect(Buffer.compare(await content(fixture.session, 'b', 'k'), DATA)).toBe(0);
    expect([...(await fixture.session.statObject(['b', 'k'])).metadata]).toEqual([
      [':content-encoding', 'gzip'],
    ]);
  });

  const declared: [string, Record<string, string>, string][] = [
    ['a SHA-256 of the payload', { 'x-amz-content-sha256': sha256('other') }, 'XAmzContentSHA256Mismatch'],
    ['an MD5', { 'content-md5': base64('md5', Buffer.from('other')) }, 'BadDigest'],
    ['a malformed MD5', { 'content-md5': 'abc' }, 'InvalidDigest'],
    ['a CRC32', { 'x-amz-checksum-crc32': base64Crc(Buffer.from('other')) }, 'BadDigest'],
    ['a CRC32C', { 'x-amz-checksum-crc32c': 'AAAAAA==' }, 'BadDigest'],
    ['a CRC64NVME', { 'x-amz-checksum-crc64nvme': 'AAAAAAAAAAA=' }, 'BadDigest'],
    ['a SHA-1', { 'x-amz-checksum-sha1': base64('sha1', Buffer.from('other')) }, 'BadDigest'],
    ['a SHA-256', { 'x-amz-checksum-sha256': base64('sha256', Buffer.from('other')) }, 'BadDigest'],
    ['a checksum of the wrong length', { 'x-amz-checksum-crc32': 'AAAA' }, 'InvalidRequest'],
    ['two checksums', { 'x-amz-checksum-crc32': CRC, 'x-amz-checksum-crc32c': 'AAAAAA==' }, 'InvalidRequest'],
    ['an algorithm without a value', { 'x-amz-sdk-checksum-algorithm': 'CRC32' }, 'InvalidRequest'],
    ['a trailer without framing', { 'x-amz-trailer': 'x-amz-checksum-crc32' }, 'InvalidRequest'],
    ['a word that is none', { 'x-amz-content-sha256': 'STREAMING-SOMETHING' }, 'NotImplemented'],
  ];
  it.each(declared)('are refused when %s does not hold', async (_, headers, code) => {
    const wire = await put({ 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', ...headers });
    await expectRefused(await send(fixture.port, wire, DATA), code === 'NotImplemented' ? 501 : 400, code);
  });

  const signedFaults: [string, (body: Buffer) => Buffer, number, string][] = [
    ['a changed byte', (body) => flip(body, 70_000), 403, 'SignatureDoesNotMatch'],
    ['a changed signature', (body) => flip(body, body.indexOf('=') + 3), 403, 'SignatureDoesNotMatch'],
    ['a chunk less', (body) => cutChunk(body), 403, 'SignatureDoesNotMatch'],
    ['no last chunk', (body) => body.subarray(0, body.lastIndexOf('\r\n0;')), 400, 'InvalidRequest'],
    ['half of a chunk', (body) => body.subarray(0, 100_000), 400, 'IncompleteBody'],
    ['bytes behind the end', (body) => Buffer.concat([body, Buffer.from('x')]), 400, 'InvalidRequest'],
    ['no signatures', (body) => unsignedChunks(body), 400, 'InvalidRequest'],
    ['a length that is none', (body) => Buffer.concat([Buffer.from('+'), body]), 400, 'InvalidRequest'],
    ['no framing', () => DATA, 400, 'InvalidRequest'],
  ];
  it.each(signedFaults)('with signed chunks are refused with %s', async (_, change, status, code) => {
    const wire = await put(streaming(SIGNED, false));
    const body = chunked({ wire, chunks: CHUNKS, signed: true });
    await expectRefused(await send(fixture.port, wire, change(body)), status, code);
  });

  it.each([-1, 1])('are refused when the decoded length is wrong by %i', async (by) => {
    const more = { 'x-amz-decoded-content-length': String(DATA.length + by) };
    const wire = await put(streaming(SIGNED, false, more));
    await expectRefused(
      await send(fixture.port, wire, chunked({ wire, chunks: CHUNKS, signed: true })),
      400,
      'IncompleteBody',
    );
  });

  const wrongCrc = base64Crc(Buffer.from('other'));
  const trailers: [string, readonly [string, string] | undefined, string][] = [
    ['of other content', ['x-amz-checksum-crc32', wrongCrc], 'BadDigest'],
    ['that is malformed', ['x-amz-checksum-crc32', 'x'], 'InvalidRequest'],
    ['of another algorithm', ['x-amz-checksum-crc32c', 'AAAAAA=='], 'MalformedTrailerError'],
    ['that is missing', undefined, 'MalformedTrailerError'],
  ];
  it.each(trailers)('are refused with a trailer %s', async (_, trailer, code) => {
    for (const [word, isSigned] of [[SIGNED_TRAILER, true] as const, [UNSIGNED_TRAILER, false] as const]) {
      const wire = await put(streaming(word, true));
      const body = chunked({ wire, chunks: CHUNKS, signed: isSigned, ...(trailer ? { trailer } : {}) });
      await expectRefused(await send(fixture.port, wire, body), 400, code);
    }
  });

  it('are refused, with an answer, before the rest has come', async () => {
    const wire = await put({ ...streaming(SIGNED, false), 'Content-Length': '1000000' });
    const framed = chunked({ wire, chunks: CHUNKS, signed: true }).toString('latin1');
    const wrong = framed.replace(/;chunk-signature=[0-9a-f]{64}/, `;chunk-signature=${'0'.repeat(64)}`);
    const begun = Buffer.from(wrong.slice(0, 80_000), 'latin1');
    const answer = await exchange(Buffer.concat([raw(wire), begun]));
    expect(answer).toMatch(/^HTTP\/1\.1 403 [\s\S]*<Code>SignatureDoesNotMatch</);
    expect((await content(fixture.session, 'b', 'k')).toString()).toBe('the old object');
  });

  it('are refused when the signature of the trailer is wrong', async () => {
    const wire = await put(streaming(SIGNED_TRAILER, true));
    const trailer = ['x-amz-checksum-crc32', CRC] as const;
    const body = chunked({ wire, chunks: CHUNKS, signed: true, trailer });
    await expectRefused(
      await send(fixture.port, wire, flip(body, body.length - 10)),
      403,
      'SignatureDoesNotMatch',
    );
  });

  it('that end early leave the old object', async () => {
    const wire = await put({ 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', 'content-length': '200000' });
    const text = raw(wire);
    await exchange(Buffer.concat([text, DATA.subarray(0, 150_000)]), true);
    expect((await content(fixture.session, 'b', 'k')).toString()).toBe('the old object');
  });

  it('are asked for only after the signature is found right', async () => {
    const headers = {
      'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
      'content-length': '5',
      expect: '100-continue',
    };
    const wrong = raw(
      await signed(fixture.port, { method: 'PUT', path: '/b/k', headers }, { secretAccessKey: 'x' }),
    );
    const refused = await exchange(wrong);
    expect(refused).toMatch(/^HTTP\/1\.1 403 /);
    expect(refused).not.toContain('100 Continue');
    expect(await exchange(raw(await put(headers)), false, 'HTTP/1.1 100', 'hello')).toContain(
      'HTTP/1.1 200 OK',
    );
    expect((await content(fixture.session, 'b', 'k')).toString()).toBe('hello');
  });
});

describe('requests that could be taken for others', () => {
  const smuggled: [string, readonly (readonly [string, string])[]][] = [
    [
      'Content-Length with Transfer-Encoding',
      [
        ['Content-Length', '5'],
        ['Transfer-Encoding', 'chunked'],
      ],
    ],
    [
      'two lengths',
      [
        ['Content-Length', '5'],
        ['Content-Length', '6'],
      ],
    ],
    [
      'two hosts',
      [
        ['Content-Length', '5'],
        ['Host', 'elsewhere'],
      ],
    ],
    [
      'two conditions',
      [
        ['Content-Length', '5'],
        ['If-Match', 'a'],
        ['If-Match', 'b'],
      ],
    ],
    [
      'a folded header',
      [
        ['Content-Length', '5'],
        ['x-fold', 'a\r\n b'],
      ],
    ],
    ['a length with a sign', [['Content-Length', '+5']]],
  ];
  it.each(smuggled)('are refused: %s', async (_, headers) => {
    const wire = await put({ 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' });
    const both = { ...wire, headers: [...wire.headers, ...headers] };
    const answer = await exchange(Buffer.concat([raw(both), Buffer.from('hello')]));
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect((await content(fixture.session, 'b', 'k')).toString()).toBe('the old object');
  });

  it('are refused with a signature in the header and in the query', async () => {
    const header = await put({ 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' });
    const query = await signed(fixture.port, { method: 'PUT', path: '/b/k' }, { expiresIn: 60 });
    const both = { ...header, target: query.target };
    await expectRefused(await send(fixture.port, both, 'hello'), 400, 'InvalidArgument');
  });

  it('are refused with a parameter that comes twice', async () => {
    const wire = await signed(fixture.port, { method: 'GET', path: '/b', query: { prefix: 'a' } });
    const answer = await send(fixture.port, { ...wire, target: `${wire.target}&prefix=b` });
    expect([answer.status, answer.code]).toEqual([403, 'AccessDenied']);
  });
});

function flip(body: Buffer, at: number): Buffer {
  const changed = Buffer.from(body);
  changed[at] = changed[at] === 0x31 ? 0x32 : 0x31;
  return changed;
}

/** Without the second chunk. */
function cutChunk(body: Buffer): Buffer {
  const header = body.indexOf('\r\n') + 2;
  const second = header + 65_536 + 2;
  const length = body.indexOf('\r\n', second) + 2 - second + 65_536 + 2;
  return Buffer.concat([body.subarray(0, second), body.subarray(second + length)]);
}

function unsignedChunks(body: Buffer): Buffer {
  return Buffer.from(body.toString('latin1').replace(/;chunk-signature=[0-9a-f]{64}/g, ''), 'latin1');
}

function raw(wire: Wire): Buffer {
  const lines = wire.headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return Buffer.from(`${wire.method} ${wire.target} HTTP/1.1\r\n${lines}\r\n`, 'latin1');
}

/** What the server says to these bytes until it closes, or has answered. */
function exchange(out: Buffer, end = false, after?: string, more?: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(fixture.port, '127.0.0.1');
    let text = '';
    let waiting = after !== undefined;
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
    socket.on('data', (data) => {
      text += data.toString('latin1');
      if (waiting && after !== undefined && text.includes(after)) {
        waiting = false;
        socket.write(more ?? '');
      } else if (/HTTP\/1\.1 [2-5]\d\d/.test(text)) socket.destroy();
    });
    socket.write(out, () => {
      if (end) socket.destroy();
    });
  });
}
