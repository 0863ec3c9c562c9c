import { Readable } from 'node:stream';
import {
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandInput,
  ListPartsCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { STAGING } from '@latchkey/vault';
import { describe, expect, it, vi } from 'vitest';
import { expireUploads } from '../src/index.js';
import { bytes, type Fixture, startFixture } from './support/fixture.js';
import { bucketPerTest } from './support/scene.js';

/* What is said of uploads in parts while they are open, once they are completed, and when nobody goes on with them. */

const DAY = 24 * 60 * 60_000;

let fixture: Fixture;
let client: S3Client;
let Bucket: string;

bucketPerTest((scene) => {
  ({ fixture, client, Bucket } = scene);
});

async function begin(Key: string, more: object = {}): Promise<string> {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key, ...more }));
  return UploadId as string;
}

async function part(Key: string, UploadId: string, PartNumber = 1, text = 'part'): Promise<CompletedPart> {
  const Body = Buffer.from(text);
  const { ETag } = await client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }));
  return { PartNumber, ETag };
}

function complete(Key: string, UploadId: string, Parts: CompletedPart[], more: object = {}) {
  const MultipartUpload = { Parts };
  return client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload, ...more }));
}

/** Keys, prefixes and page after page of what is listed. */
async function pages(more: Partial<ListMultipartUploadsCommandInput>): Promise<string[][]> {
  const found: string[][] = [];
  let markers: Pick<ListMultipartUploadsCommandInput, 'KeyMarker' | 'UploadIdMarker'> = {};
  for (;;) {
    const page = await client.send(new ListMultipartUploadsCommand({ Bucket, ...more, ...markers }));
    const uploads = page.Uploads?.map((one) => `${one.Key} ${one.UploadId}`) ?? [];
    found.push([...uploads, ...(page.CommonPrefixes?.map((one) => one.Prefix ?? '') ?? [])]);
    if (page.IsTruncated !== true) return found;
    markers = { KeyMarker: page.NextKeyMarker };
    if (page.NextUploadIdMarker !== undefined) markers.UploadIdMarker = page.NextUploadIdMarker;
  }
}

describe('open uploads', () => {
  it('are listed by key and by when they were begun, with prefix, delimiter and pages', async () => {
    const keys = ['a/2', 'b', 'a/1', 'é', 'b', 'c/x', 'b', 'a'];
    const ids: string[] = [];
    for (const key of keys) ids.push(`${key} ${await begin(key)}`);
    const of = (key: string): string[] => ids.filter((one) => one.startsWith(`${key} `));
    const sorted = ['a', 'a/1', 'a/2', 'b', 'c/x', 'é'].flatMap(of);
    expect(await pages({})).toEqual([sorted]);
    for (const MaxUploads of [1, 2, 3])
      expect((await pages({ MaxUploads })).flat(), `${MaxUploads} in a page`).toEqual(sorted);
    expect((await pages({ Delimiter: '/', MaxUploads: 2 })).flat()).toEqual([
      ...['a', 'a/', ...of('b'), 'c/', ...of('é')].flatMap((one) => (one === 'a' ? of('a') : [one])),
    ]);
    expect(await pages({ Prefix: 'a/' })).toEqual([[...of('a/1'), ...of('a/2')]]);
    const encoded = await client.send(
      new ListMultipartUploadsCommand({ Bucket, EncodingType: 'url', KeyMarker: 'c/x', MaxUploads: 0 }),
    );
    expect(encoded).toMatchObject({ KeyMarker: 'c/x', MaxUploads: 0, EncodingType: 'url' });
    expect(encoded.Uploads).toBeUndefined();
    await expect(
      client.send(new ListMultipartUploadsCommand({ Bucket, EncodingType: 'x' as 'url' })),
    ).rejects.toMatchObject({ name: 'InvalidArgument' });
    await expect(
      client.send(new ListMultipartUploadsCommand({ Bucket: 'no-such-bucket' })),
    ).rejects.toMatchObject({ name: 'NoSuchBucket' });
  });

  it('say who began them, when, and with which checksum; those of other buckets are not shown', async () => {
    const before = Date.now();
    await begin('k', { ChecksumAlgorithm: 'CRC32C', ChecksumType: 'COMPOSITE' });
    const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket }));
    expect(Uploads).toMatchObject([
      {
        Key: 'k',
        StorageClass: 'STANDARD',
        ChecksumAlgorithm: 'CRC32C',
        ChecksumType: 'COMPOSITE',
        Owner: { DisplayName: 'ada' },
        Initiator: { DisplayName: 'ada' },
      },
    ]);
    expect(Uploads?.[0]?.Initiated?.getTime()).toBeGreaterThanOrEqual(before);
    Bucket = `${Bucket}-other`;
    await client.send(new CreateBucketCommand({ Bucket }));
    expect(await pages({})).toEqual([[]]);
  });

  it('make objects of any key', async () => {
    for (const key of ['deep//x/', 'deep//x', 'deep']) {
      const id = await begin(key);
      await complete(key, id, [await part(key, id, 1, key)]);
    }
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: 'deep//x/' }));
    expect(await Body?.transformToString()).toBe('deep//x/');
  });
});

