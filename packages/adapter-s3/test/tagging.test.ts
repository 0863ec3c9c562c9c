import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteBucketTaggingCommand,
  DeleteObjectTaggingCommand,
  GetBucketTaggingCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutBucketTaggingCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  type S3Client,
  type Tag,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { describe, expect, it } from 'vitest';
import { bytes, type Fixture } from './support/fixture.js';
import { bucketPerTest } from './support/scene.js';
import { send, signed } from './support/signing.js';

const Key = 'dir/k';
const MIB = 1024 * 1024;

let fixture: Fixture;
let client: S3Client;
let Bucket: string;

bucketPerTest((scene) => {
  ({ fixture, client, Bucket } = scene);
});

function tags(length: number): Tag[] {
  return Array.from({ length }, (_, index) => ({ Key: `k${index}`, Value: `${index}` }));
}

async function tagObject(TagSet: Tag[], key = Key): Promise<void> {
  await client.send(new PutObjectTaggingCommand({ Bucket, Key: key, Tagging: { TagSet } }));
}

async function tagsOf(key = Key): Promise<Tag[] | undefined> {
  return (await client.send(new GetObjectTaggingCommand({ Bucket, Key: key }))).TagSet;
}

describe('tags of objects', () => {
  it('are put, counted, replaced and deleted, and change nothing else', async () => {
    await client.send(new PutObjectCommand({ Bucket, Key, Body: 'content', Tagging: 'a=1&b=2%263' }));
    const before = await client.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }));
    expect(await tagsOf()).toEqual([
      { Key: 'a', Value: '1' },
      { Key: 'b', Value: '2&3' },
    ]);
    await tagObject(tags(10));
    expect(await tagsOf()).toEqual(tags(10));
    const got = await client.send(new GetObjectCommand({ Bucket, Key }));
    expect([got.TagCount, await got.Body?.transformToString()]).toEqual([10, 'content']);
    await client.send(new DeleteObjectTaggingCommand({ Bucket, Key }));
    expect(await tagsOf()).toEqual([]);
    const after = await client.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }));
    expect({ ...after, $metadata: 0 }).toEqual({ ...before, TagCount: undefined, $metadata: 0 });
  });

  it('come with a form', async () => {
    const tagging = '<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tagging>';
    const post = async (value: string): Promise<number> => {
      const { url, fields } = await createPresignedPost(client, { Bucket, Key, Fields: { tagging: value } });
      const form = new FormData();
      for (const [name, field] of Object.entries(fields)) form.append(name, field);
      form.append('file', new Blob(['content']));
      return (await fetch(url, { method: 'POST', body: form })).status;
    };
    expect([await post('a=1'), await post(tagging)]).toEqual([400, 204]);
    expect(await tagsOf()).toEqual([{ Key: 'a', Value: '1' }]);
  });

  it('go along with copies, or are replaced', async () => {
    await client.send(new PutObjectCommand({ Bucket, Key, Body: 'content', Tagging: 'a=1' }));
    const copy = (to: string, more: object) =>
      client.send(
        new CopyObjectCommand({ Bucket, Key: to, CopySource: `${Bucket}/${Key}`, Tagging: 'b=2', ...more }),
      );
    await copy('same', { TaggingDirective: 'COPY' });
    await copy('other', { TaggingDirective: 'REPLACE' });
    expect([await tagsOf('same'), await tagsOf('other')]).toEqual([
      [{ Key: 'a', Value: '1' }],
      [{ Key: 'b', Value: '2' }],
    ]);
    await expect(copy('x', { TaggingDirective: 'MERGE' })).rejects.toMatchObject({ name: 'InvalidArgument' });
  });

  it('belong to directories that stand for objects, too, and to files of other protocols', async () => {
    await client.send(new PutObjectCommand({ Bucket, Key: 'd/' }));
    await fixture.session.write([Bucket, 'd', 'f'], bytes(10));
    for (const key of ['d/', 'd/f']) {
      await tagObject(tags(2), key);
      expect(await tagsOf(key)).toEqual(tags(2));
    }
  });

  it('are refused when they are none, or there is nothing to tag', async () => {
    await client.send(new PutObjectCommand({ Bucket, Key, Body: 'content', Tagging: 'a=1' }));
    const twice = { Key: 'a', Value: '' };
    const wrong: [string, Tag[]][] = [
      ['BadRequest', tags(11)],
      ['InvalidTag', [twice, twice]],
      ['InvalidTag', [{ Key: '', Value: '1' }]],
      ['InvalidTag', [{ Key: 'x'.repeat(129), Value: '1' }]],
      ['InvalidTag', [{ Key: 'x', Value: 'x'.repeat(257) }]],
      ['MetadataTooLarge', tags(10).map((one) => ({ ...one, Value: '\u{1f600}'.repeat(128) }))],
    ];
    for (const [name, TagSet] of wrong) await expect(tagObject(TagSet)).rejects.toMatchObject({ name });
    for (const body of ['', '<Tagging/>', '<Tagging><TagSet><Tag><Key>a</Key></Tag></TagSet></Tagging>']) {
      const headers = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
      const unsigned = { method: 'PUT', path: `/${Bucket}/${Key}`, query: { tagging: '' }, headers };
      const answer = await send(fixture.port, await signed(fixture.port, unsigned), body);
      expect([answer.status, answer.code]).toEqual([400, 'MalformedXML']);
    }
    expect(await tagsOf()).toEqual([{ Key: 'a', Value: '1' }]);
    await expect(tagObject(tags(1), 'none')).rejects.toMatchObject({ name: 'NoSuchKey' });
    await expect(tagsOf('dir/')).rejects.toMatchObject({ name: 'NoSuchKey' });
    Bucket = 'no-such-bucket';
    await expect(tagsOf()).rejects.toMatchObject({ name: 'NoSuchBucket' });
  });
});

