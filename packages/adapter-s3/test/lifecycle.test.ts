import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteBucketLifecycleCommand,
  DeleteObjectCommand,
  GetBucketLifecycleConfigurationCommand,
  HeadObjectCommand,
  type LifecycleRule,
  ListObjectVersionsCommand,
  ListPartsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterEach, describe, expect, it } from 'vitest';
import { applyLifecycles, type LifecycleReport } from '../src/index.js';
import type { Fixture } from './support/fixture.js';
import { bucketPerTest } from './support/scene.js';
import { contentMd5, send, signed } from './support/signing.js';

const DAY_MS = 24 * 60 * 60 * 1000;
const NOTHING: LifecycleReport = { objects: 0, versions: 0, markers: 0, uploads: 0, left: 0 };

let fixture: Fixture;
let client: S3Client;
let Bucket: string;

bucketPerTest((scene) => {
  ({ fixture, client, Bucket } = scene);
});

// Runs are for all buckets.
afterEach(async () => {
  await client.send(new DeleteBucketLifecycleCommand({ Bucket })).catch(() => undefined);
});

async function rules(...Rules: LifecycleRule[]): Promise<void> {
  const LifecycleConfiguration = { Rules };
  await client.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration }));
}

async function put(Key: string, more: object = {}): Promise<string | undefined> {
  return (await client.send(new PutObjectCommand({ Bucket, Key, Body: 'x', ...more }))).VersionId;
}

async function keep(Status: 'Enabled' | 'Suspended'): Promise<void> {
  await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));
}

/** A run so many days from now. */
function run(days: number): Promise<LifecycleReport> {
  return applyLifecycles(fixture.session, { now: Date.now() + days * DAY_MS });
}

async function keys(): Promise<string[]> {
  const { Versions = [], DeleteMarkers = [] } = await client.send(new ListObjectVersionsCommand({ Bucket }));
  return [...Versions.map((one) => `${one.Key}`), ...DeleteMarkers.map((one) => `${one.Key}-`)];
}

async function failure(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'none',
    (error: { name: string; $metadata: { httpStatusCode: number } }) =>
      `${error.$metadata.httpStatusCode} ${error.name}`,
  );
}

