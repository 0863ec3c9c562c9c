import { createHash } from 'node:crypto';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { describe, expect, it } from 'vitest';
import { bytes, type Fixture } from './support/fixture.js';
import { bucketPerTest } from './support/scene.js';

/* Keys that end with a slash, under a key of the customer. */

const KEY = Buffer.alloc(32, 7);
const OTHER = Buffer.alloc(32, 8);

let fixture: Fixture;
let client: S3Client;
let Bucket: string;

bucketPerTest((scene) => {
  ({ fixture, client, Bucket } = scene);
});

function keyed(key: Buffer, prefix = ''): Record<string, string> {
  return {
    [`${prefix}SSECustomerAlgorithm`]: 'AES256',
    [`${prefix}SSECustomerKey`]: key.toString('base64'),
    [`${prefix}SSECustomerKeyMD5`]: createHash('md5').update(key).digest('base64'),
  };
}

async function get(Key: string, more: object = keyed(KEY)): Promise<Buffer> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key, ...more }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

function put(Key: string, Body: Uint8Array | string, more: object = keyed(KEY)): Promise<unknown> {
  return client.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
}

function copy(Key: string, from: string, more: object): Promise<unknown> {
  return client.send(new CopyObjectCommand({ Bucket, Key, CopySource: `${Bucket}/${from}`, ...more }));
}

async function keys(): Promise<(string | undefined)[]> {
  return ((await client.send(new ListObjectsV2Command({ Bucket }))).Contents ?? []).map(
    ({ Key, Size }) => `${Key} ${Size}`,
  );
}

const name = (Name: string) => expect.objectContaining({ name: Name });

describe('under a key of the customer a key that ends with a slash', () => {
  it.each([0, 1, 65_536, 200_001])('holds %i bytes, which open with their key alone', async (size) => {
    const Body = bytes(size);
    await put('x/', Body, { ...keyed(KEY), ContentType: 'text/x', Metadata: { a: '1' } });
    await put('x/below', 'below', {});
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'x/', ...keyed(KEY) }));
    expect(head).toMatchObject({
      ContentLength: size,
      ContentType: 'text/x',
      Metadata: { a: '1' },
      SSECustomerAlgorithm: 'AES256',
    });
    expect((await get('x/')).equals(Body)).toBe(true);
    expect(await keys()).toEqual([`x/ ${size}`, 'x/below 5']);
    await expect(get('x/', {})).rejects.toEqual(name('InvalidRequest'));
    await expect(get('x/', keyed(OTHER))).rejects.toEqual(name('AccessDenied'));
    const ObjectAttributes = ['ObjectSize' as const];
    const described = { Bucket, Key: 'x/', ObjectAttributes, ...keyed(KEY) };
    expect(await client.send(new GetObjectAttributesCommand(described))).toMatchObject({ ObjectSize: size });
    expect((await fixture.session.stat([Bucket, 'x'])).kind).toBe('directory');
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'x/' }));
    await expect(get('x/')).rejects.toEqual(name('NoSuchKey'));
    expect(await keys()).toEqual(['x/below 5']);
  });

  it('gives any range, also of parts', async () => {
    const PART = 5 * 2 ** 20;
    const parts = [bytes(PART, 1), bytes(70_000, 2)];
    const upload = { Bucket, Key: 'x/', ...keyed(KEY) };
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(upload));
    const Parts = [];
    for (const [at, Body] of parts.entries()) {
      const part = { ...upload, UploadId, PartNumber: at + 1, Body };
      Parts.push({ PartNumber: at + 1, ETag: (await client.send(new UploadPartCommand(part))).ETag });
    }
    const list = { Bucket, Key: 'x/', UploadId, MultipartUpload: { Parts } };
    await client.send(new CompleteMultipartUploadCommand(list));
    await put('y/', Buffer.concat(parts));
    const whole = Buffer.concat(parts);
    for (const key of ['x/', 'y/'])
      for (const [first, last] of [
        [0, 0],
        [PART - 10, PART + 10],
        [65_535, 65_536],
        [whole.length - 1, whole.length - 1],
      ] as const) {
        const piece = await get(key, { ...keyed(KEY), Range: `bytes=${first}-${last}` });
        expect(piece.equals(whole.subarray(first, last + 1))).toBe(true);
      }
  });

  it('is copied from and to, with keys and without', async () => {
    const Body = bytes(100_000);
    await put('from/', Body);
    await copy('rekeyed/', 'from/', { ...keyed(KEY, 'CopySource'), ...keyed(OTHER) });
    expect((await get('rekeyed/', keyed(OTHER))).equals(Body)).toBe(true);
    await copy('bare', 'rekeyed/', keyed(OTHER, 'CopySource'));
    expect((await get('bare', {})).equals(Body)).toBe(true);
    await copy('covered/', 'bare', keyed(KEY));
    expect((await get('covered/')).equals(Body)).toBe(true);
    await expect(copy('never/', 'from/', {})).rejects.toEqual(name('InvalidRequest'));
  });

  it('takes what is empty from a directory, and gives it back', async () => {
    await put('folder/', '', { Metadata: { kept: 'yes' } });
    await expect(copy('never/', 'folder/', keyed(KEY, 'CopySource'))).rejects.toEqual(name('InvalidRequest'));
    await copy('covered/', 'folder/', keyed(KEY));
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'covered/', ...keyed(KEY) }));
    expect(head).toMatchObject({ ContentLength: 0, Metadata: { kept: 'yes' } });
    await expect(get('covered/', {})).rejects.toEqual(name('InvalidRequest'));
    await copy('bare/', 'covered/', keyed(KEY, 'CopySource'));
    expect((await get('bare/', {})).length).toBe(0);
    expect(await keys()).toEqual(['bare/ 0', 'covered/ 0', 'folder/ 0']);
  });

  it('changes between a directory, content with a key, and content without', async () => {
    for (const [Body, more, size] of [
      ['', {}, 0],
      ['', keyed(KEY), 0],
      ['sealed', keyed(KEY), 6],
      ['', {}, 0],
      ['', keyed(OTHER), 0],
      ['open', {}, 4],
    ] as const) {
      await put('x/', Body, more);
      expect((await get('x/', more)).toString()).toBe(Body);
      expect(await keys()).toEqual([`x/ ${size}`]);
    }
  });

  it('is posted to by a form', async () => {
    const sealed = {
      'x-amz-server-side-encryption-customer-algorithm': 'AES256',
      'x-amz-server-side-encryption-customer-key': KEY.toString('base64'),
      'x-amz-server-side-encryption-customer-key-MD5': createHash('md5').update(KEY).digest('base64'),
    };
    const { url, fields } = await createPresignedPost(client, { Bucket, Key: 'form/', Fields: sealed });
    const form = new FormData();
    for (const [field, value] of Object.entries(fields)) form.set(field, value);
    form.set('file', new Blob(['content']));
    expect((await fetch(url, { method: 'POST', body: form })).status).toBe(204);
    expect((await get('form/')).toString()).toBe('content');
  });
});
