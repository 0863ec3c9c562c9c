import { createHash } from 'node:crypto';
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListPartsCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bytes, type Fixture, startFixture } from './support/fixture.js';

/* A server keeps nothing of an upload that another one, on the same store, would miss: keys are not among what it keeps. */

const PART = 5 * 2 ** 20;
const KEY = Buffer.alloc(32, 7);
const OTHER = Buffer.alloc(32, 8);
const object = { Bucket: 'bucket', Key: 'k' };
const PARTS = [bytes(PART, 1), bytes(PART + 77, 2), bytes(1234, 3)] as const;
const WHOLE = Buffer.concat(PARTS);

let fixture: Fixture;
let client: S3Client;

beforeEach(async () => {
  fixture = await startFixture();
  client = fixture.client();
  await client.send(new CreateBucketCommand({ Bucket: 'bucket' }));
});
afterEach(() => fixture.close());

async function restart(): Promise<void> {
  await fixture.close();
  fixture = await startFixture({ store: fixture.store });
  client = fixture.client();
}

function keyed(key: Buffer, prefix = ''): Record<string, string> {
  return {
    [`${prefix}SSECustomerAlgorithm`]: 'AES256',
    [`${prefix}SSECustomerKey`]: key.toString('base64'),
    [`${prefix}SSECustomerKeyMD5`]: createHash('md5').update(key).digest('base64'),
  };
}

async function begin(more: object = {}): Promise<string | undefined> {
  return (await client.send(new CreateMultipartUploadCommand({ ...object, ...keyed(KEY), ...more })))
    .UploadId;
}

async function send(UploadId: string | undefined, at: number, more: object = {}): Promise<object> {
  const part = { ...object, UploadId, PartNumber: at + 1, Body: PARTS[at] as Buffer, ...keyed(KEY), ...more };
  const { ETag, ChecksumCRC32 } = await client.send(new UploadPartCommand(part));
  return { PartNumber: at + 1, ETag, ChecksumCRC32 };
}

/** As S3 makes it of those of the parts. */
function etagOf(parts: readonly { readonly ETag?: string }[]): string {
  const md5 = createHash('md5');
  for (const { ETag = '' } of parts) md5.update(Buffer.from(ETag.replaceAll('"', ''), 'hex'));
  return `"${md5.digest('hex')}-${parts.length}"`;
}

async function expectWhole(etag: string | undefined): Promise<void> {
  const got = await client.send(new GetObjectCommand({ ...object, ...keyed(KEY) }));
  expect(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(WHOLE)).toBe(true);
  expect(got.ETag).toBe(etag);
  const second = await client.send(new GetObjectCommand({ ...object, ...keyed(KEY), PartNumber: 2 }));
  expect(Buffer.from((await second.Body?.transformToByteArray()) ?? []).equals(PARTS[1])).toBe(true);
  const Range = `bytes=${PART - 5}-${2 * PART + 80}`;
  const range = await client.send(new GetObjectCommand({ ...object, ...keyed(KEY), Range }));
  const stretch = WHOLE.subarray(PART - 5, 2 * PART + 81);
  expect(Buffer.from((await range.Body?.transformToByteArray()) ?? []).equals(stretch)).toBe(true);
}

describe("an upload in parts under a customer's key", () => {
  it('goes on after the server has been started again, between any two of its requests', async () => {
    const UploadId = await begin();
    const Parts: { ETag?: string }[] = [];
    for (const at of PARTS.keys()) {
      await restart();
      Parts.push(await send(UploadId, at));
    }
    await restart();
    const listed = await client.send(new ListPartsCommand({ ...object, UploadId }));
    expect(listed.Parts?.map(({ Size, ETag }) => [Size, ETag])).toEqual(
      Parts.map(({ ETag }, at) => [PARTS[at]?.length, ETag]),
    );
    const complete = { ...object, UploadId, MultipartUpload: { Parts } };
    const done = await client.send(new CompleteMultipartUploadCommand(complete));
    expect(done.ETag).toBe(etagOf(Parts));
    await restart();
    await expectWhole(done.ETag);
    // The answer of the first may have been lost with its server.
    expect((await client.send(new CompleteMultipartUploadCommand(complete))).ETag).toBe(done.ETag);
  });

  it('still wants its own key, and takes parts sent again and copied ones', async () => {
    const UploadId = await begin();
    const first = await send(UploadId, 0, { Body: bytes(PART, 9) });
    await client.send(
      new PutObjectCommand({ Bucket: 'bucket', Key: 'from', Body: PARTS[1], ...keyed(OTHER) }),
    );
    await restart();
    const failure = { name: 'InvalidRequest' };
    await expect(send(UploadId, 1, keyed(OTHER))).rejects.toMatchObject(failure);
    const again = await send(UploadId, 0);
    expect(again).not.toEqual(first);
    const copy = await client.send(
      new UploadPartCopyCommand({
        ...{ ...object, UploadId, PartNumber: 2, CopySource: 'bucket/from' },
        ...keyed(KEY),
        ...keyed(OTHER, 'CopySource'),
      }),
    );
    await restart();
    const second = { PartNumber: 2, ETag: copy.CopyPartResult?.ETag };
    const Parts = [again, second, await send(UploadId, 2)];
    await restart();
    const complete = { ...object, UploadId, MultipartUpload: { Parts } };
    const done = await client.send(new CompleteMultipartUploadCommand(complete));
    expect(done.ETag).toBe(etagOf(Parts));
    await expectWhole(done.ETag);
  });

  it('has the checksum of the whole, made of those of parts from before', async () => {
    const UploadId = await begin({ ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' });
    const Parts: object[] = [];
    for (const at of PARTS.keys()) {
      Parts.push(await send(UploadId, at));
      await restart();
    }
    const complete = { ...object, UploadId, MultipartUpload: { Parts } };
    await client.send(new CompleteMultipartUploadCommand(complete));
    const plain = { Bucket: 'bucket', Key: 'plain', ChecksumAlgorithm: 'CRC32' as const };
    const put = await client.send(new PutObjectCommand({ ...plain, Body: WHOLE }));
    const asked = { ...object, ...keyed(KEY), ChecksumMode: 'ENABLED' as const };
    expect((await client.send(new HeadObjectCommand(asked))).ChecksumCRC32).toBe(put.ChecksumCRC32);
  });
});
