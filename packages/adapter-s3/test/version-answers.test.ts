import {
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectLegalHoldCommand,
  GetObjectRetentionCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { describe, expect, it } from 'vitest';
import type { Fixture } from './support/fixture.js';
import { bucketPerTest } from './support/scene.js';
import { send, signed } from './support/signing.js';

let fixture: Fixture;
let client: S3Client;
let Bucket: string;

bucketPerTest(
  (scene) => {
    ({ fixture, client, Bucket } = scene);
  },
  { bucket: { ObjectLockEnabledForBucket: true } },
);

async function put(Key: string, Body = '', more: object = {}): Promise<string | undefined> {
  return (await client.send(new PutObjectCommand({ Bucket, Key, Body: Buffer.from(Body), ...more })))
    .VersionId;
}

function remove(Key: string, VersionId?: string): Promise<{ VersionId?: string | undefined }> {
  return client.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
}

describe('an answer about something that was deleted', () => {
  it.each(['tagging', 'acl', 'attributes'])('names the marker: %s', async (parameter) => {
    await put('k', 'x');
    const { VersionId } = await remove('k');
    const headers = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', 'x-amz-object-attributes': 'ETag' };
    const unsigned = { method: 'GET', path: `/${Bucket}/k`, query: { [parameter]: '' }, headers };
    const answer = await send(fixture.port, await signed(fixture.port, unsigned));
    expect([answer.status, answer.code]).toEqual([404, 'NoSuchKey']);
    expect([answer.headers['x-amz-delete-marker'], answer.headers['x-amz-version-id']]).toEqual([
      'true',
      VersionId,
    ]);
  });
});

describe('an answer about a copy', () => {
  it('names the version that was copied, also when it was the current one', async () => {
    const CopySource = `${Bucket}/k`;
    const first = await put('k', 'x');
    const copy = await client.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource }));
    expect(copy.CopySourceVersionId).toBe(first);
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'parts' }));
    const second = await put('k', 'y');
    const part = await client.send(
      new UploadPartCopyCommand({ Bucket, Key: 'parts', UploadId, PartNumber: 1, CopySource }),
    );
    expect(part.CopySourceVersionId).toBe(second);
  });
});

describe('an answer about a form', () => {
  it('names the version that was made', async () => {
    const { url, fields } = await createPresignedPost(client, { Bucket, Key: 'form' });
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    form.set('file', new Blob(['content']));
    const answer = await fetch(url, { method: 'POST', body: form });
    const { VersionId } = await client.send(new HeadObjectCommand({ Bucket, Key: 'form' }));
    expect([answer.status, answer.headers.get('x-amz-version-id')]).toEqual([204, VersionId]);
  });
});

describe('an object without content whose key ends with a slash', () => {
  it('is a version like any other where it follows others', async () => {
    const first = await put('x/', 'content');
    const second = await put('x/');
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'x/' }));
    expect([head.VersionId, head.ContentLength]).toEqual([second, 0]);
    const { Versions, DeleteMarkers } = await client.send(new ListObjectVersionsCommand({ Bucket }));
    expect(Versions?.map(({ VersionId, IsLatest }) => [VersionId, IsLatest])).toEqual([
      [second, true],
      [first, false],
    ]);
    expect(DeleteMarkers).toBeUndefined();
    await remove('x/');
    const third = await put('x/');
    expect(third).not.toBe(second);
    await remove('x/', third);
    await expect(client.send(new HeadObjectCommand({ Bucket, Key: 'x/' }))).rejects.toMatchObject({
      name: 'NotFound',
    });
  });

  it('is locked when that was asked for', async () => {
    const held = await put('held/', '', { ObjectLockLegalHoldStatus: 'ON' });
    const { LegalHold } = await client.send(new GetObjectLegalHoldCommand({ Bucket, Key: 'held/' }));
    expect(LegalHold?.Status).toBe('ON');
    const ObjectLockRetainUntilDate = new Date(Date.now() + 24 * 60 * 60 * 1000);
    const kept = await put('kept/', '', { ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate });
    const { Retention } = await client.send(new GetObjectRetentionCommand({ Bucket, Key: 'kept/' }));
    expect(Retention?.Mode).toBe('COMPLIANCE');
    for (const [key, version] of [
      ['held/', held],
      ['kept/', kept],
    ] as const) {
      await expect(remove(key, version)).rejects.toMatchObject({ name: 'AccessDenied' });
      await expect(
        fixture.session.remove([Bucket, key.slice(0, -1)], { recursive: true }),
      ).rejects.toMatchObject({
        code: 'read-only',
      });
    }
  });
});
