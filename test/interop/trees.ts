import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import path from 'node:path';

/** One entry of a tree, as it is compared. */
export type Item =
  | { readonly kind: 'directory' }
  | { readonly kind: 'symlink'; readonly target: string }
  | {
      readonly kind: 'file';
      readonly size: number;
      readonly sha256: string;
      /** Seconds since 1970. */
      readonly modified: number;
      /** Permission bits. */
      readonly mode: number;
    };

/** Entries by their path below the top, with `/`. */
export type Tree = Record<string, Item>;

/** The truth about what is stored, read without the client under test. Paths are the server's, absolute. */
export interface Observer {
  tree(remote: string): Promise<Tree>;
  item(remote: string): Promise<Item | undefined>;
  close(): Promise<void>;
}

export async function sha256Of(source: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of source) hash.update(chunk);
  return hash.digest('hex');
}

export async function readItem(file: string): Promise<Item> {
  const info = await lstat(file);
  if (info.isDirectory()) return { kind: 'directory' };
  if (info.isSymbolicLink()) return { kind: 'symlink', target: await readlink(file) };
  return {
    kind: 'file',
    size: info.size,
    sha256: await sha256Of(createReadStream(file, { highWaterMark: 1024 * 1024 })),
    modified: Math.floor(info.mtimeMs / 1000),
    mode: info.mode & 0o7777,
  };
}

/** A tree on the local disk. */
export async function readTree(folder: string): Promise<Tree> {
  const tree: Tree = {};
  const visit = async (below: string): Promise<void> => {
    for (const name of (await readdir(path.join(folder, below))).sort()) {
      const inside = below === '' ? name : `${below}/${name}`;
      const item = await readItem(path.join(folder, inside));
      tree[inside] = item;
      if (item.kind === 'directory') await visit(inside);
    }
  };
  await visit('');
  return tree;
}

/** The tree without what a client may lawfully change. */
export function without(tree: Tree, ...fields: ('modified' | 'mode')[]): Record<string, object> {
  return Object.fromEntries(
    Object.entries(tree).map(([name, item]) => [
      name,
      Object.fromEntries(Object.entries(item).filter(([field]) => !(fields as string[]).includes(field))),
    ]),
  );
}

/** A directory that a server offers as it lies on the disk. */
export function diskObserver(): Observer {
  return {
    tree: readTree,
    item: (remote) => readItem(remote).catch(() => undefined),
    close: async () => undefined,
  };
}
