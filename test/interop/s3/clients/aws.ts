import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { S3Place } from '../../client.js';
import { type Done, run, succeed } from '../../run.js';
import { addressOf, type S3Client, uri } from '../client.js';

/** The AWS CLI. */
export interface Aws extends S3Client {
  /** One call; returns what it printed. */
  command(...args: string[]): Promise<string>;
  /** One call however it ends. */
  attempt(...args: string[]): Promise<Done>;
  interruptedPut(local: string, at: string): Promise<void>;
}

export function aws(program: string, server: S3Place, scratch: string): Aws {
  const config = path.join(scratch, 'config');
  // Of its own it signs links by version 2 for this region.
  writeFileSync(config, '[default]\ns3 =\n  addressing_style = path\n  signature_version = s3v4\n');
  const env = {
    AWS_CONFIG_FILE: config,
    AWS_ACCESS_KEY_ID: server.id,
    AWS_SECRET_ACCESS_KEY: server.secret,
    AWS_DEFAULT_REGION: server.region,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_MAX_ATTEMPTS: '1',
    AWS_PAGER: '',
    ...(server.certificate === undefined ? {} : { AWS_CA_BUNDLE: server.certificate }),
  };
  const at = (args: readonly string[]): string[] => ['--endpoint-url', server.url, ...args];
  const attempt = (...args: string[]): Promise<Done> => run(program, at(args), { env });
  const command = (...args: string[]): Promise<string> => succeed(program, at(args), { env });
  const s3 = async (name: string, ...args: string[]): Promise<void> =>
    void (await command('s3', name, '--only-show-errors', ...args));
  return {
    name: 'AWS CLI',
    command,
    attempt,
    // Its temporary file has a longer name.
    cannotName: (name) => Buffer.byteLength(name) > 240,
    signIn: async (secret) =>
      void (await succeed(program, at(['s3api', 'list-buckets']), {
        env: { ...env, AWS_SECRET_ACCESS_KEY: secret },
      })),
    put: (local, to) => s3('cp', local, uri(to)),
    get: (from, local) => s3('cp', uri(from), local),
    putTree: (local, to) => s3('cp', '--recursive', local, uri(to)),
    getTree: (from, local) => s3('cp', '--recursive', uri(from), local),
    keys: async (below) => {
      const { bucket, key } = addressOf(below);
      const listed = await command('s3api', 'list-objects-v2', '--bucket', bucket, '--prefix', `${key}/`);
      const { Contents = [] } = JSON.parse(listed || '{}') as { Contents?: { Key: string }[] };
      return Contents.map(({ Key }) => Key.slice(key.length + 1));
    },
    range: async (from, first, last) => {
      const { bucket, key } = addressOf(from);
      const piece = path.join(scratch, 'piece');
      const range = ['--range', `bytes=${first}-${last}`];
      await command('s3api', 'get-object', '--bucket', bucket, '--key', key, ...range, piece);
      return readFileSync(piece);
    },
    copy: (from, to) => s3('cp', uri(from), uri(to)),
    move: (from, to) => s3('mv', uri(from), uri(to)),
    remove: (what) => s3('rm', uri(what)),
    removeTree: (what) => s3('rm', '--recursive', uri(what)),
    interruptedPut: (local, to) => killInTheMiddle(program, at(['s3', 'cp', local, uri(to)]), env),
  };
}

/** Ends a program by SIGKILL when it has begun to tell of progress. Throws when it came to an end of its own. */
async function killInTheMiddle(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<void> {
  // A program behind a wrapper script is in its group, and is ended with it.
  const child = spawn(program, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  let shown = '';
  child.stdout.on('data', (text: Buffer) => (shown += text.toString()));
  const ended = new Promise<number | null>((resolve) => child.on('close', (status) => resolve(status)));
  while (!/Completed [1-9]/.test(shown) && child.exitCode === null) await wait(1);
  if (child.exitCode !== null || child.pid === undefined)
    throw new Error(`the upload was not interrupted: ${shown}`);
  process.kill(-child.pid, 'SIGKILL');
  await ended;
}
