import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { STAGING } from '@latchkey/vault';
import { beforeEach, describe, expect, it } from 'vitest';
import { around } from './support/around.js';
import type { Fixture } from './support/fixture.js';
import { bucketPerTest } from './support/scene.js';

let fixture: Fixture;
let client: S3Client;
let Bucket: string;
let keepUploads = false;

bucketPerTest(
  (scene) => {
    ({ fixture, client, Bucket } = scene);
  },
  {
    // A server that is killed before it has ended an upload leaves it behind.
    wrap: (session) =>
      around(session, 'remove', (target) => async (path, options) => {
        if (!keepUploads) return target.remove(path, options);
        if (path[0] === STAGING) throw new Error('killed');
      }),
  },
);

beforeEach(async () => {
  keepUploads = false;
  const VersioningConfiguration = { Status: 'Enabled' } as const;
  await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
});

/** An upload of one part; what completes it. */
async function uploaded(Key: string): Promise<CompleteMultipartUploadCommand> {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const part = { Bucket, Key, UploadId, PartNumber: 1, Body: 'content' };
  const { ETag } = await client.send(new UploadPartCommand(part));
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
  return new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload });
}

async function ids(): Promise<string[]> {
  const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket }));
  return Versions.map(({ VersionId }) => `${VersionId}`);
}

describe('an upload that is completed', () => {
  it.each(['file', 'directory/'])('several times at once is one version: %s', async (Key) => {
    const complete = await uploaded(Key);
    const answers = await Promise.all([1, 2, 3].map(() => client.send(complete)));
    const [id] = await ids();
    expect(await ids()).toEqual([id]);
    expect(answers.map(({ VersionId }) => VersionId)).toEqual([id, id, id]);
  });

  it('again, because the server was killed before it could say so, is one version', async () => {
    const complete = await uploaded('killed');
    keepUploads = true;
    await expect(client.send(complete)).rejects.toMatchObject({ name: 'InternalError' });
    const [id] = await ids();
    keepUploads = false;
    expect((await client.send(complete)).VersionId).toBe(id);
    expect(await ids()).toEqual([id]);
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: 'killed' }));
    expect(await Body?.transformToString()).toBe('content');
    expect((await client.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads).toBeUndefined();
  });
});

describe('an upload whose headers could not be kept', () => {
  it('is refused when it begins, and leaves nothing', async () => {
    const begin = (length: number) =>
      client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'k', CacheControl: 'c'.repeat(length) }));
    for (const length of [5000, 20_000])
      await expect(begin(length)).rejects.toMatchObject({ name: 'MetadataTooLarge' });
    expect((await client.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads).toBeUndefined();
    const { UploadId } = await begin(3000);
    await client.send(new AbortMultipartUploadCommand({ Bucket, Key: 'k', UploadId }));
    expect((await fixture.session.listObjects([STAGING])).entries).toEqual([]);
  });
});
