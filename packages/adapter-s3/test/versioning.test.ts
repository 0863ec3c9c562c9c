import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandInput,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { bytes, type Fixture } from './support/fixture.js';
import { bucketPerTest } from './support/scene.js';
import { send, signed } from './support/signing.js';

let fixture: Fixture;
let client: S3Client;
let Bucket: string;

bucketPerTest((scene) => {
  ({ fixture, client, Bucket } = scene);
});

async function versioning(Status: 'Enabled' | 'Suspended'): Promise<void> {
  await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));
}

async function put(Key: string, Body: string | Uint8Array): Promise<string | undefined> {
  return (await client.send(new PutObjectCommand({ Bucket, Key, Body }))).VersionId;
}

async function get(Key: string, VersionId?: string): Promise<string> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key, VersionId }));
  return (await Body?.transformToString()) ?? '';
}

async function failure(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'none',
    (error: { name: string; $metadata: { httpStatusCode: number } }) =>
      `${error.$metadata.httpStatusCode} ${error.name}`,
  );
}

/** Versions and markers in the order of the answer, which the SDK takes apart, by time and kind; `*` for the newest. */
async function list(more: Partial<ListObjectVersionsCommandInput> = {}): Promise<string[]> {
  const page = await client.send(new ListObjectVersionsCommand({ Bucket, ...more }));
  const versions = (page.Versions ?? []).map((one) => ({ ...one, kind: `${one.Size}` }));
  const markers = (page.DeleteMarkers ?? []).map((one) => ({ ...one, kind: '-' }));
  return [...versions, ...markers].map((one) => `${one.Key} ${one.kind}${one.IsLatest ? '*' : ''}`);
}

