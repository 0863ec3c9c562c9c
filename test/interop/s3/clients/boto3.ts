import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { S3Place } from '../../client.js';
import { startScript } from '../../clients/driver.js';
import type { S3Client } from '../client.js';

const SCRIPT = path.join(path.dirname(fileURLToPath(import.meta.url)), 'boto3_driver.py');

/** Amazon's SDK for Python; `command` gives its own steps the rest of its driver. */
export interface Boto3 extends S3Client {
  command(name: string, ...args: unknown[]): Promise<unknown>;
}

export function boto3(python: string, server: S3Place): Boto3 {
  const trust = server.certificate === undefined ? {} : { AWS_CA_BUNDLE: server.certificate };
  const driver = startScript(python, ['-W', 'ignore', SCRIPT], trust);
  const opened = driver.command('open', server);
  opened.catch(() => undefined);
  const say = async (name: string, ...args: unknown[]): Promise<unknown> => {
    await opened;
    return driver.command(name, ...args);
  };
  return {
    name: 'boto3',
    command: say,
    // Its temporary file has a longer name.
    cannotName: (name) => Buffer.byteLength(name) > 240,
    signIn: async (secret) => void (await say('signIn', server, secret)),
    put: async (local, at) => void (await say('put', local, at)),
    get: async (at, local) => void (await say('get', at, local)),
    putTree: async (local, at) => void (await say('putTree', local, at)),
    getTree: async (at, local) => void (await say('getTree', at, local)),
    keys: async (at) => (await say('keys', at)) as string[],
    range: async (at, first, last) => Buffer.from(String(await say('range', at, first, last)), 'base64'),
    copy: async (from, to) => void (await say('copy', from, to)),
    move: async (from, to) => void (await say('move', from, to)),
    remove: async (at) => void (await say('remove', at)),
    removeTree: async (at) => void (await say('removeTree', at)),
    close: () => driver.close(),
  };
}
