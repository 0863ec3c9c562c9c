import { spawn } from 'node:child_process';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { S3Place } from '../../client.js';
import { run } from '../../run.js';
import { addressOf, type Connected } from '../client.js';

/** s3fs, which makes a bucket a folder. */
export interface S3fs extends Connected {
  /** Mounts a bucket; returns the folder. It stays until the client is closed. */
  mount(bucket: string): Promise<string>;
}

export function s3fs(program: string, server: S3Place, scratch: string): S3fs {
  const password = path.join(scratch, 'password');
  writeFileSync(password, `${server.id}:${server.secret}\n`, { mode: 0o600 });
  const mounted: { folder: string; ended: Promise<void> }[] = [];
  return {
    mount: async (place) => {
      const { bucket } = addressOf(place);
      const folder = path.join(scratch, bucket);
      mkdirSync(folder);
      const outside = statSync(folder).dev;
      const options = [`url=${server.url}`, `endpoint=${server.region}`, `passwd_file=${password}`];
      const args = ['-f', bucket, folder, '-o', [...options, 'use_path_request_style'].join(',')];
      const trust = server.certificate === undefined ? {} : { CURL_CA_BUNDLE: server.certificate };
      const child = spawn(program, args, { stdio: 'ignore', env: { ...process.env, ...trust } });
      const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
      while (statSync(folder).dev === outside) {
        if (child.exitCode !== null) throw new Error(`s3fs ended with status ${child.exitCode}`);
        await wait(20);
      }
      mounted.push({ folder, ended });
      return folder;
    },
    close: async () => {
      for (const { folder, ended } of mounted) {
        await run('fusermount', ['-u', '-z', folder]);
        await ended;
      }
    },
  };
}
