import { createHmac } from 'node:crypto';
import type { ObjectSession } from '@latchkey/vault';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OPERATIONS } from '../src/index.js';
import { ACCESS_KEY, type Fixture, REGION, SECRET_KEY, startFixture } from './support/fixture.js';
import {
  type Answer,
  contentMd5,
  type Signer,
  send,
  sha256,
  signed,
  type Unsigned,
  type Wire,
} from './support/signing.js';

/*
 * Row 37 of docs/attacks.md, generated: every operation, in every form of authentication, with every fault, is 403 and
 * not one method of the vault's session is called. Each operation is also sent without a fault, so that the matrix
 * cannot pass because its requests are wrong in some other way.
 */

const ID = 'A'.repeat(32);
const LIST =
  '<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>x</ETag></Part></CompleteMultipartUpload>';

const TAGS = '<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tagging>';
const RULES =
  '<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>';

interface Example {
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const EXAMPLES: Readonly<Record<string, Example>> = {
  ListBuckets: { path: '/' },
  CreateBucket: { path: '/new-bucket' },
  HeadBucket: { path: '/b' },
  DeleteBucket: { path: '/b' },
  GetBucketLocation: { path: '/b', query: { location: '' } },
  GetBucketVersioning: { path: '/b', query: { versioning: '' } },
  ListMultipartUploads: { path: '/b', query: { uploads: '' } },
  ListObjects: { path: '/b', query: { prefix: 'a b' } },
  ListObjectsV2: { path: '/b', query: { 'list-type': '2' } },
  GetObject: { path: '/b/dir/k%20%C3%A9' },
  HeadObject: { path: '/b/k' },
  PutObject: { path: '/b/k', body: 'new content' },
  CopyObject: { path: '/b/copy', headers: { 'x-amz-copy-source': '/b/k' } },
  DeleteObject: { path: '/b/k' },
  DeleteObjects: {
    path: '/b',
    query: { delete: '' },
    body: '<Delete><Object><Key>k</Key></Object></Delete>',
  },
  GetObjectAttributes: {
    path: '/b/k',
    query: { attributes: '' },
    headers: { 'x-amz-object-attributes': 'ETag' },
  },
  GetObjectTagging: { path: '/b/k', query: { tagging: '' } },
  PutObjectTagging: { path: '/b/k', query: { tagging: '' }, body: TAGS },
  DeleteObjectTagging: { path: '/b/k', query: { tagging: '' } },
  GetBucketTagging: { path: '/b', query: { tagging: '' } },
  PutBucketTagging: { path: '/b', query: { tagging: '' }, body: TAGS },
  DeleteBucketTagging: { path: '/b', query: { tagging: '' } },
  GetBucketCors: { path: '/b', query: { cors: '' } },
  PutBucketCors: { path: '/b', query: { cors: '' }, body: RULES },
  DeleteBucketCors: { path: '/b', query: { cors: '' } },
  GetBucketAcl: { path: '/b', query: { acl: '' } },
  PutBucketAcl: { path: '/b', query: { acl: '' }, headers: { 'x-amz-acl': 'private' } },
  GetObjectAcl: { path: '/b/k', query: { acl: '' } },
  PutObjectAcl: { path: '/b/k', query: { acl: '' }, headers: { 'x-amz-acl': 'private' } },
  GetBucketPolicyStatus: { path: '/b', query: { policyStatus: '' } },
  GetPublicAccessBlock: { path: '/b', query: { publicAccessBlock: '' } },
  GetBucketEncryption: { path: '/b', query: { encryption: '' } },
  GetBucketOwnershipControls: { path: '/b', query: { ownershipControls: '' } },
  GetBucketAccelerateConfiguration: { path: '/b', query: { accelerate: '' } },
  GetBucketLogging: { path: '/b', query: { logging: '' } },
  GetBucketNotificationConfiguration: { path: '/b', query: { notification: '' } },
  GetBucketRequestPayment: { path: '/b', query: { requestPayment: '' } },
  GetBucketPolicy: { path: '/b', query: { policy: '' } },
  GetBucketReplication: { path: '/b', query: { replication: '' } },
  GetBucketWebsite: { path: '/b', query: { website: '' } },
  CreateMultipartUpload: { path: '/b/k', query: { uploads: '' } },
  UploadPart: { path: '/b/k', query: { partNumber: '1', uploadId: ID }, body: 'part' },
  UploadPartCopy: {
    path: '/b/k',
    query: { partNumber: '1', uploadId: ID },
    headers: { 'x-amz-copy-source': '/b/k' },
  },
  ListParts: { path: '/b/k', query: { uploadId: ID } },
  CompleteMultipartUpload: { path: '/b/k', query: { uploadId: ID }, body: LIST },
  AbortMultipartUpload: { path: '/b/k', query: { uploadId: ID } },
  PutBucketVersioning: {
    path: '/b',
    query: { versioning: '' },
    body: '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>',
  },
  ListObjectVersions: { path: '/b', query: { versions: '' } },
  GetObjectLockConfiguration: { path: '/b', query: { 'object-lock': '' } },
  PutObjectLockConfiguration: {
    path: '/b',
    query: { 'object-lock': '' },
    body: '<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>',
  },
  GetObjectRetention: { path: '/b/k', query: { retention: '' } },
  PutObjectRetention: { path: '/b/k', query: { retention: '' }, body: '<Retention/>' },
  GetObjectLegalHold: { path: '/b/k', query: { 'legal-hold': '', versionId: 'null' } },
  PutObjectLegalHold: {
    path: '/b/k',
    query: { 'legal-hold': '' },
    body: '<LegalHold><Status>OFF</Status></LegalHold>',
  },
  GetBucketLifecycleConfiguration: { path: '/b', query: { lifecycle: '' } },
  PutBucketLifecycleConfiguration: {
    path: '/b',
    query: { lifecycle: '' },
    body: '<LifecycleConfiguration><Rule><Filter/><Status>Disabled</Status><Expiration><Days>1</Days></Expiration></Rule></LifecycleConfiguration>',
  },
  DeleteBucketLifecycle: { path: '/b', query: { lifecycle: '' } },
};

/** What a form of authentication says about the payload. `presigned` stands in the query. */
const FORMS: Readonly<Record<string, (body: string) => Readonly<Record<string, string>> | 'presigned'>> = {
  header: (body) => ({ 'x-amz-content-sha256': sha256(body) }),
  unsigned: () => ({ 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }),
  query: () => 'presigned',
  chunked: () => ({ 'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' }),
  'chunked with trailer': () => ({
    'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
    'x-amz-trailer': 'x-amz-checksum-crc32',
  }),
  'unsigned with trailer': () => ({
    'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    'x-amz-trailer': 'x-amz-checksum-crc32',
  }),
};

interface Fault {
  readonly signer?: Signer;
  readonly tamper?: (wire: Wire) => Wire;
}

const HOUR = 3_600_000;

function withTarget(wire: Wire, change: (target: string) => string): Wire {
  const headers = wire.headers.map(([name, value]): [string, string] =>
    name === 'authorization' ? [name, change(value)] : [name, value],
  );
  return { ...wire, target: change(wire.target), headers };
}

const FAULTS: Readonly<Record<string, Fault>> = {
  'a wrong signature': {
    tamper: (wire) =>
      withTarget(wire, (text) =>
        text.replace(/Signature=([0-9a-f])/, (_, digit: string) => `Signature=${digit === '0' ? '1' : '0'}`),
      ),
  },
  'another secret': { signer: { secretAccessKey: `${SECRET_KEY}x` } },
  'an unknown access key': { signer: { accessKeyId: 'SOMEBODYELSE' } },
  'a wrong region': { signer: { region: 'eu-central-1' } },
  'an old date': { signer: { date: new Date(Date.now() - 4 * HOUR) } },
  'a date to come': { signer: { date: new Date(Date.now() + HOUR) } },
  'a credential of another day': {
    tamper: (wire) => withTarget(wire, (text) => text.replace(/(%2F|\/)20\d{6}(%2F|\/)/, '$120200101$2')),
  },
  'a signed header that is missing': {
    tamper: (wire) => ({ ...wire, headers: wire.headers.filter(([name]) => name !== 'x-amz-te') }),
  },
  'a header that is not signed': {
    tamper: (wire) => ({ ...wire, headers: [...wire.headers, ['x-amz-meta-more', '1']] }),
  },
  'a duplicated header': {
    tamper: (wire) => ({ ...wire, headers: [...wire.headers, ['x-amz-te', 'trailers']] }),
  },
  'another path': {
    tamper: (wire) => ({ ...wire, target: wire.target.replace(/^\/[^?]*/, (path) => `${path}x`) }),
  },
  'another method': { tamper: (wire) => ({ ...wire, method: wire.method === 'PUT' ? 'POST' : 'PUT' }) },
};

let fixture: Fixture;
let calls: string[] = [];

beforeAll(async () => {
  fixture = await startFixture({
    wrap: (session) =>
      new Proxy<ObjectSession>(session, {
        get(target, name) {
          const value: unknown = Reflect.get(target, name);
          // Versions are methods of an object of their own.
          if (name === 'versions') calls.push(name);
          if (typeof value !== 'function') return value;
          return (...args: unknown[]) => {
            calls.push(String(name));
            return Reflect.apply(value, target, args);
          };
        },
      }),
  });
  await fixture.session.mkdir(['b']);
});
afterAll(() => fixture.close());

async function request(name: string, form: string, fault: Fault): Promise<Answer> {
  const operation = OPERATIONS.find((one) => one.name === name);
  const { path, query = {}, headers = {}, body = '' } = EXAMPLES[name] as Example;
  const payload = FORMS[form]?.(body) ?? {};
  const unsigned: Unsigned = {
    method: operation?.method ?? '',
    path,
    query,
    headers: {
      'x-amz-te': 'trailers',
      ...headers,
      ...(operation?.digest === true ? contentMd5(body) : {}),
      ...(payload === 'presigned' ? {} : payload),
    },
  };
  const signer = payload === 'presigned' ? { expiresIn: 3600, ...fault.signer } : (fault.signer ?? {});
  const wire = await signed(fixture.port, unsigned, signer);
  return send(fixture.port, fault.tamper?.(wire) ?? wire, body);
}

describe('every operation', () => {
  it('is in the matrix', () => {
    expect(Object.keys(EXAMPLES).sort()).toEqual(OPERATIONS.map((one) => one.name).sort());
  });

  describe.each(Object.keys(FORMS))('signed in the form: %s', (form) => {
    it.each(Object.keys(FAULTS))('is refused with %s, and nothing is done', async (fault) => {
      const wrong: string[] = [];
      for (const name of Object.keys(EXAMPLES)) {
        calls = [];
        const answer = await request(name, form, FAULTS[fault] as Fault);
        if (answer.status !== 403 || calls.length > 0)
          wrong.push(`${name}: ${answer.status} ${answer.code} ${calls.join()}`);
      }
      expect(wrong).toEqual([]);
    });
  });

  it.each(['header', 'unsigned', 'query'])('is let through when nothing is wrong: %s', async (form) => {
    for (const name of Object.keys(EXAMPLES)) {
      calls = [];
      const answer = await request(name, form, {});
      expect([name, answer.status === 403, calls.length > 0]).toEqual([name, false, true]);
      await fixture.session.mkdir(['b'], { recursive: true });
    }
  });

  it('is refused without any signature, and with that of version 2', async () => {
    for (const operation of OPERATIONS) {
      const { path, query = {} } = EXAMPLES[operation.name] as Example;
      const target = `${path}?${new URLSearchParams(query)}`;
      const host: [string, string] = ['Host', `127.0.0.1:${fixture.port}`];
      calls = [];
      const anonymous = await send(fixture.port, { method: operation.method, target, headers: [host] });
      expect(anonymous.status).toBe(403);
      const headers: [string, string][] = [host, ['Authorization', `AWS ${ACCESS_KEY}:abc`]];
      const old = await send(fixture.port, { method: operation.method, target, headers });
      expect(old.status).toBe(400);
      if (operation.method !== 'HEAD') expect(old.body).toContain('AWS4-HMAC-SHA256');
      const inQuery = `${path}?AWSAccessKeyId=${ACCESS_KEY}&Signature=abc&Expires=9999999999`;
      const oldQuery = await send(fixture.port, {
        method: operation.method,
        target: inQuery,
        headers: [host],
      });
      expect([oldQuery.status, calls]).toEqual([400, []]);
    }
  });
});

describe('the policy of a form', () => {
  const now = new Date();
  const date = now.toISOString().replace(/[-:]|\.\d{3}/g, '');

  function form(change: { region?: string; date?: string; expiration?: Date; secret?: string }): FormData {
    const day = (change.date ?? date).slice(0, 8);
    const credential = `${ACCESS_KEY}/${day}/${change.region ?? REGION}/s3/aws4_request`;
    const fields: Record<string, string> = {
      key: 'by-form',
      'x-amz-algorithm': 'AWS4-HMAC-SHA256',
      'x-amz-credential': credential,
      'x-amz-date': change.date ?? date,
    };
    const policy = Buffer.from(
      JSON.stringify({
        expiration: (change.expiration ?? new Date(Date.now() + HOUR)).toISOString(),
        conditions: [{ bucket: 'b' }, ...Object.entries(fields).map(([name, value]) => ({ [name]: value }))],
      }),
    ).toString('base64');
    let key: Buffer | string = `AWS4${change.secret ?? SECRET_KEY}`;
    for (const part of credential.split('/').slice(1)) key = createHmac('sha256', key).update(part).digest();
    const made = new FormData();
    for (const [name, value] of Object.entries(fields)) made.append(name, value);
    made.append('policy', policy);
    made.append('x-amz-signature', createHmac('sha256', key).update(policy).digest('hex'));
    return made;
  }

  async function post(made: FormData): Promise<number> {
    made.append('file', new Blob(['content']));
    calls = [];
    return (await fetch(`${fixture.url}/b`, { method: 'POST', body: made })).status;
  }

  const wrong: [string, () => FormData][] = [
    ['another secret', () => form({ secret: 'x' })],
    ['a wrong region', () => form({ region: 'eu-central-1' })],
    ['an old date', () => form({ date: '20200101T000000Z' })],
    ['an expired policy', () => form({ expiration: new Date(Date.now() - 1000) })],
    [
      'a field that the policy does not know',
      () => {
        const made = form({});
        made.append('x-amz-meta-more', '1');
        return made;
      },
    ],
    [
      'a field that is changed',
      () => {
        const made = form({});
        made.set('key', 'other');
        return made;
      },
    ],
    [
      'a policy that is changed',
      () => {
        const made = form({});
        made.set('policy', Buffer.from('{}').toString('base64'));
        return made;
      },
    ],
    [
      'no signature',
      () => {
        const made = form({});
        made.delete('x-amz-signature');
        return made;
      },
    ],
  ];
  it.each(wrong)('is refused with %s', async (_, make) => {
    expect([await post(make()), calls]).toEqual([403, []]);
  });

  it('is taken when nothing is wrong', async () => {
    expect(await post(form({}))).toBe(204);
    expect((await fixture.session.stat(['b', 'by-form'])).size).toBe(7);
  });
});
