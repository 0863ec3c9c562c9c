import { createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
  type UploadPartCopyCommandOutput,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isSecure } from '../src/http/address.js';
import { Headers } from '../src/http/headers.js';
import { openChunks, openedSize, sealChunks, sealedSize } from '../src/sse/chunks.js';
import { customerKeyOf } from '../src/sse/customer-key.js';
import { bytes, content, type Fixture, startFixture } from './support/fixture.js';
import { send, signed } from './support/signing.js';

const CHUNK = 65_536;
const KEY = Buffer.alloc(32, 7);
const OTHER = Buffer.alloc(32, 8);
const Bucket = 'sealed';

function md5(data: Uint8Array): string {
  return createHash('md5').update(data).digest('base64');
}

/** Parameters of the SDK for a key. */
function keyed(key: Buffer): {
  SSECustomerAlgorithm: string;
  SSECustomerKey: string;
  SSECustomerKeyMD5: string;
} {
  return {
    SSECustomerAlgorithm: 'AES256',
    SSECustomerKey: key.toString('base64'),
    SSECustomerKeyMD5: md5(key),
  };
}

function copyKeyed(key: Buffer): object {
  return Object.fromEntries(Object.entries(keyed(key)).map(([name, value]) => [`CopySource${name}`, value]));
}

let fixture: Fixture;
let client: S3Client;

beforeAll(async () => {
  fixture = await startFixture();
  client = fixture.client();
  await client.send(new CreateBucketCommand({ Bucket }));
});
afterAll(() => fixture.close());

async function get(Key: string, more: object = keyed(KEY)): Promise<Buffer> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key, ...more }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

async function failure(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (thrown: { name: string; $metadata: { httpStatusCode: number } }) => thrown,
  );
  return `${error?.$metadata.httpStatusCode} ${error?.name}`;
}

describe('objects under a key of the customer', () => {
  it.each([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 300_001])(
    'come back whole: %i bytes',
    async (size) => {
      const Body = bytes(size);
      const put = await client.send(new PutObjectCommand({ Bucket, Key: 'whole', Body, ...keyed(KEY) }));
      expect(put.SSECustomerKeyMD5).toBe(md5(KEY));
      expect(put.ETag).toMatch(/^"[0-9a-f]{32}"$/);
      expect(put.ETag).not.toBe(`"${createHash('md5').update(Body).digest('hex')}"`);
      const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'whole', ...keyed(KEY) }));
      expect(head).toMatchObject({ ContentLength: size, SSECustomerAlgorithm: 'AES256', ETag: put.ETag });
      expect((await get('whole')).equals(Body)).toBe(true);
      const { Contents } = await client.send(new ListObjectsV2Command({ Bucket, Prefix: 'whole' }));
      expect(Contents).toMatchObject([{ Size: size, ETag: put.ETag }]);
    },
  );

  it('give any range', async () => {
    const Body = bytes(3 * CHUNK + 5);
    await client.send(new PutObjectCommand({ Bucket, Key: 'range', Body, ...keyed(KEY) }));
    for (const [first, last] of [
      [0, 0],
      [CHUNK - 1, CHUNK],
      [CHUNK, 2 * CHUNK - 1],
      [10, 3 * CHUNK + 4],
      [3 * CHUNK + 4, 3 * CHUNK + 4],
    ] as const) {
      const part = await get('range', { ...keyed(KEY), Range: `bytes=${first}-${last}` });
      expect(part.equals(Body.subarray(first, last + 1))).toBe(true);
    }
    expect((await get('range', { ...keyed(KEY), Range: 'bytes=-7' })).equals(Body.subarray(-7))).toBe(true);
  });

  it('are stored as chunks that the documented derivation opens, with nothing of the key beside them', async () => {
    const Body = bytes(CHUNK + 10, 3);
    await client.send(new PutObjectCommand({ Bucket, Key: 'stored', Body, ...keyed(KEY) }));
    const stored = await content(fixture.session, Bucket, 'stored');
    expect(stored.length).toBe(CHUNK + 10 + 32);
    const { digests, etag } = await fixture.session.statObject([Bucket, 'stored']);
    const seal = Buffer.from(digests?.get('sse-c') ?? []);
    const salt = seal.subarray(0, 32);
    const derive = (label: string): Buffer =>
      Buffer.from(hkdfSync('sha256', KEY, salt, `latchkey/1/sse-c/${label}`, 32));
    expect(seal.subarray(32).equals(derive('check'))).toBe(true);
    const opened = [stored.subarray(0, CHUNK + 16), stored.subarray(CHUNK + 16)].map((chunk, at) => {
      const nonce = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, at, at]);
      const decipher = createDecipheriv('aes-256-gcm', derive('content'), nonce, { authTagLength: 16 });
      decipher.setAuthTag(chunk.subarray(-16));
      return Buffer.concat([decipher.update(chunk.subarray(0, -16)), decipher.final()]);
    });
    expect(Buffer.concat(opened).equals(Body)).toBe(true);
    const kept = JSON.stringify([
      etag,
      [...(digests ?? [])].map(([, value]) => Buffer.from(value).toString('hex')),
    ]);
    for (const secret of [KEY.toString('hex'), createHash('md5').update(KEY).digest('hex')])
      expect(kept).not.toContain(secret);
    const log = JSON.stringify(fixture.log);
    expect(log).not.toContain(KEY.toString('base64'));
    expect(log).not.toContain(md5(KEY));
  });

  it('open with their key alone', async () => {
    await client.send(new PutObjectCommand({ Bucket, Key: 'mine', Body: 'secret', ...keyed(KEY) }));
    await client.send(new PutObjectCommand({ Bucket, Key: 'open', Body: 'open' }));
    expect(await failure(get('mine', {}))).toBe('400 InvalidRequest');
    expect(await failure(get('mine', keyed(OTHER)))).toBe('403 AccessDenied');
    expect(await failure(get('open', keyed(KEY)))).toBe('400 InvalidRequest');
    const head = (more: object): Promise<unknown> =>
      client.send(new HeadObjectCommand({ Bucket, Key: 'mine', ...more }));
    expect(await failure(head({}))).toMatch(/^400 /);
    expect(await failure(head(keyed(OTHER)))).toMatch(/^403 /);
  });

  it('are cut off when what is stored has been changed', async () => {
    await client.send(new PutObjectCommand({ Bucket, Key: 'spoiled', Body: bytes(1000), ...keyed(KEY) }));
    const entry = await fixture.session.statObject([Bucket, 'spoiled']);
    const stored = await content(fixture.session, Bucket, 'spoiled');
    stored[5] = (stored[5] ?? 0) ^ 1;
    const { digests = new Map<string, Uint8Array>() } = entry;
    await fixture.session.writeObject([Bucket, 'spoiled'], stored, { describe: () => ({ digests }) });
    await expect(get('spoiled')).rejects.toThrow();
  });
});

