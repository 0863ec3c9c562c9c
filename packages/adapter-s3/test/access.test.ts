import {
  CreateBucketCommand,
  GetBucketAccelerateConfigurationCommand,
  GetBucketAclCommand,
  GetBucketEncryptionCommand,
  GetBucketLoggingCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketPolicyStatusCommand,
  GetBucketReplicationCommand,
  GetBucketRequestPaymentCommand,
  GetBucketWebsiteCommand,
  GetObjectAclCommand,
  GetObjectCommand,
  GetPublicAccessBlockCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutBucketAclCommand,
  PutObjectAclCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OPERATIONS, ownerId, type PublicBucket } from '../src/index.js';
import { SELECTING_PARAMETERS } from '../src/operations/unsupported.js';
import { type Fixture, REGION, startFixture } from './support/fixture.js';
import { send } from './support/signing.js';

/* What gateways without lists of access say about it, and the buckets that the server's configuration makes public. */

const OPEN = 'open-bucket';
const CLOSED = 'closed-bucket';

let fixture: Fixture;
let client: S3Client;
let opened: PublicBucket | undefined;

beforeAll(async () => {
  fixture = await startFixture({
    publicBuckets: async (bucket) => (bucket === OPEN ? opened : undefined),
  });
  opened = { user: 'ada', session: fixture.session };
  client = fixture.client();
  for (const Bucket of [OPEN, CLOSED]) {
    await client.send(new CreateBucketCommand({ Bucket }));
    await client.send(new PutObjectCommand({ Bucket, Key: 'dir/k', Body: 'content', Metadata: { m: '1' } }));
  }
});
afterAll(() => fixture.close());

