import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
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
import { applyLifecycles } from '../src/index.js';
import type { Fixture } from './support/fixture.js';
import { bucketPerTest } from './support/scene.js';
import { contentMd5, send, signed } from './support/signing.js';

/* The directory `x`, made to stay, beside versions of content under the key `x/`: it is the oldest of them, and called null. */

let fixture: Fixture;
let client: S3Client;
let Bucket: string;

bucketPerTest((scene) => {
  ({ fixture, client, Bucket } = scene);
});

async function keep(Status: 'Enabled' | 'Suspended'): Promise<void> {
  await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));
}

beforeEach(() => keep('Enabled'));

async function put(Key: string, Body: string, more: object = {}): Promise<string | undefined> {
  return (await client.send(new PutObjectCommand({ Bucket, Key, Body, ...more }))).VersionId;
}

async function get(Key: string, VersionId?: string): Promise<string | undefined> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key, VersionId }));
  return Body?.transformToString();
}

async function remove(Key: string, VersionId?: string): Promise<string | undefined> {
  return (await client.send(new DeleteObjectCommand({ Bucket, Key, VersionId }))).VersionId;
}

/** `KEY ID`, `!` for a marker, `*` for the latest of its key, in pages of `size`. */
async function versions(size = 1000, more: object = {}): Promise<string[]> {
  const seen: string[] = [];
  for (let at = {}, further = true; further; ) {
    expect(seen.length).toBeLessThan(50);
    // In the order of the document, in which markers and versions are mixed.
    const query = { versions: '', 'max-keys': String(size), ...more, ...at };
    const headers = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
    const wire = await signed(fixture.port, { method: 'GET', path: `/${Bucket}`, query, headers });
    const { body } = await send(fixture.port, wire);
    const value = (text: string, name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1];
    for (const [one, kind] of body.matchAll(/<(Version|DeleteMarker)>.*?<\/\1>/gs)) {
      const latest = value(one, 'IsLatest') === 'true' ? ' *' : '';
      seen.push(`${value(one, 'Key')} ${value(one, 'VersionId')}${kind === 'Version' ? '' : ' !'}${latest}`);
    }
    for (const [, prefix] of body.matchAll(/<CommonPrefixes><Prefix>([^<]*)/g)) seen.push(`${prefix}...`);
    further = value(body, 'IsTruncated') === 'true';
    const [key = '', id] = [value(body, 'NextKeyMarker'), value(body, 'NextVersionIdMarker')];
    at = { 'key-marker': key, ...(id === undefined ? {} : { 'version-id-marker': id }) };
  }
  return seen;
}

async function current(more: object = {}): Promise<string[]> {
  const { Contents = [], CommonPrefixes = [] } = await client.send(
    new ListObjectsV2Command({ Bucket, ...more }),
  );
  return [...Contents.map(({ Key }) => `${Key}`), ...CommonPrefixes.map(({ Prefix }) => `${Prefix}...`)];
}

const name = (Name: string) => expect.objectContaining({ name: Name });

const MAKERS: readonly (readonly [string, () => Promise<unknown>])[] = [
  ['over S3', () => put('x/', '', { Metadata: { from: 's3' } })],
  ['over a file protocol', () => fixture.session.mkdir([Bucket, 'x'])],
];

