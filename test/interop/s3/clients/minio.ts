import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { Client, CopyConditions } from 'minio';
import type { S3Place } from '../../client.js';
import { addressOf, type S3Client } from '../client.js';
import { treesOf } from './library-trees.js';

/** MinIO's library for JavaScript. */
export interface Minio extends S3Client {
  readonly library: Client;
}

export function minio(server: S3Place): Minio {
  const { hostname, port, protocol } = new URL(server.url);
  const agent =
    server.certificate === undefined ? undefined : new Agent({ ca: readFileSync(server.certificate) });
  const connect = (secret: string): Client =>
    new Client({
      endPoint: hostname,
      port: Number(port),
      useSSL: protocol === 'https:',
      accessKey: server.id,
      secretKey: secret,
      region: server.region,
      pathStyle: true,
      partSize: 5 * 1024 * 1024,
      ...(agent === undefined ? {} : { transportAgent: agent }),
    });
  const library = connect(server.secret);
  const put = async (local: string, at: string): Promise<void> => {
    const { bucket, key } = addressOf(at);
    await library.fPutObject(bucket, key, local, {});
  };
  const get = (at: string, local: string): Promise<void> => {
    const { bucket, key } = addressOf(at);
    return library.fGetObject(bucket, key, local);
  };
  const keys = async (at: string): Promise<string[]> => {
    const { bucket, key } = addressOf(at);
    const prefix = key === '' ? '' : `${key}/`;
    const found: string[] = [];
    for await (const item of library.listObjectsV2(bucket, prefix, true))
      found.push(String((item as { name?: string }).name).slice(prefix.length));
    return found;
  };
  const copy = async (from: string, to: string): Promise<void> => {
    const { bucket, key } = addressOf(to);
    await library.copyObject(bucket, key, encodeURI(from), new CopyConditions());
  };
  const remove = async (at: string): Promise<void> => {
    const { bucket, key } = addressOf(at);
    await library.removeObject(bucket, key);
  };
  return {
    name: 'MinIO for JavaScript',
    library,
    // Its temporary file has a longer name.
    cannotName: (name) => Buffer.byteLength(name) > 200,
    put,
    get,
    keys,
    copy,
    remove,
    ...treesOf({ put, get, keys }),
    signIn: async (secret) => void (await connect(secret).listBuckets()),
    removeTree: async (at) => {
      const { bucket, key } = addressOf(at);
      await library.removeObjects(
        bucket,
        (await keys(at)).map((below) => `${key}/${below}`),
      );
    },
    range: async (at, first, last) => {
      const { bucket, key } = addressOf(at);
      const pieces: Buffer[] = [];
      for await (const piece of await library.getPartialObject(bucket, key, first, last - first + 1))
        pieces.push(piece as Buffer);
      return Buffer.concat(pieces);
    },
    move: async (from, to) => {
      await copy(from, to);
      await remove(from);
    },
    close: async () => agent?.destroy(),
  };
}
