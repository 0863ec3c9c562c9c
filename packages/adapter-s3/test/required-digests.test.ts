import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { CreateBucketCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OPERATIONS } from '../src/index.js';
import { type Fixture, startFixture } from './support/fixture.js';
import { type Answer, chunked, contentMd5, send, sha256, signed } from './support/signing.js';

/* Operations whose documents S3 takes only with a digest of their own, and those for which we do not insist. */

interface Example {
  readonly method?: 'POST';
  readonly path?: string;
  readonly query: string;
  readonly body: string;
  readonly status?: number;
}

const TAGS = '<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tagging>';
const UNTIL = new Date(Date.now() + 24 * 3_600_000).toISOString();

const DEMANDED: Readonly<Record<string, Example>> = {
  DeleteObjects: {
    method: 'POST',
    query: 'delete',
    body: '<Delete><Object><Key>gone</Key></Object></Delete>',
  },
  PutBucketCors: {
    query: 'cors',
    body: '<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>',
  },
  PutBucketLifecycleConfiguration: {
    query: 'lifecycle',
    body: '<LifecycleConfiguration><Rule><Filter/><Status>Enabled</Status><Expiration><Days>1</Days></Expiration></Rule></LifecycleConfiguration>',
  },
  PutBucketTagging: { query: 'tagging', body: TAGS, status: 204 },
  PutObjectLockConfiguration: {
    query: 'object-lock',
    body: '<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>',
  },
  PutObjectRetention: {
    path: '/k',
    query: 'retention',
    body: `<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>${UNTIL}</RetainUntilDate></Retention>`,
  },
  PutObjectLegalHold: {
    path: '/k',
    query: 'legal-hold',
    body: '<LegalHold><Status>ON</Status></LegalHold>',
  },
};

const NOT_DEMANDED: Readonly<Record<string, Example>> = {
  PutObjectTagging: { path: '/k', query: 'tagging', body: TAGS },
  PutBucketVersioning: {
    query: 'versioning',
    body: '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>',
  },
};

let fixture: Fixture;
let client: S3Client;
let count = 0;

beforeAll(async () => {
  fixture = await startFixture();
  client = fixture.client();
});
afterAll(() => fixture.close());

/** Asks in a fresh bucket with locks, which holds `k` and `gone`. */
async function bucket(): Promise<string> {
  const Bucket = `bucket-${++count}`;
  await client.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
  for (const Key of ['k', 'gone']) await client.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
  return Bucket;
}

async function ask(
  Bucket: string,
  { method = 'PUT', path = '', query, body }: Omit<Example, 'method'> & { readonly method?: string },
  headers: Readonly<Record<string, string>>,
  sent: Uint8Array | string = body,
): Promise<Answer> {
  const unsigned = { method, path: `/${Bucket}${path}`, query: { [query]: '' }, headers };
  return send(fixture.port, await signed(fixture.port, unsigned), sent);
}

function crcOf(body: string): string {
  const value = Buffer.alloc(4);
  value.writeUInt32BE(crc32(body));
  return value.toString('base64');
}

/** What the request would have changed. */
async function seen(Bucket: string, { path, query }: Example): Promise<string> {
  const look = { path: query === 'delete' ? '/gone' : (path ?? ''), query, body: '', method: 'GET' };
  const headers = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
  const { status, body } = await ask(
    Bucket,
    query === 'delete' ? { ...look, query: 'tagging' } : look,
    headers,
  );
  return `${status} ${body.replace(/<(RequestId|HostId)>[^<]*<[^>]*>/g, '')}`;
}

describe.each(Object.entries(DEMANDED))('%s', (_, example) => {
  const { body } = example;

  it('is refused without a digest of its body, whatever is signed of it, and changes nothing', async () => {
    const Bucket = await bucket();
    const before = await seen(Bucket, example);
    for (const payload of [sha256(body), 'UNSIGNED-PAYLOAD']) {
      const answer = await ask(Bucket, example, { 'x-amz-content-sha256': payload });
      expect([answer.status, answer.code]).toEqual([400, 'InvalidRequest']);
      expect(answer.body).toContain(
        'Missing required header for this request: Content-MD5 OR x-amz-checksum-*',
      );
    }
    expect(await seen(Bucket, example)).toBe(before);
  });

  it('is taken with one, and with a wrong one not', async () => {
    const { status = 200 } = example;
    const unsigned = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
    const checksum = createHash('sha256').update(body).digest('base64');
    const wrong = { ...unsigned, ...contentMd5(`${body} `) };
    const Bucket = await bucket();
    expect((await ask(Bucket, example, wrong)).code).toBe('BadDigest');
    for (const digest of [
      contentMd5(body),
      { 'x-amz-checksum-crc32': crcOf(body) },
      { 'x-amz-checksum-sha256': checksum, 'x-amz-sdk-checksum-algorithm': 'SHA256' },
    ])
      expect((await ask(Bucket, example, { ...unsigned, ...digest })).status).toBe(status);
  });

  it('is taken with a checksum behind the body', async () => {
    const Bucket = await bucket();
    const headers = {
      'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      'x-amz-trailer': 'x-amz-checksum-crc32',
      'x-amz-decoded-content-length': String(Buffer.byteLength(body)),
      'content-encoding': 'aws-chunked',
    };
    const sent = chunked({
      wire: { method: '', target: '', headers: [] },
      chunks: [Buffer.from(body)],
      signed: false,
      trailer: ['x-amz-checksum-crc32', crcOf(body)],
    });
    expect((await ask(Bucket, example, headers, sent)).status).toBe(example.status ?? 200);
  });
});

describe('other operations with a document', () => {
  it.each(Object.entries(NOT_DEMANDED))('are taken without a digest: %s', async (_, example) => {
    const answer = await ask(await bucket(), example, { 'x-amz-content-sha256': sha256(example.body) });
    expect(answer.status).toBe(200);
  });

  it('are all but those that the documents name', () => {
    const demanding = OPERATIONS.filter((one) => one.digest === true).map((one) => one.name);
    expect(demanding.sort()).toEqual(Object.keys(DEMANDED).sort());
    const text = readFileSync(new URL('../../../docs/s3.md', import.meta.url), 'utf8');
    const named = /^Documents of (.+?) have to come with/ms.exec(text)?.[1] ?? '';
    expect([...named.matchAll(/`(\w+)`/g)].map(([, name]) => name).sort()).toEqual(demanding);
  });
});
