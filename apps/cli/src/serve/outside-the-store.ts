import { realpath } from 'node:fs/promises';
import { dirname, relative } from 'node:path';
import { Failure } from '../failure.js';

/** Keeps a server's private key out of the store, whose keeper could then pose as the server. Throws a usage failure. */
export async function requireOutside(directory: string, storeRoot: string): Promise<void> {
  const root = await realpath(storeRoot);
  const inside = relative(root, await realpathOfExisting(directory));
  if (inside === '' || !(inside === '..' || inside.startsWith('../'))) {
    throw new Failure('usage', `a server's private key would lie inside the store ${root}`, {
      hint: 'choose another directory with --state or sftp.host-key',
    });
  }
}

/** The real path of a directory, or of its nearest ancestor that exists. */
async function realpathOfExisting(directory: string): Promise<string> {
  try {
    return await realpath(directory);
  } catch (error) {
    const parent = dirname(directory);
    if (parent === directory) throw error;
    return realpathOfExisting(parent);
  }
}