describe('versioning', () => {
  it('is off, on or suspended', async () => {
    const status = async (): Promise<string | undefined> =>
      (await client.send(new GetBucketVersioningCommand({ Bucket }))).Status;
    expect(await status()).toBeUndefined();
    expect(await put('k', 'x')).toBeUndefined();
    expect((await client.send(new HeadObjectCommand({ Bucket, Key: 'k' }))).VersionId).toBeUndefined();
    await versioning('Enabled');
    expect(await status()).toBe('Enabled');
    await versioning('Suspended');
    expect(await status()).toBe('Suspended');
    const missing = new PutBucketVersioningCommand({
      Bucket: 'none-there',
      VersioningConfiguration: { Status: 'Enabled' },
    });
    expect(await failure(client.send(missing))).toBe('404 NoSuchBucket');
  });

  it.each([
    ['<VersioningConfiguration><Status>On</Status></VersioningConfiguration>', 400, 'MalformedXML'],
    ['<VersioningConfiguration/>', 400, 'MalformedXML'],
    ['<VersioningConfiguration><State>Enabled</State></VersioningConfiguration>', 400, 'MalformedXML'],
    [
      '<VersioningConfiguration><Status>Enabled</Status><MfaDelete>Enabled</MfaDelete></VersioningConfiguration>',
      501,
      'NotImplemented',
    ],
  ])('refuses %s', async (body, status, code) => {
    const headers = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
    const wire = await signed(fixture.port, {
      method: 'PUT',
      path: `/${Bucket}`,
      query: { versioning: '' },
      headers,
    });
    const answer = await send(fixture.port, wire, body);
    expect([answer.status, answer.code]).toEqual([status, code]);
  });

  it('keeps, finds, removes and brings back versions', async () => {
    await put('k', 'null version');
    await versioning('Enabled');
    const first = await put('k', 'first');
    const second = await put('k', 'second');
    expect(first).toMatch(/^[0-9a-v]{11}$/);
    expect(await Promise.all([get('k'), get('k', first), get('k', second), get('k', 'null')])).toEqual([
      'second',
      'first',
      'second',
      'null version',
    ]);
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'k', VersionId: first }));
    expect(head).toMatchObject({ VersionId: first, ContentLength: 5 });
    const deleted = await client.send(new DeleteObjectCommand({ Bucket, Key: 'k' }));
    expect(deleted.DeleteMarker).toBe(true);
    expect(await list()).toEqual(['k 6', 'k 5', 'k 12', 'k -*']);
    expect(await failure(get('k'))).toBe('404 NoSuchKey');
    expect(await get('k', second)).toBe('second');
    const undeleted = await client.send(
      new DeleteObjectCommand({ Bucket, Key: 'k', VersionId: deleted.VersionId }),
    );
    expect(undeleted).toMatchObject({ DeleteMarker: true, VersionId: deleted.VersionId });
    expect(await get('k')).toBe('second');
    const gone = await client.send(new DeleteObjectCommand({ Bucket, Key: 'k', VersionId: second }));
    expect(gone.DeleteMarker).toBeUndefined();
    expect(await get('k')).toBe('first');
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'k', VersionId: second }));
    expect(await list()).toEqual(['k 5*', 'k 12']);
  });

  it('says with what it finds, and in which form ids are wrong', async () => {
    await versioning('Enabled');
    const id = await put('k', 'x');
    const { VersionId: marker } = await client.send(new DeleteObjectCommand({ Bucket, Key: 'k' }));
    const read = async (query: Record<string, string>, method = 'GET'): Promise<unknown[]> => {
      const headers = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
      const wire = await signed(fixture.port, { method, path: `/${Bucket}/k`, query, headers });
      const answer = await send(fixture.port, wire);
      return [
        answer.status,
        answer.code,
        answer.headers['x-amz-delete-marker'],
        answer.headers['x-amz-version-id'],
      ];
    };
    expect(await read({})).toEqual([404, 'NoSuchKey', 'true', marker]);
    expect(await read({ versionId: marker ?? '' })).toEqual([405, 'MethodNotAllowed', 'true', marker]);
    expect((await read({ versionId: id ?? '' }))[3]).toBe(id);
    expect((await read({ versionId: '0'.repeat(11) })).slice(0, 2)).toEqual([404, 'NoSuchVersion']);
    expect((await read({ versionId: 'null' })).slice(0, 2)).toEqual([404, 'NoSuchVersion']);
    for (const wrong of ['', 'nonsense', '../..', 'A'.repeat(11)])
      expect((await read({ versionId: wrong })).slice(0, 2)).toEqual([400, 'InvalidArgument']);
    expect((await read({ versionId: 'nonsense' }, 'DELETE')).slice(0, 2)).toEqual([400, 'InvalidArgument']);
  });

  it('has one null version while it is suspended', async () => {
    await versioning('Enabled');
    await put('k', '1');
    await versioning('Suspended');
    expect(await put('k', '22')).toBe('null');
    expect(await put('k', '333')).toBe('null');
    expect(await list()).toEqual(['k 3*', 'k 1']);
    const { VersionId, DeleteMarker } = await client.send(new DeleteObjectCommand({ Bucket, Key: 'k' }));
    expect([VersionId, DeleteMarker]).toEqual(['null', true]);
    expect(await list()).toEqual(['k 1', 'k -*']);
  });

  it('copies and restores versions, and completes uploads to new ones', async () => {
    await versioning('Enabled');
    const first = await put('k', 'first');
    await put('k', 'second');
    const from = `${Bucket}/k?versionId=${first}`;
    const copied = await client.send(new CopyObjectCommand({ Bucket, Key: 'k', CopySource: from }));
    expect(copied.CopySourceVersionId).toBe(first);
    expect(await get('k')).toBe('first');
    expect(await get('k', copied.VersionId)).toBe('first');
    const { VersionId: marker } = await client.send(new DeleteObjectCommand({ Bucket, Key: 'k' }));
    const copy = (id: string | undefined): Promise<unknown> =>
      client.send(new CopyObjectCommand({ Bucket, Key: 'c', CopySource: `${Bucket}/k?versionId=${id}` }));
    expect(await failure(copy(marker))).toBe('400 InvalidRequest');
    expect(await failure(copy('0'.repeat(11)))).toBe('404 NoSuchVersion');
    expect(await failure(copy('x'))).toBe('400 InvalidArgument');
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'k' }));
    const part = { Bucket, Key: 'k', UploadId, PartNumber: 1 };
    const { ETag } = await client.send(new UploadPartCommand({ ...part, Body: bytes(10) }));
    const done = await client.send(
      new CompleteMultipartUploadCommand({
        ...{ Bucket, Key: 'k', UploadId },
        MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] },
      }),
    );
    expect(done.VersionId).toMatch(/^[0-9a-v]{11}$/);
    expect(await list()).toEqual(['k 10*', 'k 5', 'k 6', 'k 5', 'k -']);
  });

  it('removes versions and adds markers in one request', async () => {
    await versioning('Enabled');
    const id = await put('a', 'x');
    await put('b', 'x');
    const { Deleted, Errors } = await client.send(
      new DeleteObjectsCommand({
        Bucket,
        Delete: { Objects: [{ Key: 'a', VersionId: id }, { Key: 'b' }, { Key: 'c', VersionId: 'wrong' }] },
      }),
    );
    expect(Deleted?.[0]).toEqual({ Key: 'a', VersionId: id });
    expect(Deleted?.[1]).toMatchObject({ Key: 'b', DeleteMarker: true });
    expect(Deleted?.[1]?.DeleteMarkerVersionId).toMatch(/^[0-9a-v]{11}$/);
    expect(Errors).toMatchObject([{ Key: 'c', Code: 'InvalidArgument' }]);
    expect(await list()).toEqual(['b 1', 'b -*']);
  });

  it('keeps what file protocols replace and remove', async () => {
    await versioning('Enabled');
    const { session } = fixture;
    await put('d/k', 's3');
    const before = (await client.send(new HeadObjectCommand({ Bucket, Key: 'd/k' }))).ETag;
    await session.write([Bucket, 'd', 'k'], Buffer.from('over sftp'));
    const { VersionId, ETag } = await client.send(new HeadObjectCommand({ Bucket, Key: 'd/k' }));
    await session.remove([Bucket, 'd', 'k']);
    expect(await list()).toEqual(['d/k 9', 'd/k 2', 'd/k -*']);
    const { Versions } = await client.send(new ListObjectVersionsCommand({ Bucket }));
    expect(Versions?.map((one) => one.ETag)).toEqual([ETag, before]);
    expect(await get('d/k', VersionId)).toBe('over sftp');
  });

  it('is no reason to show a directory that holds nothing else, but to keep the bucket', async () => {
    await versioning('Enabled');
    const id = await put('d/e/k', 'x');
    await put('f/k', 'x');
    const { VersionId } = await client.send(new DeleteObjectCommand({ Bucket, Key: 'd/e/k' }));
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'f/k', VersionId: 'null' }));
    const prefixes = async (Prefix = ''): Promise<(string | undefined)[] | undefined> =>
      (await client.send(new ListObjectsV2Command({ Bucket, Prefix, Delimiter: '/' }))).CommonPrefixes?.map(
        (one) => one.Prefix,
      );
    expect(await prefixes()).toEqual(['f/']);
    expect(await prefixes('d/')).toBeUndefined();
    const page = await client.send(new ListObjectVersionsCommand({ Bucket, Delimiter: '/' }));
    expect(page.CommonPrefixes?.map((one) => one.Prefix)).toEqual(['d/', 'f/']);
    expect(await failure(client.send(new DeleteBucketCommand({ Bucket })))).toBe('409 BucketNotEmpty');
    for (const [Key, ids] of [
      ['d/e/k', [id, VersionId]],
      ['f/k', [(await client.send(new HeadObjectCommand({ Bucket, Key: 'f/k' }))).VersionId]],
    ] as const)
      for (const one of ids) await client.send(new DeleteObjectCommand({ Bucket, Key, VersionId: one }));
    await client.send(new DeleteBucketCommand({ Bucket }));
  });
});

