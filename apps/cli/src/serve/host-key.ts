import { randomBytes } from 'node:crypto';
import { chmod, link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describeHostKey, makeHostKey } from '@latchkey/adapter-sftp';
import type { Settings } from '../config/settings.js';
import { Failure } from '../failure.js';
import { warn } from '../terminal/output.js';
import { requireOutside } from './outside-the-store.js';

/** Where the private host key is kept. */
export function hostKeyPath(settings: Settings): string {
  return settings.sftp.hostKey ?? join(settings.state, 'ssh_host_ed25519_key');
}

/** The host key, made on the first run. It must not lie in the store, whose keeper could then pose as this server. */
export async function loadHostKey(settings: Settings, storeRoot: string): Promise<string> {
  const path = hostKeyPath(settings);
  await requireOutside(dirname(path), storeRoot);
  const present = await readKey(path);
  if (present !== undefined) return intact(present, path);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  // Complete under another name first, and linked: of two servers that start at once, both use the winner's key.
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  await writeFile(draft, makeHostKey(), { flag: 'wx', mode: 0o600 });
  try {
    await link(draft, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(draft, { force: true });
  }
  await chmod(path, 0o600);
  return readFile(path, 'utf8');
}

function intact(key: string, path: string): string {
  try {
    describeHostKey(key);
    return key;
  } catch (cause) {
    throw new Failure('failed', `${path} holds no host key, or a damaged one`, {
      hint: 'bring it back from a backup, or remove it: the next start makes another, and clients will ask again',
      cause,
    });
  }
}

async function readKey(path: string): Promise<string | undefined> {
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0) warn(`${path} can be read by others; chmod 600 it`);
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
