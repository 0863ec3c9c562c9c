import {
  CreateBucketCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { ObjectSession } from '@latchkey/vault';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listPage } from '../src/objects/listing.js';
import { behindPrefix } from '../src/objects/walk.js';
import { type Fixture, startFixture } from './support/fixture.js';

let fixture: Fixture;
let client: S3Client;
let count = 0;

beforeAll(async () => {
  fixture = await startFixture();
  client = fixture.client();
});
afterAll(() => fixture.close());

async function bucketWith(keys: readonly string[]): Promise<string> {
  const Bucket = `bucket-${++count}`;
  await client.send(new CreateBucketCommand({ Bucket }));
  await Promise.all(
    keys.map((key) =>
      key.endsWith('/') && key.length % 2 === 0
        ? fixture.session.makeMarker([Bucket, ...key.slice(0, -1).split('/')], { existing: 1 })
        : fixture.session.writeObject([Bucket, ...key.split('/')], Buffer.from(key), { existing: 1 }),
    ),
  );
  return Bucket;
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** What S3 documents, without any cleverness. */
function expectedListing(
  keys: readonly string[],
  prefix: string,
  delimiter: string,
  after: string,
): string[] {
  const rows = new Set<string>();
  for (const key of [...keys].sort(byBytes)) {
    if (!key.startsWith(prefix)) continue;
    const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const row = end < 0 ? key : key.slice(0, end + delimiter.length);
    const rolled = end >= 0 && after.startsWith(row);
    if (byBytes(row, after) > 0 && !rolled) rows.add(row);
  }
  return [...rows];
}

const PIECE = fc.constantFrom('', 'a', 'b', 'a-', 'a0', 'ab', 'é', '\u{ff21}', '\u{1f600}', ' ', '%', '+');
const KEYS = fc
  .uniqueArray(fc.tuple(fc.array(PIECE, { minLength: 1, maxLength: 4 }), fc.boolean()), { maxLength: 24 })
  .map((all) => all.map(([names, marker]) => names.join('/') + (marker ? '/' : '')))
  .map((all) => [...new Set(all)].filter((key) => key !== ''));

/** A session that counts the pages of directories that it is asked for, and what is on them. */
function counted(session: ObjectSession): {
  session: ObjectSession;
  asked: { calls: number; entries: number };
} {
  const asked = { calls: 0, entries: 0 };
  const listObjects: ObjectSession['listObjects'] = async (path, options) => {
    const page = await session.listObjects(path, options);
    asked.calls += 1;
    asked.entries += page.entries.length;
    return page;
  };
  const get = (target: ObjectSession, name: string | symbol): unknown =>
    name === 'listObjects' ? listObjects : Reflect.get(target, name);
  return { session: new Proxy(session, { get }), asked };
}

describe('listings', () => {
  it('are those of a plain sorted list, for any prefix, delimiter, beginning and size of page', async () => {
    await fc.assert(
      fc.asyncProperty(
        KEYS,
        fc.constantFrom('', '/', 'a', 'a/', 'a//', 'a/b', 'a/a-', 'b/', 'é', 'nothing'),
        fc.constantFrom('', '/', 'a', 'b', '/a', '-'),
        fc.constantFrom('', '/', 'a', 'a/', 'a//', 'a/b', 'a/b/', 'a-/', 'b', '\u{ff21}', '\u{1f600}'),
        fc.integer({ min: 1, max: 6 }),
        async (keys, prefix, delimiter, startAfter, limit) => {
          const bucket = await bucketWith(keys);
          const seen: string[] = [];
          let after: string | undefined = startAfter;
          while (after !== undefined) {
            const page = await listPage(fixture.session, { bucket, prefix, delimiter, after, limit });
            const rows = [...page.objects.map((one) => one.key), ...page.prefixes].sort(byBytes);
            expect(rows.length).toBeLessThanOrEqual(limit);
            seen.push(...rows);
            after = page.last;
          }
          expect(seen).toEqual(expectedListing(keys, prefix, delimiter, startAfter));
        },
      ),
      { numRuns: 150 },
    );
  });

  it('seek past everything under a common prefix', async () => {
    const names = Array.from({ length: 3000 }, (_, index) => `d/${String(index).padStart(5, '0')}`);
    const bucket = await bucketWith([...names, 'e', 'd-x']);
    const { session: counting, asked } = counted(fixture.session);
    const query = { bucket, prefix: '', after: '', limit: 1000 };
    const slash = await listPage(counting, { ...query, delimiter: '/' });
    expect([slash.prefixes, slash.objects.map((one) => one.key)]).toEqual([['d/'], ['d-x', 'e']]);
    expect(asked.calls).toBe(1);
    const zero = await listPage(counting, { ...query, prefix: 'd/', delimiter: '0' });
    expect(zero.prefixes).toEqual(['d/0']);
    const middle = await listPage(counting, { ...query, delimiter: '', after: 'd/02000', limit: 5 });
    expect(middle.objects.map((one) => one.key)).toEqual(names.slice(2001, 2006));
    expect(asked.calls).toBeLessThan(8);
  });

  it('do not look into the vault again for every common prefix', async () => {
    const groups = Array.from({ length: 300 }, (_, index) => `n${String(index).padStart(3, '0')}-`);
    const bucket = await bucketWith(groups.flatMap((group) => [`${group}a`, `${group}b/c`, `${group}d`]));
    const { session: counting, asked } = counted(fixture.session);
    const query = { bucket, prefix: '', delimiter: '-', after: '', limit: 1000 };
    const page = await listPage(counting, query);
    expect([page.objects, page.prefixes, page.last]).toEqual([[], groups, undefined]);
    expect(asked.calls).toBeLessThan(4);
    const part = await listPage(counting, { ...query, after: 'n150-a', limit: 10 });
    expect(part).toMatchObject({ prefixes: groups.slice(151, 161), last: 'n160-' });
  });

  it('read no more of the vault than they show', async () => {
    const names = Array.from({ length: 2500 }, (_, index) => `n${String(index).padStart(5, '0')}`);
    const bucket = await bucketWith(names);
    const { session: counting, asked } = counted(fixture.session);
    const query = { bucket, prefix: '', delimiter: '/', after: 'n00100' };
    const page = await listPage(counting, { ...query, limit: 1000 });
    expect(page.objects.map((one) => one.key)).toEqual(names.slice(101, 1101));
    expect(page.last).toBe('n01100');
    // One more tells whether there are more.
    expect(asked).toEqual({ calls: 2, entries: 1001 });
    const one = await listPage(counting, { ...query, limit: 1 });
    expect(one.last).toBe('n00101');
    expect(asked.entries - 1001).toBeLessThan(16);
  });

  it('continue with sealed tokens that belong to their query', async () => {
    const Bucket = await bucketWith(['a', 'b', 'c', 'x y/&é', 'z']);
    const first = await client.send(new ListObjectsV2Command({ Bucket, MaxKeys: 2, FetchOwner: true }));
    expect(first).toMatchObject({ IsTruncated: true, KeyCount: 2 });
    expect(first.Contents?.[0]?.Owner?.DisplayName).toBe('ada');
    const ContinuationToken = first.NextContinuationToken as string;
    expect(Buffer.from(ContinuationToken, 'base64url').toString('latin1')).not.toContain(Bucket);
    const second = await client.send(
      new ListObjectsV2Command({ Bucket, ContinuationToken, EncodingType: 'url' }),
    );
    expect(second.Contents?.map((one) => one.Key)).toEqual(['c', 'x%20y/%26%C3%A9', 'z']);
    const middle = ContinuationToken.length >> 1;
    const other = ContinuationToken[middle] === 'A' ? 'B' : 'A';
    const forged = ContinuationToken.slice(0, middle) + other + ContinuationToken.slice(middle + 1);
    for (const wrong of [
      { ContinuationToken: forged },
      { ContinuationToken, Prefix: 'x' },
      { ContinuationToken: '' },
    ])
      await expect(client.send(new ListObjectsV2Command({ Bucket, ...wrong }))).rejects.toMatchObject({
        name: 'InvalidArgument',
      });
    const old = await client.send(
      new ListObjectsCommand({ Bucket, Marker: 'b', Delimiter: '/', MaxKeys: 2 }),
    );
    expect(old).toMatchObject({ IsTruncated: true, NextMarker: 'x y/' });
    expect(old.CommonPrefixes).toEqual([{ Prefix: 'x y/' }]);
  });

  it('show what file protocols wrote, and neither drafts nor symlinks', async () => {
    const Bucket = await bucketWith([]);
    const { session } = fixture;
    await session.write([Bucket, 'file'], Buffer.from('by SFTP'));
    await session.mkdir([Bucket, 'empty']);
    await session.symlink('file', [Bucket, 'link']);
    const draft = await session.open([Bucket, 'draft'], { write: true, create: true });
    await draft.write(0, Buffer.from('unfinished'));
    await draft.abandon();
    const { Contents } = await client.send(new ListObjectsV2Command({ Bucket }));
    expect(Contents?.map((one) => [one.Key, one.Size])).toEqual([
      ['empty/', 0],
      ['file', 7],
    ]);
    expect(Contents?.[1]?.ETag).toMatch(/^"[0-9a-f]{32}-1"$/);
  });

  it('know what is behind a prefix', () => {
    const behind: [string, string | undefined][] = [
      ['a', 'b'],
      ['a/', 'a0'],
      ['\ud7ff', '\ue000'],
      ['a\u{10ffff}', 'b'],
      ['\u{10ffff}', undefined],
    ];
    for (const [prefix, expected] of behind) expect(behindPrefix(prefix)).toBe(expected);
  });
});
