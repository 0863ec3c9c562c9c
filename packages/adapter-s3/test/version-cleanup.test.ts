import {
  DeleteBucketCommand,
  DeleteObjectsCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { bucketPerTest } from './support/scene.js';

let client: S3Client;
let Bucket: string;

bucketPerTest((scene) => {
  ({ client, Bucket } = scene);
});

async function keep(Status: 'Enabled' | 'Suspended'): Promise<void> {
  await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));
}

async function put(...keys: string[]): Promise<void> {
  for (const Key of keys) await client.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
}

/** Empties the bucket as boto3 does: each page goes before the next one is asked for. Returns how many pages there were. */
async function empty(MaxKeys: number): Promise<number> {
  for (let pages = 1, at = {}; ; pages++) {
    const page = await client.send(new ListObjectVersionsCommand({ Bucket, MaxKeys, ...at }));
    const Objects = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map(({ Key, VersionId }) => ({
      Key: `${Key}`,
      VersionId,
    }));
    const { Errors } = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
    expect(Errors).toBeUndefined();
    if (page.IsTruncated !== true) return pages;
    at = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
  }
}

describe('a bucket that is emptied page by page', () => {
  it.each([1, 2, 3])('has nothing left when %i go at a time', async (count) => {
    await put('a', 'x/');
    await keep('Enabled');
    await put('a', 'a', 'd/b', 'x/', 'x/', 'x/y', 'x//y');
    await keep('Suspended');
    await put('a', 'd/b', 'x/', 'x/y', 'x//y');
    // Two of a (with the null one three), two each of the others, three of x/.
    expect(await empty(count)).toBe(Math.ceil(12 / count));
    await client.send(new DeleteBucketCommand({ Bucket }));
  });
});