describe('the headers of a key', () => {
  const base = 'x-amz-server-side-encryption-customer-';
  const good = {
    [`${base}algorithm`]: 'AES256',
    [`${base}key`]: KEY.toString('base64'),
    [`${base}key-md5`]: md5(KEY),
  };

  it.each([
    [
      'another algorithm',
      { ...good, [`${base}algorithm`]: 'AES128' },
      400,
      'InvalidEncryptionAlgorithmError',
    ],
    [
      'a short key',
      { ...good, [`${base}key`]: 'AAAA', [`${base}key-md5`]: md5(Buffer.alloc(3)) },
      400,
      'InvalidArgument',
    ],
    ['no base64', { ...good, [`${base}key`]: '?' }, 400, 'InvalidArgument'],
    ['the MD5 of another', { ...good, [`${base}key-md5`]: md5(OTHER) }, 400, 'InvalidArgument'],
    ['an algorithm alone', { [`${base}algorithm`]: 'AES256' }, 400, 'InvalidArgument'],
    ['a key alone', { [`${base}key`]: KEY.toString('base64') }, 400, 'InvalidArgument'],
    [
      'no MD5',
      { [`${base}algorithm`]: 'AES256', [`${base}key`]: KEY.toString('base64') },
      400,
      'InvalidArgument',
    ],
    ['SSE-S3 beside it', { ...good, 'x-amz-server-side-encryption': 'AES256' }, 400, 'InvalidArgument'],
  ])('are refused with %s', async (_, more, status, code) => {
    const headers = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', ...more };
    const wire = await signed(fixture.port, { method: 'PUT', path: `/${Bucket}/refused`, headers });
    const answer = await send(fixture.port, wire, 'content');
    expect([answer.status, answer.code]).toEqual([status, code]);
    await expect(fixture.session.stat([Bucket, 'refused'])).rejects.toMatchObject({ code: 'not-found' });
  });

  it('are refused where others could have read them', () => {
    const headers = new Headers(Object.entries(good).flat());
    expect(() => customerKeyOf({ headers, secure: false })).toThrow(
      expect.objectContaining({ code: 'InvalidRequest' }),
    );
    expect(customerKeyOf({ headers, secure: true })?.key.equals(KEY)).toBe(true);
    const from = (remoteAddress: string): boolean => isSecure({ socket: { remoteAddress } } as never);
    expect(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'].map(from)).toEqual([true, true, true, true]);
    expect(['10.0.0.1', '::2', '::ffff:10.0.0.1', ''].map(from)).toEqual([false, false, false, false]);
  });
});

describe('uploads in parts under a key', () => {
  const PART = 5 * 1024 * 1024;

  async function upload(
    Key: string,
    parts: readonly Buffer[],
    more: object = {},
  ): Promise<string | undefined> {
    const begun = await client.send(
      new CreateMultipartUploadCommand({ Bucket, Key, ...keyed(KEY), ...more }),
    );
    expect(begun.SSECustomerKeyMD5).toBe(md5(KEY));
    const { UploadId } = begun;
    const Parts = [];
    for (const [at, Body] of parts.entries()) {
      const part = { Bucket, Key, UploadId, PartNumber: 2 * at + 1, Body, ...keyed(KEY) };
      const { ETag, ChecksumCRC32 } = await client.send(new UploadPartCommand(part));
      Parts.push({ PartNumber: part.PartNumber, ETag, ChecksumCRC32 });
    }
    const listed = await client.send(new ListPartsCommand({ Bucket, Key, UploadId }));
    expect(listed.Parts?.map((part) => part.Size)).toEqual(parts.map((part) => part.length));
    const done = await client.send(
      new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }),
    );
    return done.ETag;
  }

  it('give the whole, ranges over the bounds of parts, and parts', async () => {
    const parts = [bytes(PART, 1), bytes(PART + 77, 2), bytes(1234, 3)];
    const whole = Buffer.concat(parts);
    const etag = await upload('parts', parts);
    expect(etag).toMatch(/-3"$/);
    expect((await get('parts')).equals(whole)).toBe(true);
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'parts', ...keyed(KEY) }));
    expect(head.ContentLength).toBe(whole.length);
    for (const [first, last] of [
      [PART - 10, PART + 10],
      [2 * PART + 70, whole.length - 1],
      [PART - 1, 2 * PART + 78],
      [whole.length - 1, whole.length - 1],
    ] as const) {
      const part = await get('parts', { ...keyed(KEY), Range: `bytes=${first}-${last}` });
      expect(part.equals(whole.subarray(first, last + 1))).toBe(true);
    }
    const second = await get('parts', { ...keyed(KEY), PartNumber: 3 });
    expect(second.equals(parts[1] as Buffer)).toBe(true);
    expect(await failure(get('parts', {}))).toBe('400 InvalidRequest');
    expect(await failure(get('parts', keyed(OTHER)))).toBe('403 AccessDenied');
  });

  it('compute a checksum of the whole from those of the parts', async () => {
    const parts = [bytes(PART, 4), bytes(100, 5)];
    await upload('summed', parts, { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' });
    await client.send(
      new PutObjectCommand({ Bucket, Key: 'plain', Body: Buffer.concat(parts), ChecksumAlgorithm: 'CRC32' }),
    );
    const [one, other] = await Promise.all([
      client.send(new HeadObjectCommand({ Bucket, Key: 'summed', ChecksumMode: 'ENABLED', ...keyed(KEY) })),
      client.send(new HeadObjectCommand({ Bucket, Key: 'plain', ChecksumMode: 'ENABLED' })),
    ]);
    expect(one.ChecksumCRC32).toBe(other.ChecksumCRC32);
    expect(one.ChecksumCRC32).toMatch(/./);
  });

  it('want the key of the upload with every part', async () => {
    const Key = 'strict';
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key, ...keyed(KEY) }));
    const part = (more: object, id = UploadId): Promise<unknown> =>
      client.send(new UploadPartCommand({ Bucket, Key, UploadId: id, PartNumber: 1, Body: 'x', ...more }));
    expect(await failure(part({}))).toBe('400 InvalidRequest');
    expect(await failure(part(keyed(OTHER)))).toBe('400 InvalidRequest');
    const open = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    expect(await failure(part(keyed(KEY), open.UploadId))).toBe('400 InvalidRequest');
  });

  it('take parts that are copied from objects under other keys', async () => {
    const Body = bytes(PART + 500, 6);
    const Key = 'copied-parts';
    await client.send(new PutObjectCommand({ Bucket, Key: 'from', Body, ...keyed(OTHER) }));
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key, ...keyed(KEY) }));
    const copy = (PartNumber: number, range: string): Promise<UploadPartCopyCommandOutput> =>
      client.send(
        new UploadPartCopyCommand({
          ...{
            Bucket,
            Key,
            UploadId,
            PartNumber,
            CopySource: `${Bucket}/from`,
            CopySourceRange: `bytes=${range}`,
          },
          ...keyed(KEY),
          ...copyKeyed(OTHER),
        }),
      );
    const made = [await copy(1, `0-${PART - 1}`), await copy(2, `${PART}-${PART + 499}`)];
    const Parts = made.map((one, at) => ({ PartNumber: at + 1, ETag: one.CopyPartResult?.ETag }));
    await client.send(
      new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }),
    );
    expect((await get(Key)).equals(Body)).toBe(true);
    expect(await failure(copy(3, `0-${PART + 500}`))).toBe('404 NoSuchUpload');
  });
});