function partition(raw: readonly string[]): string[] {
  const isPrefix = (one: string): boolean => one.startsWith('<CommonPrefixes>');
  return [...raw.filter((one) => !isPrefix(one)), ...raw.filter(isPrefix)];
}

describe('ListObjectVersions', () => {
  it('gives the same in pages of any size, with prefix and delimiter', async () => {
    await put('a/1', 'n');
    await versioning('Enabled');
    for (const key of ['a', 'a!', 'a/1', 'a/2/x', 'b', 'ä'])
      for (let round = 0; round < 3; round++) await put(key === 'a' ? 'a.' : key, 'x'.repeat(round + 1));
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'b' }));
    interface Found {
      readonly raw: string[];
      readonly pages: number;
    }
    const all = async (query: Record<string, string>): Promise<Found> => {
      const raw: string[] = [];
      let markers: Record<string, string> = {};
      for (let pages = 1; ; pages++) {
        const headers = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
        const wire = await signed(fixture.port, {
          method: 'GET',
          path: `/${Bucket}`,
          query: { versions: '', ...query, ...markers },
          headers,
        });
        const { body } = await send(fixture.port, wire);
        raw.push(...(body.match(/<(Version|DeleteMarker|CommonPrefixes)>.*?<\/\1>/gs) ?? []));
        const [key, id] = ['NextKeyMarker', 'NextVersionIdMarker'].map(
          (name) => new RegExp(`<${name}>(.*?)</${name}>`).exec(body)?.[1],
        );
        expect(body.includes('<IsTruncated>true')).toBe(key !== undefined);
        if (key === undefined) return { raw, pages };
        markers = { 'key-marker': key, ...(id === undefined ? {} : { 'version-id-marker': id }) };
      }
    };
    for (const query of [{}, { prefix: 'a/' }, { delimiter: '/' }, { prefix: 'a', delimiter: '/' }]) {
      const whole = await all(query);
      expect(whole.pages).toBe(1);
      for (const size of ['1', '2', '5']) {
        const paged = await all({ ...query, 'max-keys': size });
        // Within an answer prefixes stand behind the rest.
        expect(partition(paged.raw)).toEqual(whole.raw);
        expect(paged.pages).toBe(Math.ceil(whole.raw.length / Number(size)));
      }
    }
    const { raw } = await all({});
    const keys = raw.map((one) => /<Key>(.*?)<\/Key>/.exec(one)?.[1]);
    expect(keys).toEqual(
      [...keys].sort((x, y) => Buffer.compare(Buffer.from(x ?? ''), Buffer.from(y ?? ''))),
    );
    expect(raw).toHaveLength(20);
    const { EncodingType, Versions } = await client.send(
      new ListObjectVersionsCommand({ Bucket, EncodingType: 'url', Prefix: 'ä' }),
    );
    expect([EncodingType, Versions?.[0]?.Key]).toEqual(['url', '%C3%A4']);
  });

  it('refuses a version without a key to begin at', async () => {
    expect(
      await failure(client.send(new ListObjectVersionsCommand({ Bucket, VersionIdMarker: 'null' }))),
    ).toBe('400 InvalidArgument');
    expect(await failure(client.send(new ListObjectVersionsCommand({ Bucket: 'none-there' })))).toBe(
      '404 NoSuchBucket',
    );
  });
});
