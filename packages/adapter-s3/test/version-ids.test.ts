import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectTaggingCommand,
  GetObjectAclCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Fixture } from './support/fixture.js';
import { bucketPerTest } from './support/scene.js';

let fixture: Fixture;
let client: S3Client;
let Bucket: string;
let everybody = '';

bucketPerTest(
  (scene) => {
    ({ fixture, client, Bucket } = scene);
  },
  {
    publicBuckets: async (bucket) =>
      bucket === everybody ? { user: 'ada', session: fixture.session } : undefined,
  },
);

beforeEach(async () => {
  const VersioningConfiguration = { Status: 'Enabled' as const };
  await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
});

async function put(Key: string, Body: string): Promise<string> {
  return (await client.send(new PutObjectCommand({ Bucket, Key, Body }))).VersionId as string;
}

async function get(Key: string, VersionId?: string): Promise<string | undefined> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key, VersionId }));
  return Body?.transformToString();
}

async function remove(Key: string, VersionId?: string): Promise<string | undefined> {
  return (await client.send(new DeleteObjectCommand({ Bucket, Key, VersionId }))).VersionId;
}

const name = (Name: string) => expect.objectContaining({ name: Name });

describe('a version id', () => {
  it('chooses whose tags are read, set and removed', async () => {
    const Key = 'k';
    const versions = [await put(Key, 'first'), await put(Key, 'second')];
    const read = async (VersionId?: string): Promise<string[]> => {
      const got = await client.send(new GetObjectTaggingCommand({ Bucket, Key, VersionId }));
      expect(got.VersionId).toBe(VersionId ?? versions[1]);
      return (got.TagSet ?? []).map(({ Value = '' }) => Value);
    };
    for (const VersionId of [versions[0], undefined]) {
      const Tagging = { TagSet: [{ Key: 'of', Value: VersionId === undefined ? 'second' : 'first' }] };
      await client.send(new PutObjectTaggingCommand({ Bucket, Key, VersionId, Tagging }));
    }
    expect([await read(versions[0]), await read(versions[1]), await read()]).toEqual([
      ['first'],
      ['second'],
      ['second'],
    ]);
    await client.send(new DeleteObjectTaggingCommand({ Bucket, Key, VersionId: versions[0] }));
    expect([await read(versions[0]), await read()]).toEqual([[], ['second']]);
    expect([await get(Key, versions[0]), await get(Key)]).toEqual(['first', 'second']);
  });

  it('chooses what is described, and a marker is not', async () => {
    const Key = 'k';
    const first = await put(Key, 'first');
    await put(Key, 'another');
    const marker = (await remove(Key)) as string;
    const describe = (VersionId?: string) =>
      client.send(
        new GetObjectAttributesCommand({ Bucket, Key, VersionId, ObjectAttributes: ['ObjectSize', 'ETag'] }),
      );
    expect(await describe(first)).toMatchObject({ ObjectSize: 5, VersionId: first });
    await expect(describe(marker)).rejects.toEqual(name('MethodNotAllowed'));
    await expect(describe('00000000000')).rejects.toEqual(name('NoSuchVersion'));
    await expect(describe()).rejects.toEqual(name('NoSuchKey'));
    const acl = (VersionId: string) => client.send(new GetObjectAclCommand({ Bucket, Key, VersionId }));
    expect((await acl(first)).Grants).toHaveLength(1);
    await expect(acl('00000000000')).rejects.toEqual(name('NoSuchVersion'));
  });

  it('shows nobody what is not public any more', async () => {
    const first = await put('k', 'first');
    await put('k', 'second');
    everybody = Bucket;
    const ask = (query: Record<string, string>) =>
      fetch(`${fixture.url}/${Bucket}/k?${new URLSearchParams(query)}`);
    expect(await (await ask({})).text()).toBe('second');
    const refused = await ask({ versionId: first });
    expect([refused.status, await refused.text()]).toEqual([403, expect.stringContaining('AccessDenied')]);
  });
});

describe('versions of a key that ends with a slash', () => {
  it('are kept of its content, beside what lies below', async () => {
    await put('x/below', 'below');
    const versions = [await put('x/', 'first'), await put('x/', 'second')];
    expect(await get('x/', versions[0])).toBe('first');
    const marker = (await remove('x/')) as string;
    await expect(get('x/')).rejects.toEqual(name('NoSuchKey'));
    await expect(client.send(new HeadObjectCommand({ Bucket, Key: 'x/' }))).rejects.toEqual(name('NotFound'));
    const { Contents } = await client.send(new ListObjectsV2Command({ Bucket }));
    expect(Contents?.map(({ Key }) => Key)).toEqual(['x/below']);
    const seen: (string | undefined)[] = [];
    for (let more = true, at = {}; more; ) {
      const page = await client.send(new ListObjectVersionsCommand({ Bucket, MaxKeys: 1, ...at }));
      for (const { Key, VersionId } of [...(page.DeleteMarkers ?? []), ...(page.Versions ?? [])])
        seen.push(`${Key} ${Key === 'x/' ? VersionId : ''}`);
      at = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
      more = page.IsTruncated === true;
    }
    expect(seen).toEqual([`x/ ${marker}`, `x/ ${versions[1]}`, `x/ ${versions[0]}`, 'x/below ']);
    await client.send(
      new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/x/?versionId=${versions[0]}` }),
    );
    expect(await get('copy')).toBe('first');
    await remove('x/', marker);
    expect(await get('x/')).toBe('second');
    for (const version of versions) await remove('x/', version);
    await expect(get('x/', versions[0])).rejects.toEqual(name('NoSuchVersion'));
    expect(await get('x/below')).toBe('below');
  });

  it('are one, called null, of a directory', async () => {
    await client.send(new PutObjectCommand({ Bucket, Key: 'empty/', Body: '' }));
    expect(await get('empty/', 'null')).toBe('');
    await expect(get('empty/', '00000000000')).rejects.toEqual(name('NoSuchVersion'));
    expect(await remove('empty/', 'null')).toBe('null');
    await expect(get('empty/')).rejects.toEqual(name('NoSuchKey'));
  });
});
