import {
  type CORSRule,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketCorsCommand,
  GetBucketCorsCommand,
  GetObjectCommand,
  PutBucketCorsCommand,
  PutBucketTaggingCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Fixture, startFixture } from './support/fixture.js';
import { send, signed } from './support/signing.js';

const RULES: CORSRule[] = [
  {
    ID: 'app',
    AllowedOrigins: ['https://app.example', 'https://*.test.example'],
    AllowedMethods: ['GET', 'PUT', 'POST'],
    AllowedHeaders: ['Content-Type', 'x-amz-*'],
    ExposeHeaders: ['ETag', 'x-amz-request-id'],
    MaxAgeSeconds: 600,
  },
  { AllowedOrigins: ['*'], AllowedMethods: ['GET', 'HEAD'] },
];

let fixture: Fixture;
let client: S3Client;
let Bucket: string;
let count = 0;
let answersPreflights = true;

beforeAll(async () => {
  fixture = await startFixture({
    preflight: async () => (answersPreflights ? fixture.session : undefined),
    publicBuckets: async (bucket) =>
      bucket === 'public' ? { user: 'ada', session: fixture.session } : undefined,
  });
  client = fixture.client();
});
afterAll(() => fixture.close());
beforeEach(async () => {
  answersPreflights = true;
  Bucket = `bucket-${++count}`;
  await client.send(new CreateBucketCommand({ Bucket }));
});

function put(CORSRules: CORSRule[]) {
  return client.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }));
}

/** The question that a browser asks, and what it is answered. */
async function preflight(origin: string, method: string, headers = '', target = `/${Bucket}/k`) {
  const asked: [string, string][] = [
    ['Host', `127.0.0.1:${fixture.port}`],
    ['Origin', origin],
    ['Access-Control-Request-Method', method],
  ];
  if (headers !== '') asked.push(['Access-Control-Request-Headers', headers]);
  return send(fixture.port, { method: 'OPTIONS', target, headers: asked });
}

describe('the rules for other origins', () => {
  it('are put, read and deleted, beside what else is said of a bucket', async () => {
    const get = () => client.send(new GetBucketCorsCommand({ Bucket }));
    const none = { name: 'NoSuchCORSConfiguration' };
    await expect(get()).rejects.toMatchObject(none);
    await put(RULES);
    const Tagging = { TagSet: [{ Key: 'a', Value: '1' }] };
    await client.send(new PutBucketTaggingCommand({ Bucket, Tagging }));
    const lower = { ...RULES[0], AllowedHeaders: ['content-type', 'x-amz-*'] };
    expect((await get()).CORSRules).toEqual([lower, RULES[1]]);
    await client.send(new DeleteBucketCorsCommand({ Bucket }));
    await expect(get()).rejects.toMatchObject(none);
    await put(RULES);
    await client.send(new DeleteBucketCommand({ Bucket }));
    const gone = { name: 'NoSuchBucket' };
    await expect(get()).rejects.toMatchObject(gone);
    await expect(put(RULES)).rejects.toMatchObject(gone);
    await expect(client.send(new DeleteBucketCorsCommand({ Bucket }))).rejects.toMatchObject(gone);
  });

  it('are refused when they are none', async () => {
    const rule = { AllowedOrigins: ['*'], AllowedMethods: ['GET'] };
    const wrong: [string, CORSRule[]][] = [
      ['MalformedXML', []],
      ['MalformedXML', [{ ...rule, AllowedMethods: [] }]],
      ['InvalidRequest', [{ ...rule, AllowedMethods: ['PATCH'] }]],
      ['InvalidRequest', [{ ...rule, AllowedOrigins: ['http://*.a.*'] }]],
      ['InvalidRequest', [{ ...rule, ExposeHeaders: ['x-amz-*'] }]],
      ['InvalidRequest', [{ ...rule, ExposeHeaders: ['a: b'] }]],
      ['InvalidRequest', [{ ...rule, ID: 'x'.repeat(256) }]],
      ['MalformedXML', [{ ...rule, MaxAgeSeconds: -1 }]],
      ['InvalidRequest', Array.from({ length: 101 }, () => rule)],
      ['InvalidRequest', Array.from({ length: 50 }, () => ({ ...rule, ID: 'x'.repeat(200) }))],
    ];
    for (const [name, rules] of wrong) await expect(put(rules), name).rejects.toMatchObject({ name });
    await expect(client.send(new GetBucketCorsCommand({ Bucket }))).rejects.toMatchObject({
      name: 'NoSuchCORSConfiguration',
    });
  });
});