describe('copies', () => {
  const Body = bytes(200_000, 9);
  const copy = (Key: string, from: string, more: object): Promise<unknown> =>
    client.send(new CopyObjectCommand({ Bucket, Key, CopySource: `${Bucket}/${from}`, ...more }));

  it('change from one key to another, to none, and to one', async () => {
    await client.send(
      new PutObjectCommand({
        Bucket,
        Key: 'source',
        Body,
        ContentType: 'a/b',
        Metadata: { k: 'v' },
        ...keyed(KEY),
      }),
    );
    await copy('rekeyed', 'source', { ...copyKeyed(KEY), ...keyed(OTHER) });
    expect((await get('rekeyed', keyed(OTHER))).equals(Body)).toBe(true);
    expect(await failure(get('rekeyed'))).toBe('403 AccessDenied');
    await copy('bared', 'rekeyed', copyKeyed(OTHER));
    const bared = await client.send(new HeadObjectCommand({ Bucket, Key: 'bared' }));
    expect(bared).toMatchObject({ ContentType: 'a/b', Metadata: { k: 'v' }, ContentLength: Body.length });
    expect(bared.ETag).toBe(`"${createHash('md5').update(Body).digest('hex')}"`);
    expect((await get('bared', {})).equals(Body)).toBe(true);
    await copy('covered', 'bared', keyed(KEY));
    expect((await get('covered')).equals(Body)).toBe(true);
  });

  it('want the key of the source, and no other', async () => {
    await client.send(new PutObjectCommand({ Bucket, Key: 'locked', Body: 'x', ...keyed(KEY) }));
    await client.send(new PutObjectCommand({ Bucket, Key: 'bare', Body: 'x' }));
    expect(await failure(copy('never', 'locked', {}))).toBe('400 InvalidRequest');
    expect(await failure(copy('never', 'locked', copyKeyed(OTHER)))).toBe('403 AccessDenied');
    expect(await failure(copy('never', 'bare', copyKeyed(KEY)))).toBe('400 InvalidRequest');
    expect(await failure(copy('never', 'none', copyKeyed(KEY)))).toBe('404 NoSuchKey');
    await expect(fixture.session.stat([Bucket, 'never'])).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('sealed chunks', () => {
  const key = randomBytes(32);
  const one = async function* (data: Uint8Array): AsyncGenerator<Uint8Array> {
    yield data;
  };
  const all = async (source: AsyncIterable<Uint8Array>): Promise<Buffer> => {
    const pieces = [];
    for await (const piece of source) pieces.push(piece);
    return Buffer.concat(pieces);
  };

  it('have the sizes that are computed for them', async () => {
    for (const size of [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 1]) {
      const sealed = await all(sealChunks(key, one(bytes(size))));
      expect([sealed.length, openedSize(sealed.length)]).toEqual([sealedSize(size), size]);
    }
  });

  it('do not open when they are moved, cut off or extended', async () => {
    const size = 2 * CHUNK + 9;
    const sealed = await all(sealChunks(key, one(bytes(size))));
    const whole = { offset: 0, length: size };
    const open = (stored: Buffer, of = size): Promise<Buffer> =>
      all(
        openChunks(key, of, { ...whole, length: of }, (offset, length) =>
          one(stored.subarray(offset, offset + length)),
        ),
      );
    expect((await open(sealed)).equals(bytes(size))).toBe(true);
    const step = CHUNK + 16;
    const moved = Buffer.concat([
      sealed.subarray(step, 2 * step),
      sealed.subarray(0, step),
      sealed.subarray(2 * step),
    ]);
    await expect(open(moved)).rejects.toMatchObject({ code: 'InternalError' });
    await expect(open(sealed.subarray(0, 2 * step), 2 * CHUNK)).rejects.toMatchObject({
      code: 'InternalError',
    });
    await expect(open(sealed.subarray(0, step))).rejects.toMatchObject({ code: 'InternalError' });
  });
});