describe('the configuration', () => {
  it('is given back, also when the bucket has been renamed, and taken away', async () => {
    const Rules: LifecycleRule[] = [
      { ID: 'days', Status: 'Enabled', Filter: { Prefix: 'a/' }, Expiration: { Days: 3 } },
      {
        ID: 'date',
        Status: 'Disabled',
        Filter: { Tag: { Key: 'k', Value: 'v' } },
        Expiration: { Date: new Date('2031-02-03T00:00:00.000Z') },
      },
      {
        ID: 'and',
        Status: 'Enabled',
        Filter: {
          And: {
            Prefix: 'b/',
            Tags: [
              { Key: 'k', Value: 'v' },
              { Key: 'l', Value: '' },
            ],
            ObjectSizeGreaterThan: 1,
            ObjectSizeLessThan: 9,
          },
        },
        NoncurrentVersionExpiration: { NoncurrentDays: 4, NewerNoncurrentVersions: 2 },
      },
      {
        ID: 'all',
        Status: 'Enabled',
        Filter: {},
        Expiration: { ExpiredObjectDeleteMarker: true },
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
      },
      { ID: 'old form', Status: 'Enabled', Prefix: 'c/', Expiration: { Days: 1 } },
    ];
    const get = async (): Promise<LifecycleRule[] | undefined> =>
      (await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))).Rules;
    expect(await failure(get())).toBe('404 NoSuchLifecycleConfiguration');
    await rules(...Rules);
    expect(await get()).toEqual(Rules);
    await fixture.session.rename([Bucket], [`${Bucket}-renamed`]);
    Bucket += '-renamed';
    expect(await get()).toEqual(Rules);
    await client.send(new DeleteBucketLifecycleCommand({ Bucket }));
    expect(await failure(get())).toBe('404 NoSuchLifecycleConfiguration');
    await client.send(new DeleteBucketLifecycleCommand({ Bucket }));
    await rules(...Rules);
    await client.send(new DeleteBucketCommand({ Bucket }));
    await client.send(new CreateBucketCommand({ Bucket }));
    expect(await failure(get())).toBe('404 NoSuchLifecycleConfiguration');
  });

  const expiring = '<Expiration><Days>1</Days></Expiration>';
  const filter = '<Filter/><Status>Enabled</Status>';
  it.each([
    ['', 'MalformedXML'],
    [`<Rule>${filter}</Rule>`, 'InvalidRequest'],
    [`<Rule><Status>Enabled</Status>${expiring}</Rule>`, 'MalformedXML'],
    [`<Rule><Filter/><Prefix/><Status>Enabled</Status>${expiring}</Rule>`, 'MalformedXML'],
    [`<Rule><Filter/><Status>On</Status>${expiring}</Rule>`, 'MalformedXML'],
    [`<Rule>${filter}${expiring}<Surprise/></Rule>`, 'MalformedXML'],
    [
      `<Rule><ID>1</ID>${filter}${expiring}</Rule><Rule><ID>1</ID>${filter}${expiring}</Rule>`,
      'InvalidArgument',
    ],
    [`<Rule><ID>${'i'.repeat(256)}</ID>${filter}${expiring}</Rule>`, 'InvalidArgument'],
    [`<Rule>${filter}<Expiration><Days>0</Days></Expiration></Rule>`, 'InvalidArgument'],
    [
      `<Rule>${filter}<Expiration><Days>1</Days><Date>2031-01-01T00:00:00Z</Date></Expiration></Rule>`,
      'MalformedXML',
    ],
    [`<Rule>${filter}<Expiration><Date>2031-01-01T01:00:00Z</Date></Expiration></Rule>`, 'InvalidArgument'],
    [`<Rule>${filter}<NoncurrentVersionExpiration/></Rule>`, 'MalformedXML'],
    [
      `<Rule>${filter}<Transition><Days>1</Days><StorageClass>GLACIER</StorageClass></Transition></Rule>`,
      'NotImplemented',
    ],
    [
      `<Rule>${filter}<NoncurrentVersionTransition><NoncurrentDays>1</NoncurrentDays></NoncurrentVersionTransition></Rule>`,
      'NotImplemented',
    ],
    [
      '<Rule><Filter><Tag><Key>k</Key><Value>v</Value></Tag></Filter><Status>Enabled</Status>' +
        '<AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule>',
      'InvalidRequest',
    ],
    [
      `<Rule><Filter><And><Bogus>1</Bogus></And></Filter><Status>Enabled</Status>${expiring}</Rule>`,
      'MalformedXML',
    ],
    [
      `<Rule><Filter><Prefix>a</Prefix><Tag/></Filter><Status>Enabled</Status>${expiring}</Rule>`,
      'MalformedXML',
    ],
    [
      '<Rule><Filter><And><ObjectSizeGreaterThan>5</ObjectSizeGreaterThan><ObjectSizeLessThan>5</ObjectSizeLessThan></And></Filter>' +
        `<Status>Enabled</Status>${expiring}</Rule>`,
      'InvalidRequest',
    ],
  ])('is refused: %s', async (body, code) => {
    const document = `<LifecycleConfiguration>${body}</LifecycleConfiguration>`;
    const headers = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', ...contentMd5(document) };
    const wire = await signed(fixture.port, {
      method: 'PUT',
      path: `/${Bucket}`,
      query: { lifecycle: '' },
      headers,
    });
    expect((await send(fixture.port, wire, document)).code).toBe(code);
    const get = client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
    expect(await failure(get)).toBe('404 NoSuchLifecycleConfiguration');
  });
});

