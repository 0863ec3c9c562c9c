import {
  GetBucketCorsCommand,
  PutBucketCorsCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { beforeEach, describe, expect, it } from 'vitest';
import { around } from './support/around.js';
import type { Fixture } from './support/fixture.js';
import { bucketPerTest } from './support/scene.js';
import { type Answer, contentMd5, send, signed } from './support/signing.js';

let fixture: Fixture;
let client: S3Client;
let Bucket: string;
let afterStat: (() => Promise<void>) | undefined;

bucketPerTest(
  (scene) => {
    ({ fixture, client, Bucket } = scene);
  },
  {
    wrap: (session) =>
      around(session, 'stat', (target) => async (path) => {
        const entry = await target.stat(path);
        await afterStat?.();
        return entry;
      }),
  },
);

beforeEach(() => {
  afterStat = undefined;
});

async function ask(method: 'GET' | 'PUT', body = ''): Promise<Answer> {
  const unsigned = { method, path: `/${Bucket}`, query: { lifecycle: '' } };
  const headers = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', ...contentMd5(body) };
  return send(fixture.port, await signed(fixture.port, { ...unsigned, headers }), body);
}

function rule(inside: string, id = 'one'): string {
  return `<Rule><ID>${id}</ID><Status>Enabled</Status>${inside}</Rule>`;
}

function put(...rules: string[]): Promise<Answer> {
  return ask('PUT', `<LifecycleConfiguration>${rules.join('')}</LifecycleConfiguration>`);
}

const DAYS = '<Expiration><Days>1</Days></Expiration>';
const NO_FILTER = '<Filter/>';

/** Puts an object; what the answer says of its end. */
async function expiration(): Promise<string | undefined> {
  return (await client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }))).Expiration;
}

describe('rules that are too long', () => {
  // Written in JSON each of these is twice as long, longer than what is read back.
  const quotes = (bytes: number) => '"'.repeat(bytes);
  const tag = (key: string, value: string) => `<Tag><Key>${key}</Key><Value>${value}</Value></Tag>`;

  it.each([
    ['a prefix', `<Filter><Prefix>${quotes(3_000_000)}</Prefix></Filter>${DAYS}`, 'InvalidRequest'],
    ['a bare prefix', `<Prefix>${'é'.repeat(600)}</Prefix>${DAYS}`, 'InvalidRequest'],
    ['a tag', `<Filter>${tag('k', quotes(3_000_000))}</Filter>${DAYS}`, 'InvalidTag'],
    ['a key', `<Filter>${tag('k'.repeat(129), '')}</Filter>${DAYS}`, 'InvalidTag'],
    [
      'many tags',
      `<Filter><And>${Array.from({ length: 11 }, (_, at) => tag(`k${at}`, '')).join('')}</And></Filter>${DAYS}`,
      'InvalidRequest',
    ],
  ])('are refused: %s', async (_, inside, code) => {
    expect((await put(rule(inside))).code).toBe(code);
    expect((await ask('GET')).code).toBe('NoSuchLifecycleConfiguration');
    expect(await expiration()).toBeUndefined();
  });

  it('are refused all together, too', async () => {
    const tags = Array.from({ length: 10 }, (_, at) => tag(`${at}`, quotes(250))).join('');
    const filter = `<Filter><And>${tags}</And></Filter>${DAYS}`;
    const rules = Array.from({ length: 900 }, (_, at) => rule(filter, `${at}`));
    expect((await put(...rules)).code).toBe('InvalidRequest');
    expect(await expiration()).toBeUndefined();
  });
});

describe('numbers of days', () => {
  it('end where dates do', async () => {
    const days = (count: number) => rule(`${NO_FILTER}<Expiration><Days>${count}</Days></Expiration>`);
    expect((await put(days(2 ** 31))).code).toBe('InvalidArgument');
    expect((await put(days(2 ** 31 - 1))).status).toBe(200);
    expect(await expiration()).toBeUndefined();
    expect((await put(days(36_500))).status).toBe(200);
    expect(await expiration()).toContain('rule-id="one"');
  });
});

describe('parts of a rule that come twice', () => {
  const twice = (part: string) => part + part;
  it.each([
    ['filters', `${twice('<Filter><Prefix>a</Prefix></Filter>')}${DAYS}`],
    ['expirations', `${NO_FILTER}${twice(DAYS)}`],
    [
      'noncurrent versions',
      `${NO_FILTER}${twice('<NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays></NoncurrentVersionExpiration>')}`,
    ],
    [
      'uploads',
      `${NO_FILTER}${twice('<AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload>')}`,
    ],
  ])('are malformed: %s', async (_, inside) => {
    expect((await put(rule(inside))).code).toBe('MalformedXML');
  });
});

describe('a lifecycle that is set beside other settings of the bucket', () => {
  it('leaves those alone that are made between any two of its steps', async () => {
    let steps = 0;
    const origin = () => [`https://${steps}`];
    const setCors = async (): Promise<void> => {
      steps += 1;
      afterStat = undefined;
      const CORSRules = [{ AllowedMethods: ['GET'], AllowedOrigins: origin() }];
      await client.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }));
      afterStat = setCors;
    };
    afterStat = setCors;
    expect((await put(rule(NO_FILTER + DAYS))).status).toBe(200);
    afterStat = undefined;
    const { CORSRules } = await client.send(new GetBucketCorsCommand({ Bucket }));
    expect(CORSRules?.[0]?.AllowedOrigins).toEqual(origin());
    expect(await expiration()).toContain('rule-id="one"');
  });
});
