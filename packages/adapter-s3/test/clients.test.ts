import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ACCESS_KEY,
  bytes,
  content,
  type Fixture,
  REGION,
  SECRET_KEY,
  startFixture,
} from './support/fixture.js';

/* Programs that people use. What this machine does not have is not run; test/interop requires them. */

const run = promisify(execFile);

async function has(program: string, ...args: string[]): Promise<boolean> {
  return run(program, args).then(
    () => true,
    () => false,
  );
}

const AWS = await has('aws', '--version');
const RCLONE = await has('rclone', 'version');

let fixture: Fixture;
let directory: string;
let environment: NodeJS.ProcessEnv;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'latchkey-s3-'));
  fixture = await startFixture({ domains: ['s3.example.org'] });
  await fixture.session.mkdir(['bucket']);
  environment = {
    PATH: process.env.PATH,
    HOME: directory,
    AWS_ACCESS_KEY_ID: ACCESS_KEY,
    AWS_SECRET_ACCESS_KEY: SECRET_KEY,
    AWS_DEFAULT_REGION: REGION,
    AWS_EC2_METADATA_DISABLED: 'true',
    RCLONE_CONFIG_S_TYPE: 's3',
    RCLONE_CONFIG_S_PROVIDER: 'Other',
    RCLONE_CONFIG_S_ENDPOINT: fixture.url,
    RCLONE_CONFIG_S_ACCESS_KEY_ID: ACCESS_KEY,
    RCLONE_CONFIG_S_SECRET_ACCESS_KEY: SECRET_KEY,
  };
});
afterAll(async () => {
  await fixture.close();
  rmSync(directory, { recursive: true, force: true });
});

async function program(name: string, ...args: string[]): Promise<string> {
  return (await run(name, args, { env: environment, maxBuffer: 16 * 1024 * 1024 })).stdout;
}

describe('curl --aws-sigv4', () => {
  const curl = (...args: string[]): Promise<string> =>
    program(
      'curl',
      '-sS',
      '-H',
      'x-amz-content-sha256: UNSIGNED-PAYLOAD',
      '-f',
      '--aws-sigv4',
      `aws:amz:${REGION}:s3`,
      '-u',
      `${ACCESS_KEY}:${SECRET_KEY}`,
      ...args,
    );

  it('puts, gets and deletes in path style and by virtual host', async () => {
    const file = join(directory, 'curl');
    writeFileSync(file, 'by curl');
    await curl('-T', file, `${fixture.url}/bucket/dir/curl`);
    expect(await curl(`${fixture.url}/bucket/dir/curl`)).toBe('by curl');
    const host = `bucket.s3.example.org:${fixture.port}`;
    const byHost = ['--resolve', `${host}:127.0.0.1`, `http://${host}/dir/curl`];
    expect(await curl(...byHost)).toBe('by curl');
    expect(await curl('-r', '3-', ...byHost)).toBe('curl');
    await curl('-X', 'DELETE', ...byHost);
    await expect(fixture.session.stat(['bucket', 'dir'])).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe.runIf(AWS)('the AWS CLI', () => {
  const aws = (...args: string[]): Promise<string> => program('aws', '--endpoint-url', fixture.url, ...args);

  it('makes buckets, copies small and large files, synchronises and removes', async () => {
    await aws('s3', 'mb', 's3://made-by-aws');
    const large = bytes(20_000_000);
    writeFileSync(join(directory, 'large'), large);
    writeFileSync(join(directory, 'small'), 'small');
    await aws('s3', 'cp', '--no-progress', join(directory, 'large'), 's3://made-by-aws/x/large');
    await aws('s3', 'cp', '--no-progress', join(directory, 'small'), 's3://made-by-aws/x/small');
    expect(Buffer.compare(await content(fixture.session, 'made-by-aws', 'x', 'large'), large)).toBe(0);
    expect((await fixture.session.statObject(['made-by-aws', 'x', 'large'])).etag).toMatch(/-3$/);
    await aws('s3', 'cp', '--no-progress', 's3://made-by-aws/x/large', 's3://bucket/copied');
    expect(Buffer.compare(await content(fixture.session, 'bucket', 'copied'), large)).toBe(0);
    await aws('s3', 'sync', '--no-progress', 's3://made-by-aws', join(directory, 'down'));
    expect(Buffer.compare(readFileSync(join(directory, 'down/x/large')), large)).toBe(0);
    expect(await aws('s3', 'sync', '--no-progress', 's3://made-by-aws', join(directory, 'down'))).toBe('');
    expect(await aws('s3', 'ls', 's3://made-by-aws')).toContain('PRE x/');
    await aws('s3', 'rb', '--force', 's3://made-by-aws');
    await expect(fixture.session.stat(['made-by-aws'])).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe.runIf(RCLONE)('rclone', () => {
  it('synchronises and checks, with hashes', async () => {
    await fixture.session.write(['bucket', 'tree', 'by SFTP.txt'], Buffer.from('by another protocol'), {
      parents: true,
    });
    await program('rclone', 'copy', 's:bucket/tree', join(directory, 'tree'));
    expect(readFileSync(join(directory, 'tree/by SFTP.txt'), 'utf8')).toBe('by another protocol');
    writeFileSync(join(directory, 'tree/new'), bytes(300_000));
    writeFileSync(join(directory, 'tree/multi'), bytes(12_000_000));
    await program('rclone', 'sync', '--s3-upload-cutoff', '6M', join(directory, 'tree'), 's:bucket/tree');
    await program('rclone', 'check', '--download', join(directory, 'tree'), 's:bucket/tree');
    await program('rclone', 'check', join(directory, 'tree'), 's:bucket/tree');
    await program('rclone', 'moveto', 's:bucket/tree/new', 's:bucket/moved');
    await program('rclone', 'purge', 's:bucket/tree');
    expect((await content(fixture.session, 'bucket', 'moved')).length).toBe(300_000);
    // The directory itself was made by the other protocol, and this rclone knows no markers.
    expect((await fixture.session.list(['bucket', 'tree'])).entries).toEqual([]);
  });
});
