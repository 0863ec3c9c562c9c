import { createHash } from 'node:crypto';
import { readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { requireProgram, succeed } from '../run.js';
import { readTree } from '../trees.js';
import { uri } from './client.js';
import { type Aws, aws } from './clients/aws.js';
import { type RcloneS3, rcloneS3 } from './clients/rclone.js';
import { type S3cmd, s3cmd } from './clients/s3cmd.js';
import { INTERRUPTED, objectsOf, S3_SCRIPT, type S3Stage, type S3Step } from './script.js';
import { AWS_SETTINGS, S3CMD_SETTINGS } from './settings.js';
import type { S3Suite } from './suite.js';
import { AWS_VERSION_STEPS, RCLONE_VERSION_STEPS } from './versions.js';

/** Twenty files, last modified long ago. */
function severalFiles({ local }: S3Stage<never>, prefix: string): string {
  const folder = local.folder();
  for (let number = 0; number < 20; number += 1)
    local.file(`${prefix}-${number}.txt`, number * 100, 1_700_000_001, folder);
  return folder;
}

/** Uploads a tree, changes it, and uploads what differs; `sync` is the client's word for it. */
async function synchronise(
  stage: S3Stage<never>,
  prefix: string,
  sync: (folder: string, at: string) => Promise<unknown>,
): Promise<string> {
  const { local, stored, bucket } = stage;
  const folder = severalFiles(stage, prefix);
  const at = `${bucket}/${local.remember('synchronised')}`;
  await sync(folder, at);
  rmSync(path.join(folder, `${prefix}-3.txt`));
  local.file(`${prefix}-new.txt`, 5000, undefined, folder);
  const changed = path.join(folder, `${prefix}-7.txt`);
  writeFileSync(changed, local.content(9000, 'changed'));
  // S3's times are whole seconds: what is changed in the second in which it goes up looks newer than the object.
  utimesSync(changed, 1_700_000_009, 1_700_000_009);
  await sync(folder, at);
  expect(objectsOf(await stored.tree(at))).toEqual(objectsOf(await readTree(folder)));
  return folder;
}

/** As the AWS CLI takes a file apart. */
function partsOf(content: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < content.length; at += 8 * 2 ** 20) parts.push(content.subarray(at, at + 8 * 2 ** 20));
  return parts;
}

const AWS_STEPS: readonly S3Step<Aws>[] = [
  {
    id: 'sync',
    title: 'sync uploads what changed, removes what is gone, and then has nothing to do',
    run: async (stage) => {
      const sync = (folder: string, at: string): Promise<string> =>
        stage.client.command('s3', 'sync', '--delete', '--no-progress', folder, uri(at));
      const folder = await synchronise(stage as S3Stage<never>, 'synced-by-aws', sync);
      expect(await sync(folder, `${stage.bucket}/synchronised`)).toBe('');
    },
  },
  {
    id: 'big-copies',
    title: 'what is copied in parts on the server is the same, with a checksum',
    run: async ({ client, local, stored, bucket }) => {
      const sent = local.file('copied-in-parts.bin', 20 * 2 ** 20 + 1);
      await client.put(sent.path, `${bucket}/copied-in-parts.bin`);
      await client.copy?.(`${bucket}/copied-in-parts.bin`, `${bucket}/the-copy-in-parts.bin`);
      const tree = objectsOf(await stored.tree(bucket));
      expect(tree['the-copy-in-parts.bin']).toEqual(tree['copied-in-parts.bin']);
    },
  },
  {
    id: 'parts',
    title: 'the parts of an object are listed with their checksums, and each comes alone',
    run: async ({ client, local, bucket }) => {
      const sent = local.file('with-known-parts.bin', 20 * 2 ** 20 + 1);
      const said = ['--only-show-errors', '--checksum-algorithm', 'SHA256'];
      await client.command('s3', 'cp', ...said, sent.path, uri(`${bucket}/with-known-parts.bin`));
      const object = ['--bucket', bucket.slice(1), '--key', 'with-known-parts.bin'];
      const expected = partsOf(readFileSync(sent.path)).map((bytes, index) => ({
        PartNumber: index + 1,
        Size: bytes.length,
        ChecksumSHA256: createHash('sha256').update(bytes).digest('base64'),
      }));
      const wanted = ['--object-attributes', 'ObjectParts', 'Checksum'];
      const ask = async (...more: string[]): Promise<{ ObjectParts: Record<string, unknown> }> =>
        JSON.parse(await client.command('s3api', 'get-object-attributes', ...object, ...wanted, ...more));
      const all = await ask();
      expect(all).toMatchObject({ Checksum: { ChecksumType: 'COMPOSITE' } });
      expect(all.ObjectParts).toMatchObject({ TotalPartsCount: 3, IsTruncated: false, Parts: expected });
      const { ObjectParts: page } = await ask('--max-parts', '1', '--part-number-marker', '1');
      expect(page).toMatchObject({ IsTruncated: true, NextPartNumberMarker: 2, Parts: [expected[1]] });
      const into = local.fresh();
      const part = ['--part-number', '3', '--checksum-mode', 'ENABLED', into];
      const got = JSON.parse(await client.command('s3api', 'get-object', ...object, ...part));
      expect(got).toMatchObject({ PartsCount: 3, ChecksumSHA256: expected[2]?.ChecksumSHA256 });
      expect(readFileSync(into).equals(partsOf(readFileSync(sent.path))[2] ?? Buffer.alloc(0))).toBe(true);
    },
  },
  {
    id: 'presigned',
    title: 'a presigned link works in curl until it runs out, and for this object only',
    run: async ({ client, server, local, bucket }) => {
      const sent = local.file('behind-an-aws-link.txt', 3000);
      await client.put(sent.path, `${bucket}/behind-an-aws-link.txt`);
      const link = (
        await client.command('s3', 'presign', '--expires-in', '60', uri(`${bucket}/behind-an-aws-link.txt`))
      ).trim();
      const trust = server.certificate === undefined ? [] : ['--cacert', server.certificate];
      const curl = (url: string): Promise<string> => succeed('curl', ['-sSf', ...trust, url]);
      expect(await curl(link)).toBe(readFileSync(sent.path, 'latin1'));
      await expect(curl(link.replace('behind-an-aws-link', 'behind-another-link'))).rejects.toThrow('403');
    },
  },
];

