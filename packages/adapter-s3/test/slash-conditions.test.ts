import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { around } from './support/around.js';
import { bucketPerTest } from './support/scene.js';

let client: S3Client;
let Bucket: string;
let meanwhile: (() => Promise<unknown>) | undefined;

bucketPerTest(
  (scene) => {
    ({ client, Bucket } = scene);
  },
  {
    // Something happens between the two commits that put an object without content.
    wrap: (session) =>
      around(session, 'makeMarker', (target) => async (path, options) => {
        const entry = await target.makeMarker(path, options);
        await meanwhile?.();
        return entry;
      }),
  },
);

describe('a condition on an object without content whose key ends with a slash', () => {
  it.each(['If-None-Match', 'If-Match'])(
    'holds for content that comes meanwhile, which stays: %s',
    async (name) => {
      const key = { Bucket, Key: 'x/' };
      const before =
        name === 'If-Match' ? await client.send(new PutObjectCommand({ ...key, Body: 'before' })) : undefined;
      meanwhile = () => client.send(new PutObjectCommand({ ...key, Body: 'meanwhile' }));
      const condition = before === undefined ? { IfNoneMatch: '*' } : { IfMatch: before.ETag };
      const put = client.send(new PutObjectCommand({ ...key, Body: Buffer.alloc(0), ...condition }));
      await expect(put).rejects.toMatchObject({ name: 'PreconditionFailed' });
      meanwhile = undefined;
      const { Body } = await client.send(new GetObjectCommand(key));
      expect(await Body?.transformToString()).toBe('meanwhile');
      const again = await client.send(new PutObjectCommand({ ...key, Body: Buffer.alloc(0) }));
      const same = { ...key, Body: Buffer.alloc(0), IfMatch: again.ETag };
      expect((await client.send(new PutObjectCommand(same))).ETag).toBe(again.ETag);
    },
  );
});
