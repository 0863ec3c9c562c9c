import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { startLatchkey } from '../../servers/latchkey.mjs';
import { requireProgram } from '../run.js';
import { type Aws, aws } from './clients/aws.js';

const LIMIT_MS = 5 * 60_000;
const PART = 5 * 2 ** 20;

const place = mkdtempSync(path.join(tmpdir(), 'latchkey-s3-restart-'));
afterAll(() => rmSync(place, { recursive: true, force: true }));

it(
  'AWS CLI completes an upload under a key of its own whose server was killed between two parts',
  async (test) => {
    const program = requireProgram(test, 'aws');
    const data = Buffer.alloc(PART + 100_000, 'not the same in every chunk ');
    const key = path.join(place, 'key');
    writeFileSync(key, Buffer.alloc(32, 7));
    const own = ['--sse-customer-algorithm', 'AES256', '--sse-customer-key', `fileb://${key}`];
    mkdirSync(path.join(place, 'server'));
    let server: Awaited<ReturnType<typeof startLatchkey>> | undefined;
    let starts = 0;
    const start = async (): Promise<Aws> => {
      // What has been answered is there although the server had no time to end.
      await server?.kill();
      server = await startLatchkey(path.join(place, 'server'));
      if (server.s3 === undefined) throw new Error('the server does not speak S3');
      const scratch = path.join(place, `client-${++starts}`);
      mkdirSync(scratch);
      return aws(program, server.s3, scratch);
    };
    const object = ['--bucket', 'restarted', '--key', 'folder/'];
    let client = await start();
    const call = async (name: string, ...args: string[]): Promise<Record<string, string>> =>
      JSON.parse((await client.command('s3api', name, ...object, ...args)) || '{}');
    try {
      await client.command('s3', 'mb', 's3://restarted');
      const { UploadId = '' } = await call('create-multipart-upload', ...own);
      const Parts: object[] = [];
      for (const [at, bytes] of [data.subarray(0, PART), data.subarray(PART)].entries()) {
        client = await start();
        const body = path.join(place, 'part');
        writeFileSync(body, bytes);
        const part = ['--upload-id', UploadId, '--part-number', String(at + 1), '--body', body, ...own];
        Parts.push({ PartNumber: at + 1, ETag: (await call('upload-part', ...part)).ETag });
      }
      client = await start();
      const list = ['--upload-id', UploadId, '--multipart-upload', JSON.stringify({ Parts })];
      const { ETag } = await call('complete-multipart-upload', ...list);
      client = await start();
      const got = path.join(place, 'got');
      expect((await call('get-object', ...own, got)).ETag).toBe(ETag);
      expect(readFileSync(got).equals(data)).toBe(true);
      await call('get-object', ...own, '--range', `bytes=${PART - 9}-${PART + 9}`, got);
      expect(readFileSync(got).equals(data.subarray(PART - 9, PART + 10))).toBe(true);
      await expect(call('get-object', got)).rejects.toThrow('InvalidRequest');
    } finally {
      await server?.stop();
    }
  },
  LIMIT_MS,
);