describe('a run', () => {
  it('removes what the filters fit when its days are over, and tells before', async () => {
    await rules(
      { ID: 'by prefix', Status: 'Enabled', Filter: { Prefix: 'logs/' }, Expiration: { Days: 2 } },
      {
        ID: 'tag',
        Status: 'Enabled',
        Filter: { Tag: { Key: 'keep', Value: 'no' } },
        Expiration: { Days: 2 },
      },
      { ID: 'size', Status: 'Enabled', Filter: { ObjectSizeGreaterThan: 3 }, Expiration: { Days: 2 } },
      { ID: 'off', Status: 'Disabled', Filter: {}, Expiration: { Days: 1 } },
    );
    const { Expiration } = await client.send(new PutObjectCommand({ Bucket, Key: 'logs/1', Body: 'x' }));
    const [, date, rule] = /^expiry-date="(.*)", rule-id="(.*)"$/.exec(Expiration ?? '') ?? [];
    const due = Date.parse(date ?? '');
    expect([due % DAY_MS, due > Date.now() + 2 * DAY_MS, due <= Date.now() + 3 * DAY_MS]).toEqual([
      0,
      true,
      true,
    ]);
    expect(rule).toBe('by%20prefix');
    await put('tagged', { Tagging: 'keep=no' });
    await put('large', { Body: 'large' });
    await put('stays', { Tagging: 'keep=yes' });
    await fixture.session.write([Bucket, 'logs', 'sftp'], Buffer.from('x'), {
      attributes: { modified: { seconds: 1, nanoseconds: 0 } },
    });
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'logs/1' }));
    expect(head.Expiration).toBe(Expiration);
    expect((await client.send(new HeadObjectCommand({ Bucket, Key: 'stays' }))).Expiration).toBeUndefined();
    expect(await run(1.9)).toEqual(NOTHING);
    expect(await run(3.1)).toEqual({ ...NOTHING, objects: 4 });
    expect(await keys()).toEqual(['stays']);
    expect((await fixture.session.list([Bucket])).entries.map(({ name }) => name)).toEqual(['stays']);
  });

  it('removes what is due at a date', async () => {
    await put('k');
    await rules({ ID: '1', Status: 'Enabled', Filter: {}, Expiration: { Date: new Date('2041-02-03') } });
    const at = (date: string): Promise<LifecycleReport> =>
      applyLifecycles(fixture.session, { now: Date.parse(date) });
    expect(await at('2041-02-02T23:59:59Z')).toEqual(NOTHING);
    expect(await at('2041-02-03T00:00:00Z')).toEqual({ ...NOTHING, objects: 1 });
  });

  it('puts markers where versions are kept, then takes old versions, then what is left of a name', async () => {
    await keep('Enabled');
    for (let round = 0; round < 4; round++) await put('k');
    await rules({
      ...{ ID: '1', Status: 'Enabled', Filter: {} },
      Expiration: { Days: 10 },
      NoncurrentVersionExpiration: { NoncurrentDays: 2, NewerNoncurrentVersions: 1 },
    });
    expect(await run(1)).toEqual(NOTHING);
    expect(await run(4)).toEqual({ ...NOTHING, versions: 2 });
    expect(await keys()).toEqual(['k', 'k']);
    expect(await run(12)).toEqual({ ...NOTHING, objects: 1 });
    expect(await keys()).toEqual(['k', 'k', 'k-']);
    expect(await run(12)).toEqual({ ...NOTHING, versions: 1 });
    expect(await keys()).toEqual(['k', 'k-']);
    await rules({
      ...{ ID: '1', Status: 'Enabled', Filter: {} },
      Expiration: { ExpiredObjectDeleteMarker: true },
      NoncurrentVersionExpiration: { NoncurrentDays: 2 },
    });
    expect(await run(4)).toEqual({ ...NOTHING, versions: 1, markers: 1 });
    expect(await keys()).toEqual([]);
    expect((await fixture.session.list([Bucket])).entries).toEqual([]);
  });

  it('leaves what is locked', async () => {
    Bucket += '-locked';
    await client.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
    await put('k', { ObjectLockLegalHoldStatus: 'ON' });
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'k' }));
    await rules({
      ...{ ID: '1', Status: 'Enabled', Filter: {} },
      NoncurrentVersionExpiration: { NoncurrentDays: 1 },
    });
    expect(await run(9)).toEqual({ ...NOTHING, left: 1 });
    expect(await keys()).toEqual(['k', 'k-']);
  });

  it('aborts uploads that nobody has finished', async () => {
    const begin = async (
      Key: string,
    ): Promise<{ Bucket: string; Key: string; UploadId: string | undefined }> => {
      const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
      return { Bucket, Key, UploadId };
    };
    const [due, other] = [await begin('a/k'), await begin('b/k')];
    await rules({
      ...{ ID: '1', Status: 'Enabled', Filter: { Prefix: 'a/' } },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
    });
    expect(await run(0.5)).toEqual(NOTHING);
    expect(await run(3)).toEqual({ ...NOTHING, uploads: 1 });
    expect(await failure(client.send(new ListPartsCommand(due)))).toBe('404 NoSuchUpload');
    await client.send(new ListPartsCommand(other));
  });

  it('says when an upload will be aborted, and by which rule', async () => {
    const abort = (
      ID: string,
      Prefix: string,
      days: number,
      Status: 'Enabled' | 'Disabled',
    ): LifecycleRule => ({
      ...{ ID, Status, Filter: { Prefix } },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: days },
    });
    await rules(
      abort('late', '', 9, 'Enabled'),
      abort('soon', 'a/', 2, 'Enabled'),
      abort('off', 'a/', 1, 'Disabled'),
    );
    for (const [Key, rule, days] of [
      ['a/k', 'soon', 2],
      ['b/k', 'late', 9],
    ] as const) {
      const due = (): number => Math.ceil(Date.now() / DAY_MS + days) * DAY_MS;
      const before = due();
      const began = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
      expect([before, due()]).toContain(began.AbortDate?.getTime());
      const { UploadId, AbortDate } = began;
      const listed = await client.send(new ListPartsCommand({ Bucket, Key, UploadId }));
      expect(listed.AbortDate).toEqual(AbortDate);
      expect([began.AbortRuleId, listed.AbortRuleId]).toEqual([rule, rule]);
    }
    await client.send(new DeleteBucketLifecycleCommand({ Bucket }));
    const free = await client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'a/k' }));
    expect([free.AbortRuleId, free.AbortDate]).toEqual([undefined, undefined]);
  });

  it('does not remove what has been replaced since it was found due', async () => {
    await put('a');
    await put('b');
    await rules({ ID: '1', Status: 'Enabled', Filter: {}, Expiration: { Days: 1 } });
    const { session } = fixture;
    let replaced = false;
    const racing = Object.assign(Object.create(session) as typeof session, {
      removeObject: async (...what: Parameters<typeof session.removeObject>) => {
        if (!replaced) await session.write([Bucket, 'a'], Buffer.from('new'));
        replaced = true;
        return session.removeObject(...what);
      },
      versions: session.versions,
      entries: session.entries.bind(session),
      read: session.read.bind(session),
    });
    const report = await applyLifecycles(racing, { now: Date.now() + 9 * DAY_MS });
    expect(report).toEqual({ ...NOTHING, objects: 1, left: 1 });
    expect(await keys()).toEqual(['a']);
  });

  it('forgets what belonged to buckets that are gone, and stops when it is told to', async () => {
    await rules({ ID: '1', Status: 'Enabled', Filter: {}, Expiration: { Days: 1 } });
    const { id } = await fixture.session.stat([Bucket]);
    await put('k');
    await expect(applyLifecycles(fixture.session, { signal: AbortSignal.abort() })).rejects.toThrow();
    await fixture.session.remove([Bucket], { recursive: true });
    const path = ['.latchkey-uploads', '.buckets', id];
    expect((await fixture.session.stat(path)).kind).toBe('directory');
    await run(0);
    await expect(fixture.session.stat(path)).rejects.toMatchObject({ code: 'not-found' });
  });
});