export const AWS: S3Suite<Aws> = {
  name: 'AWS CLI',
  require: (test) => requireProgram(test, 'aws'),
  connect: aws,
  steps: [...S3_SCRIPT, INTERRUPTED, ...AWS_STEPS, ...AWS_VERSION_STEPS, AWS_SETTINGS],
};

const S3CMD_STEPS: readonly S3Step<S3cmd>[] = [
  {
    id: 'sync',
    title: 'sync compares by MD5, uploads what changed and removes what is gone',
    run: async (stage) => {
      await synchronise(stage as S3Stage<never>, 'synced-by-s3cmd', (folder, at) =>
        stage.client.command('sync', '--delete-removed', `${folder}/`, `${uri(at)}/`),
      );
    },
  },
];

export const S3CMD: S3Suite<S3cmd> = {
  name: 's3cmd',
  require: (test) => requireProgram(test, 's3cmd'),
  connect: s3cmd,
  steps: [...S3_SCRIPT, ...S3CMD_STEPS, S3CMD_SETTINGS],
};

const RCLONE_STEPS: readonly S3Step<RcloneS3>[] = [
  {
    id: 'sync',
    title: 'sync uploads what changed, and check compares by digest',
    run: async (stage) => {
      const { client, bucket } = stage;
      const folder = await synchronise(stage as S3Stage<never>, 'synced-by-rclone', (from, at) =>
        client.command('sync', from, client.at(at)),
      );
      const there = client.at(`${bucket}/synchronised`);
      await client.command('check', folder, there);
      const changed = path.join(folder, 'synced-by-rclone-9.txt');
      writeFileSync(changed, 'x'.repeat(900));
      utimesSync(changed, 1_700_000_001, 1_700_000_001);
      const checking = client.command('check', folder, there);
      await expect(checking).rejects.toThrow(/md5 differ|1 differences/);
      await expect(checking).rejects.not.toThrow(/hashes could not be checked/);
    },
  },
  {
    id: 'times',
    title: 'it keeps the time of a file in metadata, and the digest of one that went up in parts',
    run: async ({ client, local, bucket }) => {
      const sent = local.file('of-a-rclone-in-parts.bin', 9 * 2 ** 20, 1_234_567_890);
      await client.put(sent.path, `${bucket}/of-a-rclone-in-parts.bin`);
      const [seen] = JSON.parse(await client.command('lsjson', '--hash', client.at(bucket))) as {
        ModTime: string;
        Hashes: Record<string, string>;
      }[];
      expect(Date.parse(seen?.ModTime ?? '') / 1000).toBe(1_234_567_890);
      expect(seen?.Hashes.md5).toBe(createHash('md5').update(readFileSync(sent.path)).digest('hex'));
    },
  },
];

export const RCLONE_S3: S3Suite<RcloneS3> = {
  name: 'rclone over S3',
  require: (test) => requireProgram(test, 'rclone'),
  connect: rcloneS3,
  steps: [...S3_SCRIPT, ...RCLONE_STEPS, ...RCLONE_VERSION_STEPS],
};
