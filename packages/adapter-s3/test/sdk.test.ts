import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  ChecksumAlgorithm,
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { describe, expect, it } from 'vitest';
import { bytes, content, type Fixture } from './support/fixture.js';
import { bucketPerTest } from './support/scene.js';

let fixture: Fixture;
let client: S3Client;
let Bucket: string;

bucketPerTest((scene) => {
  ({ fixture, client, Bucket } = scene);
});

async function put(Key: string, Body: string | Uint8Array, more: object = {}): Promise<string | undefined> {
  return (await client.send(new PutObjectCommand({ Bucket, Key, Body, ...more }))).ETag;
}

async function get(Key: string, more: object = {}): Promise<Buffer> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key, ...more }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

function md5(data: Uint8Array): string {
  return `"${createHash('md5').update(data).digest('hex')}"`;
}

describe("Amazon's SDK for JavaScript with its defaults", () => {
  it('makes, finds and removes buckets', async () => {
    await client.send(new HeadBucketCommand({ Bucket }));
    const { Buckets, Owner } = await client.send(new ListBucketsCommand({ Prefix: Bucket }));
    expect(Buckets?.map((one) => one.Name)).toContain(Bucket);
    expect(Owner?.DisplayName).toBe('ada');
    expect((await client.send(new GetBucketLocationCommand({ Bucket }))).LocationConstraint).toBeUndefined();
    expect((await client.send(new GetBucketVersioningCommand({ Bucket }))).Status).toBeUndefined();
    await expect(client.send(new CreateBucketCommand({ Bucket }))).rejects.toMatchObject({
      name: 'BucketAlreadyOwnedByYou',
    });
    await put('a/b', 'x');
    await expect(client.send(new DeleteBucketCommand({ Bucket }))).rejects.toMatchObject({
      name: 'BucketNotEmpty',
    });
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'a/b' }));
    await client.send(new DeleteBucketCommand({ Bucket }));
    await expect(client.send(new HeadBucketCommand({ Bucket }))).rejects.toMatchObject({ name: 'NotFound' });
    await expect(put('x', 'y')).rejects.toMatchObject({ name: 'NoSuchBucket' });
    await expect(get('x')).rejects.toMatchObject({ name: 'NoSuchBucket' });
    await expect(client.send(new CreateBucketCommand({ Bucket: 'Capitals' }))).rejects.toMatchObject({
      name: 'InvalidBucketName',
    });
  });

  it.each([0, 5, 100_000, 3 * 1024 * 1024])('stores and gives back %i bytes', async (length) => {
    const data = bytes(length);
    expect(await put('dir/näme +&?.bin', data)).toBe(md5(data));
    expect(Buffer.compare(await get('dir/näme +&?.bin'), data)).toBe(0);
    expect(Buffer.compare(await content(fixture.session, Bucket, 'dir', 'näme +&?.bin'), data)).toBe(0);
  });

  it.each(Object.values(ChecksumAlgorithm).filter((name) => /^(CRC|SHA1|SHA256)/.test(name)))(
    'keeps the checksum %s',
    async (ChecksumAlgorithm) => {
      const data = bytes(70_000);
      const field = `Checksum${ChecksumAlgorithm}`;
      const put = await client.send(
        new PutObjectCommand({ Bucket, Key: 'k', Body: data, ChecksumAlgorithm }),
      );
      const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'k', ChecksumMode: 'ENABLED' }));
      expect(Reflect.get(put, field)).toMatch(/=|\w{8}/);
      expect(Reflect.get(head, field)).toBe(Reflect.get(put, field));
      expect(head.ChecksumType).toBe('FULL_OBJECT');
    },
  );

  it('takes streams in chunks with a trailer', async () => {
    const data = bytes(300_000);
    const parts = [data.subarray(0, 10), data.subarray(10, 200_000), data.subarray(200_000)];
    const { ETag, ChecksumCRC32 } = await client.send(
      new PutObjectCommand({ Bucket, Key: 's', Body: Readable.from(parts), ContentLength: data.length }),
    );
    expect(ETag).toBe(md5(data));
    expect(ChecksumCRC32).toBeDefined();
    expect(Buffer.compare(await get('s'), data)).toBe(0);
  });

  it('gives back metadata, tags in number, and system headers', async () => {
    const told = {
      ContentType: 'text/plain; charset=utf-8',
      CacheControl: 'max-age=3',
      ContentDisposition: 'attachment; filename="x"',
      ContentEncoding: 'gzip',
      ContentLanguage: 'de',
      Metadata: { one: '1', 'two-three': 'a  b', empty: '' },
    };
    await put('k', 'hello', { ...told, Tagging: 'a=1&b=2' });
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'k' }));
    expect(head).toMatchObject({ ...told, ContentLength: 5, TagCount: 2, AcceptRanges: 'bytes' });
    const got = await client.send(
      new GetObjectCommand({
        Bucket,
        Key: 'k',
        ResponseContentType: 'a/b',
        ResponseCacheControl: 'no-store',
      }),
    );
    expect(got).toMatchObject({ ContentType: 'a/b', CacheControl: 'no-store', ContentLanguage: 'de' });
    await expect(put('k', 'x', { Metadata: { a: 'b'.repeat(2048) } })).rejects.toMatchObject({
      name: 'MetadataTooLarge',
    });
  });

  it.each([
    ['bytes=0-0', 0, 1],
    ['bytes=10-19', 10, 20],
    ['bytes=99990-', 99_990, 100_000],
    ['bytes=-7', 99_993, 100_000],
    ['bytes=50000-999999', 50_000, 100_000],
    ['bytes=0-1,5-6', 0, 100_000],
    ['lines=1-2', 0, 100_000],
  ])('serves the range %s', async (Range, from, to) => {
    const data = bytes(100_000);
    await put('k', data);
    expect(Buffer.compare(await get('k', { Range }), data.subarray(from, to))).toBe(0);
  });

  it('refuses ranges behind the end', async () => {
    await put('k', 'abc');
    await expect(get('k', { Range: 'bytes=3-' })).rejects.toMatchObject({ name: 'InvalidRange' });
    await put('empty', '');
    await expect(get('empty', { Range: 'bytes=0-' })).rejects.toMatchObject({ name: 'InvalidRange' });
  });

  it('answers conditional reads', async () => {
    const ETag = await put('k', 'abc');
    const past = new Date(Date.now() - 3_600_000);
    const future = new Date(Date.now() + 3_600_000);
    await get('k', { IfMatch: ETag });
    await get('k', { IfNoneMatch: '"other"' });
    await get('k', { IfModifiedSince: past });
    await get('k', { IfUnmodifiedSince: future });
    await get('k', { IfMatch: ETag, IfUnmodifiedSince: past });
    for (const condition of [{ IfMatch: '"other"' }, { IfUnmodifiedSince: past }])
      await expect(get('k', condition)).rejects.toMatchObject({ name: 'PreconditionFailed' });
    for (const condition of [{ IfNoneMatch: ETag }, { IfModifiedSince: future }])
      await expect(get('k', condition)).rejects.toMatchObject({ $metadata: { httpStatusCode: 304 } });
  });

  it('publishes under a condition', async () => {
    const first = await put('k', 'one', { IfNoneMatch: '*' });
    await expect(put('k', 'two', { IfNoneMatch: '*' })).rejects.toMatchObject({ name: 'PreconditionFailed' });
    await expect(put('k', 'two', { IfMatch: '"other"' })).rejects.toMatchObject({
      name: 'PreconditionFailed',
    });
    await expect(put('none', 'two', { IfMatch: first })).rejects.toMatchObject({ name: 'NoSuchKey' });
    await put('k', 'two', { IfMatch: first });
    expect((await get('k')).toString()).toBe('two');
    const racers = await Promise.allSettled(
      Array.from({ length: 10 }, (_, index) => put('race', `${index}`, { IfNoneMatch: '*' })),
    );
    expect(racers.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
    await expect(
      client.send(new DeleteObjectCommand({ Bucket, Key: 'k', IfMatch: first })),
    ).rejects.toMatchObject({ name: 'PreconditionFailed' });
  });

  it('copies without and with new metadata, and refuses to change nothing', async () => {
    const data = bytes(200_000);
    const ETag = await put('a b/ö', data, { Metadata: { m: '1' }, ContentType: 'a/b' });
    const CopySource = encodeURIComponent(`${Bucket}/a b/ö`);
    const copied = await client.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource }));
    expect(copied.CopyObjectResult?.ETag).toBe(ETag);
    expect(Buffer.compare(await get('copy'), data)).toBe(0);
    await client.send(
      new CopyObjectCommand({
        Bucket,
        Key: 'copy',
        CopySource: `/${Bucket}/copy`,
        MetadataDirective: 'REPLACE',
        Metadata: { n: '2' },
        ChecksumAlgorithm: 'SHA256',
      }),
    );
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'copy', ChecksumMode: 'ENABLED' }));
    expect(head.Metadata).toEqual({ n: '2' });
    expect(head.ChecksumSHA256).toBe(createHash('sha256').update(data).digest('base64'));
    await expect(
      client.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/copy` })),
    ).rejects.toMatchObject({ name: 'InvalidRequest' });
    await expect(
      client.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/none` })),
    ).rejects.toMatchObject({ name: 'NoSuchKey' });
    await expect(
      client.send(new CopyObjectCommand({ Bucket, Key: 'c', CopySource, CopySourceIfNoneMatch: ETag })),
    ).rejects.toMatchObject({ name: 'PreconditionFailed' });
  });

  it('deletes one and many, and what is not there', async () => {
    const keys = ['a', 'b/c', 'b/d', 'e\r\n<&>', ' f', 'g/'];
    for (const Key of keys) await put(Key, Key.endsWith('/') ? '' : Key);
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'a' }));
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'a' }));
    const { Deleted, Errors } = await client.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects: [...keys, 'a//b'].map((Key) => ({ Key })) } }),
    );
    expect(Errors).toBeUndefined();
    expect(Deleted?.map((one) => one.Key)).toEqual([...keys, 'a//b']);
    expect((await fixture.session.list([Bucket])).entries).toEqual([]);
    const versioned = await client.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Quiet: true, Objects: [{ Key: 'a', VersionId: '1' }] } }),
    );
    expect(versioned.Errors).toMatchObject([{ Key: 'a', Code: 'InvalidArgument' }]);
    expect(versioned.Deleted).toBeUndefined();
  });

  it('takes presigned URLs and forms', async () => {
    const upload = await getSignedUrl(client, new PutObjectCommand({ Bucket, Key: 'p', Body: 'presigned' }));
    const answer = await fetch(upload, { method: 'PUT', body: 'presigned' });
    expect([answer.status, await answer.text()]).toEqual([200, '']);
    const download = await getSignedUrl(client, new GetObjectCommand({ Bucket, Key: 'p' }), {
      expiresIn: 60,
    });
    expect(await (await fetch(download)).text()).toBe('presigned');
    const { url, fields } = await createPresignedPost(client, {
      Bucket,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: what S3 replaces by the name of the file
      Key: 'forms/${filename}',
      Conditions: [
        ['content-length-range', 1, 10],
        ['starts-with', '$Content-Type', 'text/'],
      ],
      Fields: { success_action_status: '201', 'Content-Type': 'text/x' },
    });
    const send = async (text: string, more: Record<string, string> = {}): Promise<Response> => {
      const form = new FormData();
      for (const [name, value] of Object.entries({ ...fields, ...more })) form.append(name, value);
      form.append('file', new Blob([text]), 'name.txt');
      return fetch(url, { method: 'POST', body: form });
    };
    const posted = await send('by a form');
    expect([posted.status, await posted.text()]).toEqual([201, expect.stringContaining('forms/name.txt')]);
    expect((await get('forms/name.txt')).toString()).toBe('by a form');
    const refusals = await Promise.all([
      send('much too long for it'),
      send(''),
      send('x', { 'x-amz-meta-extra': '1' }),
      send('x', { 'Content-Type': 'image/png' }),
    ]);
    expect(await Promise.all(refusals.map(async (one) => /<Code>(\w+)/.exec(await one.text())?.[1]))).toEqual(
      ['EntityTooLarge', 'EntityTooSmall', 'AccessDenied', 'AccessDenied'],
    );
  });
});
