import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectLegalHoldCommand,
  GetObjectLockConfigurationCommand,
  GetObjectRetentionCommand,
  HeadObjectCommand,
  type ObjectLockRule,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectLockConfigurationCommand,
  PutObjectRetentionCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import type { Fixture } from './support/fixture.js';
import { bucketPerTest } from './support/scene.js';
import { contentMd5, send, signed } from './support/signing.js';

const DAY_MS = 24 * 60 * 60 * 1000;
const LATER = new Date(Math.floor(Date.now() / 1000) * 1000 + DAY_MS);
const LATER_YET = new Date(LATER.getTime() + DAY_MS);

let fixture: Fixture;
let client: S3Client;
let Bucket: string;

bucketPerTest(
  (scene) => {
    ({ fixture, client, Bucket } = scene);
  },
  { bucket: { ObjectLockEnabledForBucket: true } },
);

async function failure(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'none',
    (error: { name: string; $metadata: { httpStatusCode: number } }) =>
      `${error.$metadata.httpStatusCode} ${error.name}`,
  );
}

async function put(Key: string, more: object = {}): Promise<string | undefined> {
  return (await client.send(new PutObjectCommand({ Bucket, Key, Body: 'x', ...more }))).VersionId;
}

function destroy(
  Key: string,
  VersionId: string | undefined,
  BypassGovernanceRetention = false,
): Promise<unknown> {
  return client.send(new DeleteObjectCommand({ Bucket, Key, VersionId, BypassGovernanceRetention }));
}

describe('the lock of a bucket', () => {
  it('keeps all versions, and has a default for new ones, also of other protocols', async () => {
    const get = async (): Promise<unknown> =>
      (await client.send(new GetObjectLockConfigurationCommand({ Bucket }))).ObjectLockConfiguration;
    expect(await get()).toEqual({ ObjectLockEnabled: 'Enabled' });
    const Rule: ObjectLockRule = { DefaultRetention: { Mode: 'COMPLIANCE', Days: 3 } };
    const ObjectLockConfiguration = { ObjectLockEnabled: 'Enabled', Rule } as const;
    await client.send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration }));
    expect(await get()).toEqual(ObjectLockConfiguration);
    await fixture.session.write([Bucket, 'over-sftp'], Buffer.from('x'));
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'over-sftp' }));
    expect(head.ObjectLockMode).toBe('COMPLIANCE');
    const days = ((head.ObjectLockRetainUntilDate?.getTime() ?? 0) - Date.now()) / DAY_MS;
    expect(Math.round(days)).toBe(3);
    const VersioningConfiguration = { Status: 'Suspended' } as const;
    expect(
      await failure(client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }))),
    ).toBe('409 InvalidBucketState');
    await expect(fixture.session.remove([Bucket], { recursive: true })).rejects.toMatchObject({
      code: 'read-only',
    });
  });

  it('can be put on a bucket that keeps versions, and on no other', async () => {
    const plain = { Bucket: `plain-of-${Bucket}` };
    await client.send(new CreateBucketCommand(plain));
    const lock = (): Promise<unknown> =>
      client.send(
        new PutObjectLockConfigurationCommand({
          ...plain,
          ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled' },
        }),
      );
    const get = (): Promise<unknown> => client.send(new GetObjectLockConfigurationCommand(plain));
    expect(await failure(get())).toBe('404 ObjectLockConfigurationNotFoundError');
    expect(await failure(lock())).toBe('409 InvalidBucketState');
    expect(
      await failure(
        client.send(new PutObjectCommand({ ...plain, Key: 'k', Body: 'x', ObjectLockLegalHoldStatus: 'ON' })),
      ),
    ).toBe('400 InvalidRequest');
    const VersioningConfiguration = { Status: 'Enabled' } as const;
    await client.send(new PutBucketVersioningCommand({ ...plain, VersioningConfiguration }));
    await lock();
    await get();
  });

  it.each([
    ['<DefaultRetention><Mode>GOVERNANCE</Mode></DefaultRetention>', 'MalformedXML'],
    [
      '<DefaultRetention><Mode>GOVERNANCE</Mode><Days>1</Days><Years>1</Years></DefaultRetention>',
      'MalformedXML',
    ],
    ['<DefaultRetention><Mode>WORM</Mode><Days>1</Days></DefaultRetention>', 'MalformedXML'],
    ['<DefaultRetention><Mode>GOVERNANCE</Mode><Days>0</Days></DefaultRetention>', 'InvalidArgument'],
    ['<DefaultRetention><Mode>GOVERNANCE</Mode><Years>101</Years></DefaultRetention>', 'InvalidArgument'],
  ])('refuses the default %s', async (rule, code) => {
    const body = `<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule>${rule}</Rule></ObjectLockConfiguration>`;
    const headers = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', ...contentMd5(body) };
    const query = { 'object-lock': '' };
    const wire = await signed(fixture.port, { method: 'PUT', path: `/${Bucket}`, query, headers });
    expect((await send(fixture.port, wire, body)).code).toBe(code);
  });
});

