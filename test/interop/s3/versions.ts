import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import { uri } from './client.js';
import type { Aws } from './clients/aws.js';
import type { RcloneS3 } from './clients/rclone.js';
import type { S3Step } from './script.js';

/** What the clients do that know more of S3 than files: versions, locks, and keys of their own. */

interface Versions {
  readonly Versions?: readonly {
    readonly Key: string;
    readonly VersionId: string;
    readonly IsLatest: boolean;
  }[];
  readonly DeleteMarkers?: readonly { readonly VersionId: string }[];
}

function api({ command }: Aws, bucket: string): (name: string, ...args: string[]) => Promise<unknown> {
  return async (name, ...args) =>
    JSON.parse((await command('s3api', name, '--bucket', bucket.slice(1), ...args)) || '{}');
}

export const AWS_VERSION_STEPS: readonly S3Step<Aws>[] = [
  {
    id: 'versions',
    title: 'what is written over and removed is listed, read and brought back',
    run: async ({ client, local, bucket }) => {
      const call = api(client, bucket);
      const at = `${bucket}/kept-in-versions.txt`;
      await call('put-bucket-versioning', '--versioning-configuration', 'Status=Enabled');
      const first = local.file('kept-in-versions.txt', 3000);
      await client.put(first.path, at);
      await client.put(local.file('kept-in-versions-again.txt', 4000).path, at);
      await client.command('s3', 'rm', uri(at));
      const { Versions = [], DeleteMarkers = [] } = (await call('list-object-versions')) as Versions;
      expect([Versions.length, DeleteMarkers.length]).toEqual([2, 1]);
      const there = ['--key', 'kept-in-versions.txt'];
      const got = local.fresh();
      await call('get-object', ...there, '--version-id', Versions[1]?.VersionId ?? '', got);
      expect(readFileSync(got)).toEqual(readFileSync(first.path));
      await expect(call('get-object', ...there, got)).rejects.toThrow('NoSuchKey');
      await call('delete-object', ...there, '--version-id', DeleteMarkers[0]?.VersionId ?? '');
      await client.get(at, got);
      expect(readFileSync(got).length).toBe(4000);
    },
  },
  {
    id: 'locks',
    title: 'a locked version is not destroyed before its time',
    run: async ({ client, local, bucket }) => {
      const call = api(client, `${bucket}-locked`);
      await call('create-bucket', '--object-lock-enabled-for-bucket');
      const sent = local.file('locked-object.txt', 500);
      const there = ['--key', 'locked-object.txt'];
      const until = new Date(Date.now() + 3_600_000).toISOString();
      const lock = ['--object-lock-mode', 'GOVERNANCE', '--object-lock-retain-until-date', until];
      const { VersionId } = (await call('put-object', ...there, '--body', sent.path, ...lock)) as {
        VersionId: string;
      };
      const version = [...there, '--version-id', VersionId];
      await expect(call('delete-object', ...version)).rejects.toThrow('AccessDenied');
      expect(await call('get-object-retention', ...version)).toMatchObject({
        Retention: { Mode: 'GOVERNANCE' },
      });
      await call('put-object-legal-hold', ...version, '--legal-hold', 'Status=ON');
      const overridden = [...version, '--bypass-governance-retention'];
      await expect(call('delete-object', ...overridden)).rejects.toThrow('AccessDenied');
      await call('put-object-legal-hold', ...version, '--legal-hold', 'Status=OFF');
      await call('delete-object', ...overridden);
      expect(await call('list-object-versions')).not.toHaveProperty('Versions');
    },
  },
  {
    id: 'own-keys',
    title: 'what goes up with a key of its own, in one piece or in parts, comes down with that key only',
    run: async ({ client, server, local, bucket }) => {
      // Keys travel with the request: S3 and its clients refuse that without TLS.
      expect(server.url).toMatch(/^https:/);
      const key = local.fresh();
      writeFileSync(key, Buffer.alloc(32, 7));
      const own = ['--sse-c', 'AES256', '--sse-c-key', `fileb://${key}`];
      for (const size of [70_000, 9 * 2 ** 20 + 1]) {
        const sent = local.file(`under-a-key-of-its-own-${size}.bin`, size);
        const at = uri(`${bucket}/under-a-key-of-its-own-${size}.bin`);
        const got = local.fresh();
        await client.command('s3', 'cp', '--only-show-errors', ...own, sent.path, at);
        await client.command('s3', 'cp', '--only-show-errors', ...own, at, got);
        expect(readFileSync(got).equals(readFileSync(sent.path))).toBe(true);
        await expect(client.command('s3', 'cp', '--only-show-errors', at, got)).rejects.toThrow(
          /400|Bad Request/,
        );
      }
    },
  },
];

export const RCLONE_VERSION_STEPS: readonly S3Step<RcloneS3>[] = [
  {
    id: 'versions',
    title: 'it turns versions on, shows them beside the file and cleans them up',
    run: async ({ client, local, bucket }) => {
      const place = client.at(bucket);
      await client.command('backend', 'versioning', place, 'Enabled');
      expect(await client.command('backend', 'versioning', place)).toContain('Enabled');
      for (const size of [3000, 4000])
        await client.put(local.file(`kept-by-rclone-${size}.txt`, size).path, `${bucket}/kept-by-rclone.txt`);
      const names = async (): Promise<string[]> =>
        (await client.command('lsf', '--s3-versions', place)).trim().split('\n').sort();
      expect(await names()).toEqual([
        expect.stringMatching(/^kept-by-rclone-v\d{4}-\d\d-\d\d-\d{6}-\d{3}\.txt$/),
        'kept-by-rclone.txt',
      ]);
      await client.command('backend', 'cleanup-hidden', place);
      expect(await names()).toEqual(['kept-by-rclone.txt']);
    },
  },
];