describe('tags of buckets', () => {
  it('are put, read and deleted', async () => {
    const get = () => client.send(new GetBucketTaggingCommand({ Bucket }));
    const put = (TagSet: Tag[]) => client.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }));
    await expect(get()).rejects.toMatchObject({ name: 'NoSuchTagSet' });
    await put(tags(50));
    expect((await get()).TagSet).toEqual(tags(50));
    await expect(put(tags(51))).rejects.toMatchObject({ name: 'BadRequest' });
    await client.send(new DeleteBucketTaggingCommand({ Bucket }));
    await expect(get()).rejects.toMatchObject({ name: 'NoSuchTagSet' });
    Bucket = 'no-such-bucket';
    await expect(get()).rejects.toMatchObject({ name: 'NoSuchBucket' });
    await expect(put(tags(1))).rejects.toMatchObject({ name: 'NoSuchBucket' });
  });
});

describe('attributes of objects', () => {
  it('are those that are asked for', async () => {
    const Body = bytes(1000);
    const { ETag, ChecksumSHA256 } = await client.send(
      new PutObjectCommand({ Bucket, Key, Body, ChecksumAlgorithm: 'SHA256' }),
    );
    const all = await client.send(
      new GetObjectAttributesCommand({
        ...{ Bucket, Key },
        ObjectAttributes: ['ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize'],
      }),
    );
    expect(all).toMatchObject({
      ETag: ETag?.replaceAll('"', ''),
      Checksum: { ChecksumSHA256, ChecksumType: 'FULL_OBJECT' },
      StorageClass: 'STANDARD',
      ObjectSize: 1000,
    });
    expect([all.ObjectParts, all.LastModified instanceof Date]).toEqual([undefined, true]);
    const size = await client.send(
      new GetObjectAttributesCommand({ Bucket, Key, ObjectAttributes: ['ObjectSize'] }),
    );
    expect([size.ObjectSize, size.ETag, size.Checksum]).toEqual([1000, undefined, undefined]);
  });

  it('have the parts in pages', async () => {
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    const Parts = [];
    for (const [index, length] of [5 * MIB, 5 * MIB + 1, 7].entries()) {
      const PartNumber = index + 1;
      const part = new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body: bytes(length) });
      Parts.push({ PartNumber, ETag: (await client.send(part)).ETag });
    }
    const MultipartUpload = { Parts };
    await client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload }));
    const page = async (more: object) => {
      const ObjectAttributes = ['ObjectParts' as const];
      const command = new GetObjectAttributesCommand({ Bucket, Key, ObjectAttributes, ...more });
      return (await client.send(command)).ObjectParts;
    };
    expect(await page({ MaxParts: 2 })).toMatchObject({
      ...{ TotalPartsCount: 3, MaxParts: 2, IsTruncated: true, NextPartNumberMarker: '2' },
      Parts: [
        { PartNumber: 1, Size: 5 * MIB },
        { PartNumber: 2, Size: 5 * MIB + 1 },
      ],
    });
    expect(await page({ PartNumberMarker: '2' })).toMatchObject({
      ...{ IsTruncated: false, PartNumberMarker: '2' },
      Parts: [{ PartNumber: 3, Size: 7 }],
    });
    await expect(page({ MaxParts: -1 })).rejects.toMatchObject({ name: 'InvalidArgument' });
  });

  it('are refused for what is not there, and when something else is asked for', async () => {
    const get = (key: string, ...names: string[]) =>
      client.send(new GetObjectAttributesCommand({ Bucket, Key: key, ObjectAttributes: names as 'ETag'[] }));
    await expect(get('none', 'ETag')).rejects.toMatchObject({ name: 'NoSuchKey' });
    await client.send(new PutObjectCommand({ Bucket, Key, Body: 'content' }));
    await expect(get(Key, 'ETag', 'Colour')).rejects.toMatchObject({ name: 'InvalidArgument' });
  });
});
