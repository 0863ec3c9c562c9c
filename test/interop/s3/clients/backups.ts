import type { S3Place } from '../../client.js';
import { succeed } from '../../run.js';
import { type Connected, uri } from '../client.js';

/** restic, with a repository at a place of the server. */
export interface Restic extends Connected {
  command(at: string, ...args: string[]): Promise<string>;
}

export function restic(program: string, server: S3Place): Restic {
  const trust = server.certificate === undefined ? [] : ['--cacert', server.certificate];
  return {
    command: (at, ...args) =>
      succeed(program, ['--no-cache', '--repo', `s3:${server.url}${at}`, ...trust, ...args], {
        env: {
          AWS_ACCESS_KEY_ID: server.id,
          AWS_SECRET_ACCESS_KEY: server.secret,
          AWS_DEFAULT_REGION: server.region,
          RESTIC_PASSWORD: 'a password of restic',
        },
      }),
  };
}

/** duplicity, with an archive at a place of the server. */
export interface Duplicity extends Connected {
  /** `%` in an argument is the place as duplicity names it. */
  command(at: string, ...args: string[]): Promise<string>;
}

export function duplicity(program: string, server: S3Place, scratch: string): Duplicity {
  const where = ['--s3-endpoint-url', server.url, '--s3-region-name', server.region];
  // What it would encrypt shows nothing to a search of our store.
  const always = ['--no-encryption', '--archive-dir', scratch, ...where];
  return {
    command: (at, action, ...args) =>
      succeed(
        program,
        [action ?? '', ...always, ...args.map((arg) => (arg === '%' ? `boto3+${uri(at)}` : arg))],
        {
          env: {
            AWS_ACCESS_KEY_ID: server.id,
            AWS_SECRET_ACCESS_KEY: server.secret,
            ...(server.certificate === undefined ? {} : { AWS_CA_BUNDLE: server.certificate }),
          },
        },
      ),
  };
}
