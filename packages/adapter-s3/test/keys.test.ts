import {
  CopyObjectCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { describe, expect, it } from 'vitest';
import type { Fixture } from './support/fixture.js';
import { bucketPerTest } from './support/scene.js';

/* Keys that no file protocol has: an object beside objects below it, empty parts, and a slash at the end with content. */

const KEYS = ['/', '//x', '/x', 'a', 'a/', 'a//', 'a//b', 'a/b', 'a/b/', 'a/b/c', 'a-', 'b/', 'b//'];

let fixture: Fixture;
let client: S3Client;
let Bucket: string;

bucketPerTest((scene) => {
  ({ fixture, client, Bucket } = scene);
});

async function put(Key: string, Body = `content of ${Key}`): Promise<void> {
  await client.send(new PutObjectCommand({ Bucket, Key, Body, Metadata: { key: encodeURIComponent(Key) } }));
}

async function get(Key: string): Promise<string | undefined> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
  return Body?.transformToString();
}

async function list(more: object = {}): Promise<(string | undefined)[]> {
  const { Contents = [], CommonPrefixes = [] } = await client.send(
    new ListObjectsV2Command({ Bucket, ...more }),
  );
  return [...Contents.map((one) => one.Key), ...CommonPrefixes.map((one) => one.Prefix)];
}

describe('keys that are no paths of files', () => {
  it.each(['forwards', 'backwards'])('are kept, listed in order, and deleted one by one: %s', async (way) => {
    const keys = way === 'forwards' ? KEYS : [...KEYS].reverse();
    for (const key of keys) await put(key);
    expect(await list()).toEqual([...KEYS].sort());
    for (const key of keys) {
      expect(await get(key)).toBe(`content of ${key}`);
      const head = await client.send(new HeadObjectCommand({ Bucket, Key: key }));
      expect(head.Metadata).toEqual({ key: encodeURIComponent(key) });
    }
    expect(await list({ Prefix: 'a/', Delimiter: '/' })).toEqual(['a/', 'a/b', 'a//', 'a/b/']);
    const left = new Set(KEYS);
    for (const key of keys) {
      await client.send(new DeleteObjectCommand({ Bucket, Key: key }));
      left.delete(key);
      expect(await list()).toEqual([...left].sort());
      await expect(get(key)).rejects.toMatchObject({ name: 'NoSuchKey' });
    }
    expect((await fixture.session.listObjects([Bucket])).entries).toEqual([]);
    await client.send(new DeleteBucketCommand({ Bucket }));
  });

  it('have one object under a key that ends with a slash, with content or without', async () => {
    await put('d/', '');
    expect((await fixture.session.stat([Bucket, 'd'])).kind).toBe('directory');
    expect(await list()).toEqual(['d/']);
    await put('d/', 'content');
    expect([await get('d/'), await list()]).toEqual(['content', ['d/']]);
    await put('d/', '');
    expect([await get('d/'), await list()]).toEqual(['', ['d/']]);
    await put('d/', 'again');
    const { Errors } = await client.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'd/' }, { Key: 'e//f' }] } }),
    );
    expect([Errors, await list()]).toEqual([undefined, []]);
  });

  it('can be copied from and to', async () => {
    await put('full/', 'content');
    await put('empty/', '');
    const copy = (from: string, Key: string) =>
      client.send(new CopyObjectCommand({ Bucket, Key, CopySource: `${Bucket}/${from}` }));
    await copy('full/', 'a');
    await copy('a', 'a//b');
    const { CopyObjectResult } = await copy('empty/', 'other/');
    expect(CopyObjectResult?.ETag).toBe('"d41d8cd98f00b204e9800998ecf8427e"');
    await copy('empty/', 'a/');
    expect([await get('a'), await get('a//b'), await get('a/'), await get('other/')]).toEqual([
      'content',
      'content',
      '',
      '',
    ]);
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'other/' }));
    expect(head.Metadata).toEqual({ key: 'empty%2F' });
    await expect(copy('none/', 'x')).rejects.toMatchObject({ name: 'NoSuchKey' });
  });

  it('are not seen by file protocols, but for the directory', async () => {
    for (const key of KEYS) await put(key);
    const { session } = fixture;
    const names = async (...path: string[]): Promise<string[]> =>
      (await session.list(path)).entries.map((entry) => `${entry.name}:${entry.kind}`);
    expect(await names(Bucket)).toEqual(['a-:file', 'a:directory', 'b:directory']);
    expect(await names(Bucket, 'a')).toEqual(['b:directory']);
    await session.rename([Bucket, 'a'], [Bucket, 'z']);
    expect([await get('a'), await get('z/b'), await get('z//b')]).toEqual([
      'content of a',
      'content of a/b',
      'content of a//b',
    ]);
    await session.remove([Bucket, 'z'], { recursive: true });
    expect(await list()).toEqual(['/', '//x', '/x', 'a', 'a-', 'b/', 'b//']);
  });

  it('are reachable by presigned URLs', async () => {
    await put('//x');
    const url = await getSignedUrl(client, new GetObjectCommand({ Bucket, Key: '//x' }));
    expect(await (await fetch(url)).text()).toBe('content of //x');
  });
});

describe('conditions on a key that ends with a slash', () => {
  const Key = 'dir/x/';
  const refused = { name: 'PreconditionFailed' };
  const write = (Body: string, more: object) =>
    client.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
  const etag = async () => (await client.send(new HeadObjectCommand({ Bucket, Key }))).ETag;

  it.each([
    ['a directory', ''],
    ['content', 'content'],
  ])('see %s', async (_, Body) => {
    await expect(write(Body, { IfMatch: '"0"' })).rejects.toMatchObject({ name: 'NoSuchKey' });
    expect(await list()).toEqual([]);
    await write(Body, { IfNoneMatch: '*' });
    for (const other of ['', 'other']) {
      await expect(write(other, { IfNoneMatch: '*' })).rejects.toMatchObject(refused);
      await expect(write(other, { IfMatch: '"0"' })).rejects.toMatchObject(refused);
    }
    expect(await get(Key)).toBe(Body);
    const remove = (IfMatch: string | undefined) =>
      client.send(new DeleteObjectCommand({ Bucket, Key, IfMatch }));
    await expect(remove('"0"')).rejects.toMatchObject(refused);
    expect(await list()).toEqual([Key]);
    await write('more', { IfMatch: await etag() });
    expect(await get(Key)).toBe('more');
    await write('', { IfMatch: await etag() });
    expect(await get(Key)).toBe('');
    await remove(await etag());
    expect(await list()).toEqual([]);
    await expect(remove('"0"')).rejects.toMatchObject({ name: 'NoSuchKey' });
  });

  it.each(['', 'content'])('let one of many writers of %j be first', async (Body) => {
    const all = await Promise.allSettled(Array.from({ length: 6 }, () => write(Body, { IfNoneMatch: '*' })));
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('hold for copies', async () => {
    await client.send(new PutObjectCommand({ Bucket, Key: 'from', Body: 'from' }));
    const copy = () =>
      client.send(new CopyObjectCommand({ Bucket, Key, CopySource: `${Bucket}/from`, IfNoneMatch: '*' }));
    await write('', {});
    await expect(copy()).rejects.toMatchObject(refused);
    await client.send(new DeleteObjectCommand({ Bucket, Key }));
    await copy();
    expect(await get(Key)).toBe('from');
  });
});
