import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { S3Place } from '../../client.js';
import { succeed } from '../../run.js';
import type { S3Client } from '../client.js';

/** rclone's S3 remote. */
export interface RcloneS3 extends S3Client {
  command(...args: string[]): Promise<string>;
  /** rclone's own name of a place. */
  at(place: string): string;
}

/** rclone shows the symbols of control characters (U+2400 and up) instead of them. */
function controls(name: string): string {
  return name.replace(/[\u2400-\u2421]/gu, (symbol) => {
    const code = (symbol.codePointAt(0) ?? 0) - 0x2400;
    return String.fromCodePoint(code === 0x21 ? 0x7f : code);
  });
}

export function rcloneS3(program: string, server: S3Place, scratch: string): RcloneS3 {
  const config = path.join(scratch, 'rclone.conf');
  const remote = (name: string, secret: string): string[] => [
    `[${name}]`,
    'type = s3',
    'provider = Other',
    `endpoint = ${server.url}`,
    `region = ${server.region}`,
    `access_key_id = ${server.id}`,
    `secret_access_key = ${secret}`,
    'force_path_style = true',
    'chunk_size = 5M',
    'upload_cutoff = 8M',
  ];
  writeFileSync(config, `${remote('usual', server.secret).join('\n')}\n`);
  const trust = server.certificate === undefined ? [] : ['--ca-cert', server.certificate];
  const command = (...args: string[]): Promise<string> => {
    const once = ['--config', config, '--retries', '1', '--low-level-retries', '1', '--transfers', '8'];
    // Of the person who runs this, with which it could not use its own.
    return succeed(program, [...args, ...once, ...trust], { env: { AWS_CA_BUNDLE: '' } });
  };
  const at = (place: string): string => `usual:${place.slice(1)}`;
  return {
    name: 'rclone over S3',
    command,
    at,
    signIn: async (secret) => {
      writeFileSync(
        config,
        `${[...remote('usual', server.secret), ...remote('other', secret)].join('\n')}\n`,
      );
      await command('lsd', 'other:');
    },
    put: async (local, to) => void (await command('copyto', local, at(to))),
    get: async (from, local) =>
      // Without this a source that is not there is an empty folder.
      void (await command('copyto', '--error-on-no-transfer', at(from), local)),
    putTree: async (local, to) => void (await command('copy', local, at(to))),
    getTree: async (from, local) => void (await command('copy', at(from), local)),
    keys: async (below) => {
      const listed = await command('lsjson', '--recursive', '--files-only', '--no-modtime', at(below));
      return (JSON.parse(listed) as { Path: string }[]).map(({ Path }) => controls(Path));
    },
    range: async (from, first, last) => {
      const piece = ['--offset', String(first), '--count', String(last - first + 1)];
      return Buffer.from(await command('cat', ...piece, at(from)), 'latin1');
    },
    copy: async (from, to) => void (await command('copyto', at(from), at(to))),
    move: async (from, to) => void (await command('moveto', at(from), at(to))),
    remove: async (what) => void (await command('deletefile', at(what))),
    removeTree: async (what) => void (await command('purge', at(what))),
  };
}
