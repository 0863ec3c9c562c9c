import { AwsClient } from 'aws4fetch';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authenticate } from '../src/auth/authenticate.js';
import { decodeAwsChunked } from '../src/body/aws-chunked.js';
import { Headers } from '../src/http/headers.js';
import { Query } from '../src/http/url.js';
import { ACCESS_KEY, type Fixture, REGION, SECRET_KEY, startFixture } from './support/fixture.js';

/* The worked examples of the S3 API reference, "Authenticating requests". */

const verifier = {
  region: 'us-east-1',
  now: () => Date.parse('2013-05-24T00:00:00Z'),
  credentials: {
    find: async (id: string) =>
      id === 'AKIAIOSFODNN7EXAMPLE'
        ? {
            user: 'example',
            secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
            session: undefined as never,
          }
        : undefined,
  },
};
const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const HOST = 'examplebucket.s3.amazonaws.com';
const CREDENTIAL = 'AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request';

function authorization(signedHeaders: string, signature: string): string {
  return `AWS4-HMAC-SHA256 Credential=${CREDENTIAL},SignedHeaders=${signedHeaders},Signature=${signature}`;
}

const CHUNKED_HEADERS = [
  ['Host', 's3.amazonaws.com'],
  ['x-amz-date', '20130524T000000Z'],
  ['x-amz-storage-class', 'REDUCED_REDUNDANCY'],
  [
    'Authorization',
    authorization(
      'content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class',
      '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
    ),
  ],
  ['x-amz-content-sha256', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD'],
  ['Content-Encoding', 'aws-chunked'],
  ['x-amz-decoded-content-length', '66560'],
  ['Content-Length', '66824'],
];

const EXAMPLES: [string, string, string, string, string[][]][] = [
  [
    'GET object',
    'GET',
    '/test.txt',
    '',
    [
      ['Host', HOST],
      [
        'Authorization',
        authorization(
          'host;range;x-amz-content-sha256;x-amz-date',
          'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
        ),
      ],
      ['Range', 'bytes=0-9'],
      ['x-amz-content-sha256', EMPTY],
      ['x-amz-date', '20130524T000000Z'],
    ],
  ],
  [
    'PUT object with a path to encode',
    'PUT',
    '/test$file.text',
    '',
    [
      ['Host', HOST],
      ['Date', 'Fri, 24 May 2013 00:00:00 GMT'],
      [
        'Authorization',
        authorization(
          'date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class',
          '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
        ),
      ],
      ['x-amz-date', '20130524T000000Z'],
      ['x-amz-storage-class', 'REDUCED_REDUNDANCY'],
      ['x-amz-content-sha256', '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072'],
    ],
  ],
  [
    'GET bucket lifecycle',
    'GET',
    '/',
    'lifecycle',
    [
      ['Host', HOST],
      [
        'Authorization',
        authorization(
          'host;x-amz-content-sha256;x-amz-date',
          'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
        ),
      ],
      ['x-amz-date', '20130524T000000Z'],
      ['x-amz-content-sha256', EMPTY],
    ],
  ],
  [
    'GET bucket (list objects)',
    'GET',
    '/',
    'max-keys=2&prefix=J',
    [
      ['Host', HOST],
      [
        'Authorization',
        authorization(
          'host;x-amz-content-sha256;x-amz-date',
          '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
        ),
      ],
      ['x-amz-date', '20130524T000000Z'],
      ['x-amz-content-sha256', EMPTY],
    ],
  ],
  [
    'a presigned URL',
    'GET',
    '/test.txt',
    `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${encodeURIComponent(CREDENTIAL)}&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404`,
    [['Host', HOST]],
  ],
  ['PUT object in chunks', 'PUT', '/examplebucket/chunkObject.txt', '', CHUNKED_HEADERS],
];

describe('the examples of the reference', () => {
  it.each(EXAMPLES)('%s', async (_, method, rawPath, query, headers) => {
    const request = { method, rawPath, query: new Query(query), headers: new Headers(headers.flat()) };
    expect((await authenticate(request, verifier)).accessKeyId).toBe('AKIAIOSFODNN7EXAMPLE');
    const other = { ...request, method: 'POST' };
    await expect(authenticate(other, verifier)).rejects.toMatchObject({ code: 'SignatureDoesNotMatch' });
  });

  it('signatures of chunks', async () => {
    const request = {
      method: 'PUT',
      rawPath: '/examplebucket/chunkObject.txt',
      query: new Query(''),
      headers: new Headers(CHUNKED_HEADERS.flat()),
    };
    const { chain } = await authenticate(request, verifier);
    const body = [
      '10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n',
      `${'a'.repeat(65_536)}\r\n`,
      '400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n',
      `${'a'.repeat(1024)}\r\n`,
      '0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n',
    ].join('');
    // Wherever the pieces of the stream end.
    for (const step of [1, 7, 1000, body.length]) {
      const source = (async function* () {
        for (let at = 0; at < body.length; at += step) yield Buffer.from(body.slice(at, at + step));
      })();
      let length = 0;
      for await (const piece of decodeAwsChunked(source, { chain, onTrailer: () => undefined }))
        length += piece.length;
      expect(length).toBe(66_560);
    }
  });
});

describe('aws4fetch', () => {
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await startFixture({ domains: ['s3.localhost'] });
    await fixture.session.mkdir(['b']);
  });
  afterAll(() => fixture.close());

  it.each(['plain', 'sp ace', 'a+b', "!'()*~-_.", 'ä/ö', 'a=b&c', '%41', '😀', ':@$,;'])(
    'signs what is understood: %s',
    async (key) => {
      const client = new AwsClient({
        accessKeyId: ACCESS_KEY,
        secretAccessKey: SECRET_KEY,
        service: 's3',
        region: REGION,
        retries: 0,
      });
      const url = `${fixture.url}/b/${key.split('/').map(encodeURIComponent).join('/')}`;
      expect((await client.fetch(url, { method: 'PUT', body: key })).status).toBe(200);
      expect(await (await client.fetch(url)).text()).toBe(key);
      const presigned = await client.sign(`${url}?X-Amz-Expires=60`, { aws: { signQuery: true } });
      expect(await (await fetch(presigned)).text()).toBe(key);
      expect((await fixture.session.stat(['b', ...key.split('/')])).kind).toBe('file');
    },
  );
});