describe('a retention', () => {
  it('comes with an object and keeps it', async () => {
    const lock = { ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: LATER };
    const id = await put('k', { ...lock, ObjectLockLegalHoldStatus: 'OFF' });
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'k' }));
    expect(head).toMatchObject(lock);
    const { Retention } = await client.send(
      new GetObjectRetentionCommand({ Bucket, Key: 'k', VersionId: id }),
    );
    expect(Retention).toEqual({ Mode: 'GOVERNANCE', RetainUntilDate: LATER });
    expect(await failure(destroy('k', id))).toBe('403 AccessDenied');
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'k' }));
    await client.send(new HeadObjectCommand({ Bucket, Key: 'k', VersionId: id }));
    await destroy('k', id, true);
    expect(await failure(client.send(new HeadObjectCommand({ Bucket, Key: 'k', VersionId: id })))).toMatch(
      /^404/,
    );
  });

  it('comes with an upload in parts, too', async () => {
    const lock = { ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: LATER } as const;
    const { UploadId } = await client.send(
      new CreateMultipartUploadCommand({ Bucket, Key: 'k', ...lock, ObjectLockLegalHoldStatus: 'ON' }),
    );
    const part = { Bucket, Key: 'k', UploadId, PartNumber: 1, Body: 'x' };
    const { ETag } = await client.send(new UploadPartCommand(part));
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
    await client.send(new CompleteMultipartUploadCommand({ Bucket, Key: 'k', UploadId, MultipartUpload }));
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'k' }));
    expect(head).toMatchObject({ ...lock, ObjectLockLegalHoldStatus: 'ON' });
  });

  it('grows, and shrinks only under governance that is overridden', async () => {
    const id = await put('k');
    const retain = (
      Mode: 'GOVERNANCE' | 'COMPLIANCE',
      RetainUntilDate: Date,
      bypass = false,
    ): Promise<unknown> =>
      client.send(
        new PutObjectRetentionCommand({
          ...{ Bucket, Key: 'k', VersionId: id, Retention: { Mode, RetainUntilDate } },
          BypassGovernanceRetention: bypass,
        }),
      );
    const get = new GetObjectRetentionCommand({ Bucket, Key: 'k' });
    expect(await failure(client.send(get))).toBe('404 NoSuchObjectLockConfiguration');
    await retain('GOVERNANCE', LATER);
    await retain('GOVERNANCE', LATER_YET);
    expect(await failure(retain('GOVERNANCE', LATER))).toBe('403 AccessDenied');
    await retain('GOVERNANCE', LATER, true);
    const clear = (bypass: boolean): Promise<unknown> =>
      client.send(
        new PutObjectRetentionCommand({ Bucket, Key: 'k', Retention: {}, BypassGovernanceRetention: bypass }),
      );
    expect(await failure(clear(false))).toBe('403 AccessDenied');
    await clear(true);
    await retain('COMPLIANCE', LATER_YET);
    expect(await failure(retain('COMPLIANCE', LATER, true))).toBe('403 AccessDenied');
    expect(await failure(clear(true))).toBe('403 AccessDenied');
    expect(await failure(destroy('k', id, true))).toBe('403 AccessDenied');
  });

  it.each([
    [{ 'x-amz-object-lock-mode': 'GOVERNANCE' }, 'InvalidArgument'],
    [{ 'x-amz-object-lock-retain-until-date': LATER.toISOString() }, 'InvalidArgument'],
    [
      { 'x-amz-object-lock-mode': 'X', 'x-amz-object-lock-retain-until-date': LATER.toISOString() },
      'InvalidArgument',
    ],
    [
      { 'x-amz-object-lock-mode': 'GOVERNANCE', 'x-amz-object-lock-retain-until-date': 'soon' },
      'InvalidArgument',
    ],
    [
      {
        'x-amz-object-lock-mode': 'GOVERNANCE',
        'x-amz-object-lock-retain-until-date': '2020-01-01T00:00:00Z',
      },
      'InvalidArgument',
    ],
    [{ 'x-amz-object-lock-legal-hold': 'MAYBE' }, 'InvalidArgument'],
  ])('is refused as %o', async (more, code) => {
    const headers = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', ...more };
    const wire = await signed(fixture.port, { method: 'PUT', path: `/${Bucket}/k`, headers });
    expect((await send(fixture.port, wire, 'x')).code).toBe(code);
  });
});

describe('a legal hold', () => {
  it('keeps a version until it is lifted', async () => {
    const id = await put('k');
    const hold = (Status: 'ON' | 'OFF'): Promise<unknown> =>
      client.send(new PutObjectLegalHoldCommand({ Bucket, Key: 'k', VersionId: id, LegalHold: { Status } }));
    const get = async (): Promise<string | undefined> =>
      (await client.send(new GetObjectLegalHoldCommand({ Bucket, Key: 'k' }))).LegalHold?.Status;
    expect(await get()).toBe('OFF');
    await hold('ON');
    expect(await get()).toBe('ON');
    expect(await failure(destroy('k', id, true))).toBe('403 AccessDenied');
    await hold('OFF');
    await destroy('k', id);
  });

  it('needs something to hold', async () => {
    const id = await put('k');
    const { VersionId: marker } = await client.send(new DeleteObjectCommand({ Bucket, Key: 'k' }));
    const hold = (Key: string, VersionId?: string): Promise<unknown> =>
      client.send(new PutObjectLegalHoldCommand({ Bucket, Key, VersionId, LegalHold: { Status: 'ON' } }));
    expect(await failure(hold('none'))).toBe('404 NoSuchKey');
    expect(await failure(hold('k', marker))).toBe('405 MethodNotAllowed');
    expect(await failure(hold('k'))).toBe('405 MethodNotAllowed');
    expect(await failure(hold('k', '0'.repeat(11)))).toBe('404 NoSuchVersion');
    await hold('k', id);
    const plain = `plain-of-${Bucket}`;
    await client.send(new CreateBucketCommand({ Bucket: plain }));
    const there = new GetObjectLegalHoldCommand({ Bucket: plain, Key: 'k' });
    expect(await failure(client.send(there))).toBe('400 InvalidRequest');
  });
});
