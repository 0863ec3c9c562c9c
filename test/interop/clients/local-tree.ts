import { mkdirSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import type { FactLine } from './ftp.js';

/** Where one file or directory lies here and there. */
export interface Pair {
  readonly local: string;
  readonly remote: string;
}

/** What a client that cannot copy trees has to do for one, directories before what is in them. */
export interface TreePlan {
  readonly directories: readonly Pair[];
  readonly files: readonly Pair[];
}

export function planUpload(local: string, remote: string): TreePlan {
  const directories: Pair[] = [{ local, remote }];
  const files: Pair[] = [];
  for (let at = 0; at < directories.length; at += 1) {
    const directory = directories[at];
    if (directory === undefined) break;
    for (const name of readdirSync(directory.local).sort()) {
      const pair = { local: path.join(directory.local, name), remote: `${directory.remote}/${name}` };
      (statSync(pair.local).isDirectory() ? directories : files).push(pair);
    }
  }
  return { directories, files };
}

/** Makes the local directories and returns the files to get. `list` lists one remote directory. */
export async function planDownload(
  remote: string,
  local: string,
  list: (remote: string) => Promise<readonly FactLine[]>,
): Promise<readonly Pair[]> {
  const directories: Pair[] = [{ local, remote }];
  const files: Pair[] = [];
  for (let at = 0; at < directories.length; at += 1) {
    const directory = directories[at];
    if (directory === undefined) break;
    mkdirSync(directory.local);
    for (const { name, directory: isDirectory } of await list(directory.remote)) {
      const pair = { local: path.join(directory.local, name), remote: `${directory.remote}/${name}` };
      (isDirectory ? directories : files).push(pair);
    }
  }
  return files;
}
