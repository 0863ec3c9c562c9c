import { createReadStream, createWriteStream, readFileSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as wait } from 'node:timers/promises';
import {
  S3Client as AmazonClient,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListBucketsCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { expect } from 'vitest';
import type { S3Place } from '../../client.js';
import { type Address, addressOf, type S3Client } from '../client.js';
import { treesOf } from './library-trees.js';

const PART_BYTES = 8 * 1024 * 1024;
/** Keys of a page of a listing: few, so that there are several. */
const PAGE = 100;

/** Amazon's SDK for JavaScript with its defaults, checksums among them. */
export interface Sdk extends S3Client {
  interruptedPut(local: string, at: string): Promise<void>;
  readonly amazon: AmazonClient;
}

export function sdk(server: S3Place): Sdk {
  const ca = server.certificate === undefined ? undefined : readFileSync(server.certificate);
  const made: AmazonClient[] = [];
  const connect = (secret: string): AmazonClient => {
    const client = new AmazonClient({
      endpoint: server.url,
      region: server.region,
      forcePathStyle: true,
      credentials: { accessKeyId: server.id, secretAccessKey: secret },
      ...(ca === undefined ? {} : { requestHandler: { httpsAgent: { ca } } }),
    });
    made.push(client);
    return client;
  };
  const amazon = connect(server.secret);
  const named = (at: string): { Bucket: string; Key: string } => {
    const { bucket, key } = addressOf(at);
    return { Bucket: bucket, Key: key };
  };
  const put = async (local: string, at: string): Promise<void> => {
    const { size } = statSync(local);
    if (size > PART_BYTES) return putParts(amazon, local, size, addressOf(at));
    await amazon.send(
      new PutObjectCommand({ ...named(at), Body: createReadStream(local), ContentLength: size }),
    );
  };
  const get = async (at: string, local: string): Promise<void> => {
    const { Body } = await amazon.send(new GetObjectCommand(named(at)));
    await pipeline(Body as Readable, createWriteStream(local));
  };
  const keys = async (at: string): Promise<string[]> => {
    const { bucket, key } = addressOf(at);
    const prefix = key === '' ? '' : `${key}/`;
    const found: string[] = [];
    for await (const page of paginateListObjectsV2(
      { client: amazon, pageSize: PAGE },
      { Bucket: bucket, Prefix: prefix },
    ))
      found.push(...(page.Contents ?? []).map((entry) => (entry.Key ?? '').slice(prefix.length)));
    return found;
  };
  const copy = async (from: string, to: string): Promise<void> => {
    const { bucket, key } = addressOf(from);
    const CopySource = `${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`;
    await amazon.send(new CopyObjectCommand({ ...named(to), CopySource }));
  };
  const remove = async (at: string): Promise<void> =>
    void (await amazon.send(new DeleteObjectCommand(named(at))));
  return {
    name: 'Amazon SDK for JavaScript',
    amazon,
    put,
    get,
    keys,
    copy,
    remove,
    ...treesOf({ put, get, keys }),
    signIn: async (secret) => void (await connect(secret).send(new ListBucketsCommand({}))),
    removeTree: async (at) => {
      const { bucket, key } = addressOf(at);
      const Objects = (await keys(at)).map((below) => ({ Key: `${key}/${below}` }));
      const { Errors } = await amazon.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects } }));
      if (Errors !== undefined && Errors.length > 0) throw new Error(JSON.stringify(Errors));
    },
    range: async (at, first, last) => {
      const Range = `bytes=${first}-${last}`;
      const { Body } = await amazon.send(new GetObjectCommand({ ...named(at), Range }));
      return Buffer.from((await Body?.transformToByteArray()) ?? []);
    },
    move: async (from, to) => {
      await copy(from, to);
      await remove(from);
    },
    interruptedPut: async (local, at) => {
      const ending = new AbortController();
      const Body = createReadStream(local);
      const sending = amazon.send(
        new PutObjectCommand({ ...named(at), Body, ContentLength: statSync(local).size }),
        { abortSignal: ending.signal },
      );
      const ended = expect(sending).rejects.toMatchObject({ name: 'AbortError' });
      while (Body.bytesRead < 4 * 1024 * 1024 && !Body.destroyed) await wait(1);
      ending.abort();
      await ended;
      Body.destroy();
    },
    close: async () => {
      for (const client of made) client.destroy();
    },
  };
}

async function putParts(
  amazon: AmazonClient,
  local: string,
  size: number,
  { bucket, key }: Address,
): Promise<void> {
  const object = { Bucket: bucket, Key: key };
  const { UploadId } = await amazon.send(new CreateMultipartUploadCommand(object));
  const file = await open(local);
  const Parts: { PartNumber: number; ETag: string | undefined; ChecksumCRC32: string | undefined }[] = [];
  for (let offset = 0; offset < size; offset += PART_BYTES) {
    const Body = Buffer.alloc(Math.min(PART_BYTES, size - offset));
    await file.read(Body, 0, Body.length, offset);
    const PartNumber = Parts.length + 1;
    const done = await amazon.send(new UploadPartCommand({ ...object, UploadId, PartNumber, Body }));
    Parts.push({ PartNumber, ETag: done.ETag, ChecksumCRC32: done.ChecksumCRC32 });
  }
  await file.close();
  await amazon.send(new CompleteMultipartUploadCommand({ ...object, UploadId, MultipartUpload: { Parts } }));
}