describe('a completion that is repeated', () => {
  it('is answered as it was at first, as long as the object stands', async () => {
    const id = await begin('k', { Metadata: { m: '1' }, ChecksumAlgorithm: 'CRC32' });
    const parts = [await part('k', id, 3)];
    const first = await complete('k', id, parts, { IfNoneMatch: '*' });
    const again = await complete('k', id, parts, { IfNoneMatch: '*' });
    expect({ ...again, $metadata: 0 }).toEqual({ ...first, $metadata: 0 });
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'k' }));
    expect(head.Metadata).toEqual({ m: '1' });
    const gone = { name: 'NoSuchUpload' };
    await expect(complete('k', id, [{ ...parts[0], PartNumber: 4 }])).rejects.toMatchObject(gone);
    await client.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/k` }));
    await expect(complete('copy', id, parts)).rejects.toMatchObject(gone);
    await expect(part('k', id)).rejects.toMatchObject(gone);
    await client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'other' }));
    await expect(complete('k', id, parts)).rejects.toMatchObject(gone);
  });

  it('is answered as it was when both come at once', async () => {
    for (let round = 0; round < 5; round++) {
      const key = `k${round}`;
      const id = await begin(key);
      const parts = [await part(key, id)];
      const answers = await Promise.all(
        Array.from({ length: 4 }, () => complete(key, id, parts, { IfNoneMatch: '*' })),
      );
      expect(new Set(answers.map((one) => one.ETag)).size).toBe(1);
    }
    expect((await fixture.session.list([STAGING])).entries.filter((one) => one.draft)).toEqual([]);
  });
});

describe('abandoned uploads', () => {
  it('end when nothing has come to them for long enough', async () => {
    const { session } = fixture;
    const old = await begin('old');
    await part('old', old);
    const isOpen = async (): Promise<boolean> => (await pages({})).flat().includes(`old ${old}`);
    expect(await expireUploads(session, { olderThanMs: 7 * DAY })).toBe(0);
    const late = Date.now() + 8 * DAY;
    await expireUploads(session, { olderThanMs: 7 * DAY, now: late, isInUse: (id) => id === old });
    expect(await isOpen()).toBe(true);
    const seconds = Math.floor(late / 1000) - 60;
    await session.changeObject([STAGING, old, '00001'], () => ({ modified: { seconds, nanoseconds: 0 } }));
    await expireUploads(session, { olderThanMs: 7 * DAY, now: late });
    expect(await isOpen()).toBe(true);
    const expire = () => expireUploads(session, { olderThanMs: 7 * DAY, now: late + 7 * DAY });
    const ended = await Promise.all([expire(), expire(), expire()]);
    expect(Math.max(...ended)).toBeGreaterThan(0);
    expect(await expire()).toBe(0);
    expect(await isOpen()).toBe(false);
    await expect(part('old', old)).rejects.toMatchObject({ name: 'NoSuchUpload' });
    const empty = await startFixture();
    expect(await expireUploads(empty.session, { olderThanMs: 0, now: late })).toBe(0);
    await empty.close();
  });

  it('are ended by the server itself, but not while a part is on its way', async () => {
    const quick = await startFixture({ keepUploadsMs: 4000 });
    const sdk = quick.client();
    await sdk.send(new CreateBucketCommand({ Bucket }));
    const start = async (Key: string): Promise<string> =>
      (await sdk.send(new CreateMultipartUploadCommand({ Bucket, Key }))).UploadId as string;
    await start('idle');
    const busy = await start('busy');
    let goOn = (): void => {};
    const waiting = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const content = bytes(200_000);
    const body = Readable.from(
      (async function* () {
        yield content.subarray(0, 100_000);
        await waiting;
        yield content.subarray(100_000);
      })(),
    );
    const written = sdk.send(
      new UploadPartCommand({
        ...{ Bucket, Key: 'busy', UploadId: busy, PartNumber: 1 },
        ...{ Body: body, ContentLength: content.length },
      }),
    );
    await vi.waitFor(
      async () => {
        const { Uploads } = await sdk.send(new ListMultipartUploadsCommand({ Bucket }));
        expect(Uploads?.map((one) => one.Key)).toEqual(['busy']);
      },
      { timeout: 60_000, interval: 200 },
    );
    goOn();
    expect((await written).ETag).toBeDefined();
    const { Parts } = await sdk.send(new ListPartsCommand({ Bucket, Key: 'busy', UploadId: busy }));
    expect(Parts?.map((one) => one.Size)).toEqual([content.length]);
    expect(quick.log.map((line) => line.message)).toContain('abandoned uploads were ended');
    await quick.close();
  });
});
