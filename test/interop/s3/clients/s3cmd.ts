import { writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { S3Place } from '../../client.js';
import { succeed } from '../../run.js';
import { type S3Client, uri } from '../client.js';

/** s3cmd. */
export interface S3cmd extends S3Client {
  command(...args: string[]): Promise<string>;
}

export function s3cmd(program: string, server: S3Place, scratch: string): S3cmd {
  const configure = (secret: string, name: string): string => {
    const { host, protocol } = new URL(server.url);
    const config = path.join(scratch, name);
    const lines = [
      '[default]',
      `access_key = ${server.id}`,
      `secret_key = ${secret}`,
      `host_base = ${host}`,
      `host_bucket = ${host}`,
      `bucket_location = ${server.region}`,
      `use_https = ${protocol === 'https:' ? 'True' : 'False'}`,
      ...(server.certificate === undefined ? [] : [`ca_certs_file = ${server.certificate}`]),
      'multipart_chunk_size_mb = 5',
      'max_retries = 1',
    ];
    writeFileSync(config, `${lines.join('\n')}\n`);
    return config;
  };
  const usual = configure(server.secret, 's3cfg');
  const command = (...args: string[]): Promise<string> =>
    succeed(program, ['--config', usual, '--quiet', '--no-progress', ...args]);
  return {
    name: 's3cmd',
    command,
    cannotName: (name) =>
      // It stops at control characters in what it sends, and expands patterns in the names of what it is given.
      /\p{Cc}/u.test(name),
    signIn: async (secret) =>
      void (await succeed(program, ['--config', configure(secret, 's3cfg-of-another'), 'ls'])),
    put: async (local, at) => void (await command('put', local, uri(at))),
    get: async (at, local) => void (await command('get', '--force', uri(at), local)),
    putTree: async (local, at) => void (await command('put', '--recursive', `${local}/`, `${uri(at)}/`)),
    getTree: async (at, local) => {
      await mkdir(local);
      await command('get', '--recursive', `${uri(at)}/`, `${local}/`);
    },
    keys: async (at) => {
      const listed = await succeed(program, ['--config', usual, 'ls', '--recursive', `${uri(at)}/`]);
      const lines = listed.split('\n').filter((line) => line !== '');
      return lines.map((line) => line.slice(line.indexOf(`${uri(at)}/`) + uri(at).length + 1));
    },
    copy: async (from, to) => void (await command('cp', uri(from), uri(to))),
    move: async (from, to) => void (await command('mv', uri(from), uri(to))),
    remove: async (at) => void (await command('del', uri(at))),
    removeTree: async (at) => void (await command('del', '--recursive', '--force', `${uri(at)}/`)),
  };
}