describe.each(MAKERS)('versions of x/ beside a directory x that was made to stay %s', (_, make) => {
  let first: string | undefined;
  let second: string | undefined;

  beforeEach(async () => {
    await make();
    first = await put('x/', 'first');
    second = await put('x/', 'second');
    await put('x/below', 'below');
    await put('y', 'y');
  });

  it('are listed before it, a page at a time, too', async () => {
    const below = await client.send(new HeadObjectCommand({ Bucket, Key: 'x/below' }));
    const last = await client.send(new HeadObjectCommand({ Bucket, Key: 'y' }));
    const all = [
      `x/ ${second} *`,
      `x/ ${first}`,
      'x/ null',
      `x/below ${below.VersionId} *`,
      `y ${last.VersionId} *`,
    ];
    for (const size of [1000, 1, 2, 3]) expect(await versions(size)).toEqual(all);
    expect(await versions(1, { prefix: 'x/' })).toEqual(all.slice(0, 4));
    expect(await versions(1, { prefix: 'x/', delimiter: '/' })).toEqual(all.slice(0, 4));
    expect(await versions(1, { delimiter: '/' })).toEqual(expect.arrayContaining(['x/...', all[4]]));
    expect(await current()).toEqual(['x/', 'x/below', 'y']);
  });

  it('give way to a marker, with which the key is gone, and the directory is not', async () => {
    const marker = await remove('x/');
    await expect(get('x/')).rejects.toEqual(name('NoSuchKey'));
    const gone = await client.send(new HeadObjectCommand({ Bucket, Key: 'x/' })).catch((error) => error);
    expect(gone.$metadata.httpStatusCode).toBe(404);
    expect(await current()).toEqual(['x/below', 'y']);
    expect(await current({ Delimiter: '/' })).toEqual(['y', 'x/...']);
    for (const size of [1000, 1])
      expect((await versions(size)).slice(0, 4)).toEqual([
        `x/ ${marker} ! *`,
        `x/ ${second}`,
        `x/ ${first}`,
        'x/ null',
      ]);
    expect(await get('x/', 'null')).toBe('');
    expect((await fixture.session.stat([Bucket, 'x'])).kind).toBe('directory');
    // Nothing but what was removed is left: nobody is shown a prefix.
    await fixture.session.remove([Bucket, 'x', 'below']);
    expect(await current({ Delimiter: '/' })).toEqual(['y']);
    await remove('x/', marker);
    expect(await get('x/')).toBe('second');
  });

  it('go one by one, and then it is what stands there', async () => {
    await remove('x/', second);
    expect(await get('x/')).toBe('first');
    await remove('x/', first);
    expect(await get('x/')).toBe('');
    expect((await versions())[0]).toBe('x/ null *');
    expect(await current()).toEqual(['x/', 'x/below', 'y']);
    await remove('x/', 'null');
    await expect(get('x/')).rejects.toEqual(name('NoSuchKey'));
    expect((await versions()).some((one) => one.startsWith('x/ '))).toBe(false);
  });

  it('are asked for by their ids, and so is it', async () => {
    expect([await get('x/', first), await get('x/', second), await get('x/', 'null')]).toEqual([
      'first',
      'second',
      '',
    ]);
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'x/', VersionId: 'null' }));
    expect([head.VersionId, head.ContentLength]).toEqual(['null', 0]);
    await expect(get('x/', '00000000000')).rejects.toEqual(name('NoSuchVersion'));
    const Tagging = { TagSet: [{ Key: 'of', Value: 'directory' }] };
    const it = { Bucket, Key: 'x/', VersionId: 'null' };
    await client.send(new PutObjectTaggingCommand({ ...it, Tagging }));
    expect((await client.send(new GetObjectTaggingCommand(it))).TagSet).toEqual(Tagging.TagSet);
    expect((await client.send(new GetObjectTaggingCommand({ Bucket, Key: 'x/' }))).TagSet).toEqual([]);
    const CopySource = `${Bucket}/x/?versionId=null`;
    await client.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource }));
    expect(await get('copy')).toBe('');
    await remove('x/', 'null');
    await expect(get('x/', 'null')).rejects.toEqual(name('NoSuchVersion'));
    expect([await get('x/', first), await get('x/')]).toEqual(['first', 'second']);
  });

  it('are listed from where the client says, and only below what it asks for', async () => {
    const behind = (id: string | undefined, more: object = {}) =>
      versions(1000, { 'key-marker': 'x/', 'version-id-marker': id, ...more });
    expect((await behind(first)).map((one) => one.split(' ')[0])).toEqual(['x/', 'x/below', 'y']);
    expect((await behind('null')).map((one) => one.split(' ')[0])).toEqual(['x/below', 'y']);
    expect((await behind(first, { prefix: 'y' })).map((one) => one.split(' ')[0])).toEqual(['y']);
    expect(await behind(first, { prefix: 'z' })).toEqual([]);
    await remove('x/', first);
    await remove('x/', second);
    expect((await behind(first))[0]).toBe('x/ null *');
  });

  it('leave nothing behind when each page is deleted before the next is listed', async () => {
    await remove('x/');
    const page = {
      KeyMarker: undefined as string | undefined,
      VersionIdMarker: undefined as string | undefined,
    };
    for (let further = true; further; ) {
      const listed = await client.send(new ListObjectVersionsCommand({ Bucket, MaxKeys: 2, ...page }));
      const Objects = [...(listed.Versions ?? []), ...(listed.DeleteMarkers ?? [])].map(
        ({ Key, VersionId }) => ({ Key, VersionId }),
      );
      if (Objects.length > 0) await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
      page.KeyMarker = listed.NextKeyMarker;
      page.VersionIdMarker = listed.NextVersionIdMarker;
      further = listed.IsTruncated === true;
    }
    expect(await versions()).toEqual([]);
    await fixture.session.rmdir([Bucket]);
  });

  it('replace it while they are suspended, for good', async () => {
    await keep('Suspended');
    expect(await put('x/', 'unnamed')).toBe('null');
    expect([await get('x/'), await get('x/', 'null')]).toEqual(['unnamed', 'unnamed']);
    expect((await versions()).slice(0, 3)).toEqual(['x/ null *', `x/ ${second}`, `x/ ${first}`]);
    expect(await remove('x/')).toBe('null');
    expect((await versions()).slice(0, 3)).toEqual(['x/ null ! *', `x/ ${second}`, `x/ ${first}`]);
    await remove('x/', 'null');
    expect(await get('x/')).toBe('second');
    await expect(get('x/', 'null')).rejects.toEqual(name('NoSuchVersion'));
  });

  it('do not come back through a lifecycle that tidies markers up', async () => {
    const marker = await remove('x/');
    const rule =
      '<Rule><Filter/><Status>Enabled</Status><Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>' +
      '<NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays></NoncurrentVersionExpiration></Rule>';
    const body = `<LifecycleConfiguration>${rule}</LifecycleConfiguration>`;
    const headers = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', ...contentMd5(body) };
    const request = { method: 'PUT', path: `/${Bucket}`, query: { lifecycle: '' }, headers };
    expect((await send(fixture.port, await signed(fixture.port, request), body)).status).toBe(200);
    await applyLifecycles(fixture.session, { now: Date.now() + 5 * 24 * 3_600_000 });
    expect((await versions()).slice(0, 2)).toEqual([`x/ ${marker} ! *`, 'x/ null']);
    await expect(get('x/')).rejects.toEqual(name('NoSuchKey'));
  });
});

describe('a directory without content that was made to stay', () => {
  it('has one version, the latest, and no marker when it goes', async () => {
    await put('x/', '');
    expect(await versions()).toEqual(['x/ null *']);
    expect((await client.send(new HeadObjectCommand({ Bucket, Key: 'x/' }))).VersionId).toBe('null');
    expect(await remove('x/')).toBeUndefined();
    expect(await versions()).toEqual([]);
  });

  it('comes behind content that is removed under a condition', async () => {
    await put('x/', '');
    const first = await put('x/', 'first');
    await put('keeps', 'x/');
    const conditional = { Bucket, Key: 'x/', IfMatch: '"0"' };
    await expect(client.send(new DeleteObjectCommand(conditional))).rejects.toEqual(
      name('PreconditionFailed'),
    );
    const { ETag } = await client.send(new HeadObjectCommand({ Bucket, Key: 'x/' }));
    await client.send(new DeleteObjectCommand({ ...conditional, IfMatch: ETag }));
    expect((await versions()).filter((one) => one.startsWith('x/ '))).toEqual([
      expect.stringMatching(/^x\/ .{11} ! \*$/),
      `x/ ${first}`,
      'x/ null',
    ]);
  });
});