describe("a browser's question", () => {
  it.each([
    ['https://app.example', 'PUT', 'content-type, X-Amz-Date', 'https://app.example'],
    ['https://a.test.example', 'GET', '', 'https://a.test.example'],
    ['https://elsewhere.example', 'GET', '', '*'],
    ['https://elsewhere.example', 'PUT', '', undefined],
    ['https://elsewhere.example', 'GET', 'x-other', undefined],
    ['https://app.example', 'PUT', 'x-other', undefined],
    ['https://app.example', 'DELETE', '', undefined],
    ['http://app.example', 'POST', '', undefined],
    ['null', 'HEAD', '', '*'],
  ])('of %s for %s with %j is answered: %s', async (origin, method, headers, allowed) => {
    await put(RULES);
    const answer = await preflight(origin, method, headers);
    expect(answer.status).toBe(allowed === undefined ? 403 : 200);
    expect(answer.headers['access-control-allow-origin']).toBe(allowed);
    if (allowed === undefined) return expect(answer.code).toBe('AccessForbidden');
    expect(answer.headers.vary).toContain('Origin');
    expect(answer.headers['access-control-allow-methods']).toContain(method);
    expect(answer.headers['access-control-allow-headers']).toBe(headers.toLowerCase() || undefined);
    expect(answer.headers['access-control-max-age']).toBe(allowed === '*' ? undefined : '600');
    expect(answer.headers['access-control-allow-credentials']).toBe(allowed === '*' ? undefined : 'true');
  });

  it('tells nothing of buckets without rules, and asks for what it needs', async () => {
    const without = await preflight('https://app.example', 'GET');
    const nowhere = await preflight('https://app.example', 'GET', '', '/no-such-bucket/k');
    const service = await preflight('https://app.example', 'GET', '', '/');
    const text = (body: string) => /<Code>.*<\/Message>/.exec(body)?.[0];
    expect([nowhere.status, text(nowhere.body)]).toEqual([403, text(without.body)]);
    expect(service.status).toBe(403);
    const host: [string, string] = ['Host', `127.0.0.1:${fixture.port}`];
    const plain = await send(fixture.port, { method: 'OPTIONS', target: `/${Bucket}/k`, headers: [host] });
    expect([plain.status, plain.code]).toEqual([400, 'BadRequest']);
  });

  it('is answered for presigned URLs and public buckets when nothing else is said', async () => {
    answersPreflights = false;
    await put(RULES);
    expect((await preflight('https://app.example', 'PUT')).status).toBe(403);
    const url = new URL(await getSignedUrl(client, new PutObjectCommand({ Bucket, Key: 'k' })));
    const target = url.pathname + url.search;
    expect((await preflight('https://app.example', 'PUT', '', target)).status).toBe(200);
    const foreign = target.replaceAll('LATCHKEYEXAMPLE', 'SOMEBODYELSE');
    expect((await preflight('https://app.example', 'PUT', '', foreign)).status).toBe(403);
    await fixture.session.mkdir(['public']);
    Bucket = 'public';
    await put(RULES);
    expect((await preflight('https://app.example', 'GET')).status).toBe(200);
  });
});

describe('answers to other origins', () => {
  it('bear what the first fitting rule says, errors and forms as well', async () => {
    await put(RULES);
    await client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'content' }));
    const headers = { Origin: 'https://app.example' };
    const found = await fetch(await getSignedUrl(client, new GetObjectCommand({ Bucket, Key: 'k' })), {
      headers,
    });
    expect(await found.text()).toBe('content');
    const missing = await fetch(await getSignedUrl(client, new GetObjectCommand({ Bucket, Key: 'x' })), {
      headers,
    });
    const { url, fields } = await createPresignedPost(client, { Bucket, Key: 'form' });
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    form.append('file', new Blob(['by a form']));
    const posted = await fetch(url, { method: 'POST', body: form, headers });
    expect([found.status, missing.status, posted.status]).toEqual([200, 404, 204]);
    for (const answer of [found, missing, posted]) {
      expect(answer.headers.get('access-control-allow-origin')).toBe('https://app.example');
      expect(answer.headers.get('access-control-expose-headers')).toBe('ETag, x-amz-request-id');
    }
  });

  it('give back origins that no browser sends as they came', async () => {
    await put([{ AllowedOrigins: ['*é'], AllowedMethods: ['GET'] }]);
    const headers = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
    const wire = await signed(fixture.port, { method: 'GET', path: `/${Bucket}/k`, headers });
    const origin = Buffer.from('x€é').toString('latin1');
    const answer = await send(fixture.port, { ...wire, headers: [...wire.headers, ['Origin', origin]] });
    expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([404, origin]);
  });

  it('bear nothing without a rule, an origin or a proof', async () => {
    const get = async (origin?: string, signer = {}) => {
      const headers = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', ...(origin && { origin }) };
      const wire = await signed(fixture.port, { method: 'GET', path: `/${Bucket}/k`, headers }, signer);
      return (await send(fixture.port, wire)).headers['access-control-allow-origin'];
    };
    expect(await get('https://app.example')).toBeUndefined();
    await put(RULES);
    expect(await get('https://app.example')).toBe('https://app.example');
    expect(await get('https://elsewhere.example')).toBe('*');
    expect(await get()).toBeUndefined();
    expect(await get('https://app.example', { secretAccessKey: 'wrong' })).toBeUndefined();
  });
});