describe('access', () => {
  it('is told as full control of the owner, and reading for everybody where that is so', async () => {
    const mine = { Grantee: { ID: ownerId('ada'), DisplayName: 'ada' }, Permission: 'FULL_CONTROL' };
    const everybody = { Grantee: { URI: expect.stringMatching(/AllUsers$/) }, Permission: 'READ' };
    const acl = await client.send(new GetBucketAclCommand({ Bucket: CLOSED }));
    expect(acl).toMatchObject({ Owner: { ID: ownerId('ada') }, Grants: [mine] });
    expect(acl.Grants?.[0]?.Grantee?.Type).toBe('CanonicalUser');
    const object = await client.send(new GetObjectAclCommand({ Bucket: CLOSED, Key: 'dir/k' }));
    expect(object.Grants).toMatchObject([mine]);
    const open = await client.send(new GetBucketAclCommand({ Bucket: OPEN }));
    expect(open.Grants).toMatchObject([mine, everybody]);
    for (const [Bucket, IsPublic] of [
      [OPEN, true],
      [CLOSED, false],
    ] as const) {
      const { PolicyStatus } = await client.send(new GetBucketPolicyStatusCommand({ Bucket }));
      expect(PolicyStatus).toEqual({ IsPublic });
      const block = await client.send(new GetPublicAccessBlockCommand({ Bucket }));
      expect(block.PublicAccessBlockConfiguration).toEqual({
        ...{ BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: true },
        RestrictPublicBuckets: !IsPublic,
      });
    }
  });

  it('takes lists that say what is so, and no others', async () => {
    const Bucket = CLOSED;
    const Key = 'dir/k';
    await client.send(new PutBucketAclCommand({ Bucket, ACL: 'private' }));
    await client.send(new PutObjectAclCommand({ Bucket, Key, ACL: 'private' }));
    const told = await client.send(new GetBucketAclCommand({ Bucket }));
    const AccessControlPolicy = { Owner: told.Owner, Grants: told.Grants };
    await client.send(new PutBucketAclCommand({ Bucket, AccessControlPolicy }));
    await client.send(new PutObjectAclCommand({ Bucket, Key, AccessControlPolicy }));
    const Grants = [{ Grantee: { Type: 'CanonicalUser' as const, ID: 'f' }, Permission: 'READ' as const }];
    const refused = { name: 'NotImplemented' };
    for (const more of [{ ACL: 'public-read' as const }, { AccessControlPolicy: { Grants } }]) {
      await expect(client.send(new PutBucketAclCommand({ Bucket, ...more }))).rejects.toMatchObject(refused);
      await expect(client.send(new PutObjectAclCommand({ Bucket, Key, ...more }))).rejects.toMatchObject(
        refused,
      );
    }
    await expect(client.send(new PutBucketAclCommand({ Bucket }))).rejects.toMatchObject({
      name: 'MissingSecurityHeader',
    });
    const missing = new PutObjectAclCommand({ Bucket, Key: 'none', ACL: 'private' });
    await expect(client.send(missing)).rejects.toMatchObject({ name: 'NoSuchKey' });
    await expect(client.send(new GetObjectAclCommand({ Bucket, Key: 'none' }))).rejects.toMatchObject({
      name: 'NoSuchKey',
    });
  });

  it('has nothing else configured, and says so', async () => {
    const Bucket = CLOSED;
    const encryption = await client.send(new GetBucketEncryptionCommand({ Bucket }));
    expect(
      encryption.ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault,
    ).toEqual({ SSEAlgorithm: 'AES256' });
    const ownership = await client.send(new GetBucketOwnershipControlsCommand({ Bucket }));
    expect(ownership.OwnershipControls?.Rules).toEqual([{ ObjectOwnership: 'BucketOwnerEnforced' }]);
    const payment = await client.send(new GetBucketRequestPaymentCommand({ Bucket }));
    expect(payment.Payer).toBe('BucketOwner');
    const accelerate = await client.send(new GetBucketAccelerateConfigurationCommand({ Bucket }));
    const logging = await client.send(new GetBucketLoggingCommand({ Bucket }));
    const notification = await client.send(new GetBucketNotificationConfigurationCommand({ Bucket }));
    expect([accelerate.Status, logging.LoggingEnabled, notification.QueueConfigurations]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    await expect(client.send(new GetBucketPolicyCommand({ Bucket }))).rejects.toMatchObject({
      name: 'NoSuchBucketPolicy',
    });
    await expect(client.send(new GetBucketReplicationCommand({ Bucket }))).rejects.toMatchObject({
      name: 'ReplicationConfigurationNotFoundError',
    });
    await expect(client.send(new GetBucketWebsiteCommand({ Bucket }))).rejects.toMatchObject({
      name: 'NoSuchWebsiteConfiguration',
    });
    const gone = { name: 'NoSuchBucket' };
    const none = { Bucket: 'no-such-bucket' };
    await expect(client.send(new GetBucketEncryptionCommand(none))).rejects.toMatchObject(gone);
    await expect(client.send(new GetBucketPolicyCommand(none))).rejects.toMatchObject(gone);
    await expect(client.send(new GetBucketAclCommand(none))).rejects.toMatchObject(gone);
    await expect(client.send(new GetPublicAccessBlockCommand(none))).rejects.toMatchObject(gone);
  });
});

describe('a public bucket', () => {
  /** Without any signature, through the SDK. */
  function nobody(): S3Client {
    return fixture.client({
      signer: { sign: async (request) => request },
      credentials: { accessKeyId: 'unused', secretAccessKey: 'unused' },
    });
  }

  it('can be read and listed by everybody, page by page', async () => {
    await client.send(new PutObjectCommand({ Bucket: OPEN, Key: 'dir/l', Body: '2' }));
    const sdk = nobody();
    const got = await sdk.send(new GetObjectCommand({ Bucket: OPEN, Key: 'dir/k' }));
    expect([await got.Body?.transformToString(), got.Metadata]).toEqual(['content', { m: '1' }]);
    const head = await sdk.send(new HeadObjectCommand({ Bucket: OPEN, Key: 'dir/k' }));
    expect(head.ContentLength).toBe(7);
    const first = await sdk.send(new ListObjectsV2Command({ Bucket: OPEN, MaxKeys: 1 }));
    const ContinuationToken = first.NextContinuationToken;
    const second = await sdk.send(new ListObjectsV2Command({ Bucket: OPEN, ContinuationToken }));
    expect([first, second].flatMap((page) => page.Contents?.map((one) => one.Key))).toEqual([
      'dir/k',
      'dir/l',
    ]);
    await expect(sdk.send(new GetObjectCommand({ Bucket: OPEN, Key: 'none' }))).rejects.toMatchObject({
      name: 'NoSuchKey',
    });
    const ranged = await fetch(`${fixture.url}/${OPEN}/dir/k`, { headers: { range: 'bytes=1-2' } });
    expect([ranged.status, await ranged.text()]).toEqual([206, 'on']);
    const changed = await fetch(`${fixture.url}/${OPEN}/dir/k?response-content-type=text/html`);
    expect([changed.status, await changed.text()]).toEqual([400, expect.stringContaining('InvalidRequest')]);
  });

  it('allows nothing else to nobody, and other buckets nothing at all', async () => {
    const allowed = ['GetObject', 'HeadBucket', 'HeadObject', 'ListObjects', 'ListObjectsV2'];
    expect(
      OPERATIONS.filter((one) => one.anonymous)
        .map((one) => one.name)
        .sort(),
    ).toEqual(allowed);
    const wrong: string[] = [];
    const parameters = ['', ...SELECTING_PARAMETERS].map((name) => (name === '' ? '' : `?${name}=1`));
    const headers: [string, string][] = [['Host', `127.0.0.1:${fixture.port}`]];
    for (const method of ['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'PATCH'])
      for (const path of ['/', `/${OPEN}`, `/${OPEN}/dir/k`, `/${CLOSED}`, `/${CLOSED}/dir/k`, '/no-such/k'])
        for (const parameter of parameters) {
          const { status } = await send(fixture.port, { method, target: path + parameter, headers });
          const reads = (method === 'GET' || method === 'HEAD') && path.startsWith(`/${OPEN}`);
          const plain =
            parameter === '' ||
            (path === `/${OPEN}` && method === 'GET' && parameter === '?list-type=1') ||
            (path !== `/${OPEN}` && parameter === '?partNumber=1');
          if ((status === 403) !== !(reads && plain)) wrong.push(`${method} ${path}${parameter}: ${status}`);
        }
    expect(wrong).toEqual([]);
    const { Body } = await client.send(new GetObjectCommand({ Bucket: OPEN, Key: 'dir/k' }));
    expect(await Body?.transformToString()).toBe('content');
    expect(fixture.throttle.failures).toBe(0);
  });

  it('does not make a wrong proof a right one', async () => {
    const host: [string, string] = ['Host', `127.0.0.1:${fixture.port}`];
    const day = new Date().toISOString().slice(0, 10).replaceAll('-', '');
    const wrong: [string, [string, string][]][] = [
      [`/${OPEN}/dir/k`, [['Authorization', 'AWS4-HMAC-SHA256 Credential=x']]],
      [`/${OPEN}/dir/k`, [['Authorization', 'Basic eDp5']]],
      [`/${OPEN}/dir/k?X-Amz-Signature=abc`, []],
      [`/${OPEN}/dir/k?X-Amz-Credential=A%2F${day}%2F${REGION}%2Fs3%2Faws4_request`, []],
      [`/${OPEN}/dir/k?AWSAccessKeyId=A&Signature=abc&Expires=9999999999`, []],
    ];
    for (const [target, more] of wrong) {
      const { status, body } = await send(fixture.port, { method: 'GET', target, headers: [host, ...more] });
      expect([target, status >= 400, body.includes('<Error>')]).toEqual([target, true, true]);
    }
  });
});
