import { createHash } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import {
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { expect } from 'vitest';
import type { Driver } from '../clients/driver.js';
import { requirePython, requireRuby } from '../run.js';
import { readItem } from '../trees.js';
import { addressOf } from './client.js';
import { type Boto3, boto3 } from './clients/boto3.js';
import { type Minio, minio } from './clients/minio.js';
import { rubySdk } from './clients/ruby.js';
import { type Sdk, sdk } from './clients/sdk.js';
import { INTERRUPTED, S3_SCRIPT, type S3Step } from './script.js';
import { BOTO3_SETTINGS, MINIO_SETTINGS, SDK_SETTINGS } from './settings.js';
import type { S3Suite } from './suite.js';

const SDK_STEPS: readonly S3Step<Sdk>[] = [
  {
    id: 'checksums',
    title: 'what is sent in chunks with a checksum behind it is verified on the way back',
    run: async ({ client: { amazon }, local, bucket }) => {
      const sent = local.file('checked-on-the-way.bin', 200_000);
      const object = { Bucket: bucket.slice(1), Key: 'checked-on-the-way.bin' };
      const put = await amazon.send(
        new PutObjectCommand({
          ...object,
          Body: createReadStream(sent.path),
          ContentLength: sent.size,
          ChecksumAlgorithm: 'SHA256',
        }),
      );
      const sha256 = createHash('sha256').update(readFileSync(sent.path)).digest('base64');
      expect(put.ChecksumSHA256).toBe(sha256);
      const got = await amazon.send(new GetObjectCommand({ ...object, ChecksumMode: 'ENABLED' }));
      expect(got.ChecksumSHA256).toBe(sha256);
      expect((await got.Body?.transformToByteArray())?.length).toBe(sent.size);
    },
  },
  {
    id: 'described',
    title: 'metadata, content type and the other headers come back as they were given',
    run: async ({ client: { amazon }, local, bucket }) => {
      const object = { Bucket: bucket.slice(1), Key: 'described-object.txt' };
      const said = {
        ContentType: local.remember('text/x-rarely-seen'),
        CacheControl: local.remember('max-age=8640000'),
        ContentLanguage: 'de-CH',
        Metadata: { [local.remember('rarely-seen-name')]: local.remember('a value that nobody may see') },
      };
      await amazon.send(new PutObjectCommand({ ...object, ...said, Body: 'x' }));
      expect(await amazon.send(new HeadObjectCommand(object))).toMatchObject(said);
    },
  },
  {
    id: 'conditions',
    title: 'of two writers that both want to be first one is',
    run: async ({ client: { amazon }, bucket }) => {
      const object = { Bucket: bucket.slice(1), Key: 'written-once.txt', IfNoneMatch: '*' };
      const both = await Promise.allSettled(
        ['first', 'second'].map((Body) => amazon.send(new PutObjectCommand({ ...object, Body }))),
      );
      expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      const refused = both.find((one) => one.status === 'rejected');
      expect(refused?.reason).toMatchObject({ name: 'PreconditionFailed' });
    },
  },
  {
    id: 'unfinished',
    title: 'an upload in parts that is never completed is no object, and its parts are listed',
    run: async ({ client: { amazon, keys }, local, bucket }) => {
      const object = { Bucket: bucket.slice(1), Key: 'unfinished-upload.bin' };
      const { UploadId } = await amazon.send(new CreateMultipartUploadCommand(object));
      const Body = local.content(70_000, 'a part');
      await amazon.send(new UploadPartCommand({ ...object, UploadId, PartNumber: 3, Body }));
      const { Parts } = await amazon.send(new ListPartsCommand({ ...object, UploadId }));
      expect(Parts).toMatchObject([{ PartNumber: 3, Size: 70_000 }]);
      expect(await keys?.(bucket)).toEqual([]);
    },
  },
];

/** A library in this process: there is nothing to install. */
export const SDK: S3Suite<Sdk> = {
  name: 'Amazon SDK for JavaScript',
  require: () => 'node',
  connect: (_program, server) => sdk(server),
  steps: [...S3_SCRIPT, INTERRUPTED, ...SDK_STEPS, SDK_SETTINGS],
  amount: { mebibytes: 20, files: 150 },
};

const MINIO_STEPS: readonly S3Step<Minio>[] = [
  {
    id: 'presigned',
    title: 'a presigned link is an object to whoever has it',
    run: async ({ client: { library }, server, local, bucket }) => {
      const sent = local.file('behind-a-link.txt', 3000);
      const { bucket: name, key } = addressOf(`${bucket}/behind-a-link.txt`);
      await library.fPutObject(name, key, sent.path);
      const link = new URL(await library.presignedGetObject(name, key, 60));
      expect(link.origin).toBe(server.url);
      expect(link.searchParams.get('X-Amz-Expires')).toBe('60');
      const { size, etag } = await library.statObject(name, key);
      expect({ size, etag }).toEqual({
        size: 3000,
        etag: createHash('md5').update(readFileSync(sent.path)).digest('hex'),
      });
    },
  },
];

export const MINIO: S3Suite<Minio> = {
  name: 'MinIO for JavaScript',
  require: () => 'node',
  connect: (_program, server) => minio(server),
  steps: [...S3_SCRIPT, ...MINIO_STEPS, MINIO_SETTINGS],
};

const BOTO3_STEPS: readonly S3Step<Boto3>[] = [
  {
    id: 'described',
    title: 'metadata and content type come back as they were given',
    run: async ({ client, local, bucket }) => {
      const sent = local.file('described-by-boto3.txt', 10);
      const Metadata = { 'rarely-seen': local.remember('a value of boto3 that nobody may see') };
      const at = `${bucket}/described-by-boto3.txt`;
      await client.command('put', sent.path, at, { Metadata, ContentType: 'text/x-boto3' });
      expect(await client.command('head', at)).toMatchObject({ metadata: Metadata, type: 'text/x-boto3' });
    },
  },
  {
    id: 'parts',
    title: 'the parts of an object are listed in pages, and each comes with its own checksum',
    run: async ({ client, local, bucket }) => {
      const sent = local.file('with-parts-by-boto3.bin', 20 * 2 ** 20 + 1);
      const at = `${bucket}/with-parts-by-boto3.bin`;
      await client.command('put', sent.path, at, { ChecksumAlgorithm: 'CRC32' });
      const listed = (await client.command('parts', at)) as { Size: number; ChecksumCRC32: string }[];
      expect(listed).toMatchObject([1, 2, 3].map((PartNumber) => ({ PartNumber })));
      let read = Buffer.alloc(0);
      for (const [index, { Size, ChecksumCRC32 }] of listed.entries()) {
        const part = (await client.command('readPart', at, index + 1)) as Record<
          'content' | 'checksum',
          string
        >;
        const content = Buffer.from(part.content, 'base64');
        expect([content.length, part.checksum]).toEqual([Size, ChecksumCRC32]);
        read = Buffer.concat([read, content]);
      }
      expect(read.equals(readFileSync(sent.path))).toBe(true);
    },
  },
];

export const BOTO3: S3Suite<Boto3> = {
  name: 'boto3',
  require: (test) => requirePython(test, 'boto3'),
  connect: (python, server) => boto3(python, server),
  steps: [...S3_SCRIPT, ...BOTO3_STEPS, BOTO3_SETTINGS],
};

const RUBY_STEPS: readonly S3Step<Driver>[] = [
  {
    id: 'sealed',
    title: 'what its encryption client has sealed comes back, with the envelope in its metadata as it was',
    run: async ({ client, local, stored, bucket }) => {
      const sent = local.file('sealed-by-client.bin', 100_000);
      const at = `${bucket}/sealed-by-client.bin`;
      await client.command('seal', sent.path, at, { 'rarely-seen': local.remember('beside the envelope') });
      const envelope = (await client.command('metadata', at)) as Record<string, string>;
      expect(envelope).toMatchObject({
        'rarely-seen': 'beside the envelope',
        'x-amz-cek-alg': 'AES/GCM/NoPadding',
        'x-amz-wrap-alg': 'RSA-OAEP-SHA1',
        'x-amz-key-v2': expect.stringMatching(/^[A-Za-z0-9+/]{300,}=*$/),
        'x-amz-iv': expect.any(String),
      });
      // Sealed twice: what we keep is what the client made of it, 16 bytes longer.
      expect(await stored.item(at)).toMatchObject({ size: 100_016 });
      const back = local.fresh();
      await client.command('unseal', at, back);
      expect(await readItem(back)).toMatchObject({
        sha256: ((await readItem(sent.path)) as { sha256: string }).sha256,
      });
      await client.command('copy', at, `${bucket}/copy-of-sealed.bin`);
      expect(await client.command('metadata', `${bucket}/copy-of-sealed.bin`)).toEqual(envelope);
      await client.command('unseal', `${bucket}/copy-of-sealed.bin`, back);
      expect(readFileSync(back).equals(readFileSync(sent.path))).toBe(true);
    },
  },
  {
    id: 'plain',
    title: 'its transfers in parts come back',
    run: async ({ client, local, stored, bucket, amount }) => {
      const sent = await local.large('large-of-ruby.bin', amount.mebibytes);
      await client.command('put', sent.path, `${bucket}/large-of-ruby.bin`);
      expect(await stored.item(`${bucket}/large-of-ruby.bin`)).toMatchObject({ sha256: sent.sha256 });
      const back = local.fresh();
      await client.command('get', `${bucket}/large-of-ruby.bin`, back);
      expect(await readItem(back)).toMatchObject({ sha256: sent.sha256 });
    },
  },
];

export const RUBY: S3Suite<Driver> = {
  name: 'Amazon SDK for Ruby',
  require: (test) => requireRuby(test, 'aws-sdk-s3'),
  connect: (ruby, server) => rubySdk(ruby, server),
  steps: RUBY_STEPS,
};
