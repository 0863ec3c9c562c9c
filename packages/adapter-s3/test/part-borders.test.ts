import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytes, type Fixture, startFixture } from './support/fixture.js';

const Bucket = 'borders';
const MIB = 1024 * 1024;

let fixture: Fixture;
let client: S3Client;

beforeAll(async () => {
  fixture = await startFixture();
  client = fixture.client({ requestChecksumCalculation: 'WHEN_REQUIRED' });
  await client.send(new CreateBucketCommand({ Bucket }));
});
afterAll(() => fixture.close());

async function upload(Key: string, parts: readonly Buffer[]): Promise<void> {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const Parts = [];
  for (const [index, Body] of parts.entries()) {
    const PartNumber = index + 1;
    const { ETag } = await client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }));
    Parts.push({ PartNumber, ETag });
  }
  await client.send(
    new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }),
  );
}

describe('a part without content', () => {
  it('is answered without a range of bytes, for it has none', async () => {
    await upload('last', [bytes(5 * MIB), Buffer.alloc(0)]);
    await upload('only', [Buffer.alloc(0)]);
    for (const [Key, PartNumber, PartsCount] of [
      ['last', 2, 2],
      ['only', 1, 1],
    ] as const) {
      const asked = { Bucket, Key, PartNumber };
      const got = await client.send(new GetObjectCommand(asked));
      expect((await got.Body?.transformToByteArray())?.length ?? 0).toBe(0);
      expect(got).toMatchObject({ ContentLength: 0, PartsCount });
      expect(got.ContentRange).toBeUndefined();
      const head = await client.send(new HeadObjectCommand(asked));
      expect(head).toMatchObject({ ContentLength: 0, PartsCount });
      expect(head.ContentRange).toBeUndefined();
    }
    const first = await client.send(new HeadObjectCommand({ Bucket, Key: 'last', PartNumber: 1 }));
    expect(first.ContentRange).toBe(`bytes 0-${5 * MIB - 1}/${5 * MIB}`);
  });
});
