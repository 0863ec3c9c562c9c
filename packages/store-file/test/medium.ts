import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FileStore, type FileStoreOptions } from '@latchkey/store-file';

/** An empty directory of the test's own. */
export function freshDirectory(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'latchkey-store-file-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Opens, making it first, the store at `root`. */
export function openStore(root: string, options: Partial<FileStoreOptions> = {}): Promise<FileStore> {
  return FileStore.open({ root, create: true, durability: 'relaxed', ...options });
}

export interface SmallDisk {
  readonly path: string;
  /** Mounts it again without the right to write, or with it. */
  remount(access: 'ro' | 'rw'): void;
  remove(): void;
}

/** A file system of its own, in memory. Needs root on Linux: see {@link diskProblem}. */
export function mountSmallDisk(mebibytes: number): SmallDisk {
  const { path, remove } = freshDirectory();
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'latchkey-test', path]);
  return {
    path,
    remount: (access) => execFileSync('mount', ['-o', `remount,${access}`, path]),
    remove: () => {
      execFileSync('umount', [path]);
      remove();
    },
  };
}

/** Why small disks cannot be mounted here, or undefined. In CI that is an error and no reason to leave tests out. */
export function diskProblem(): string | undefined {
  try {
    mountSmallDisk(1).remove();
    return undefined;
  } catch (error) {
    if (process.env.CI !== undefined) throw error;
    return 'mounting a file system needs root on Linux';
  }
}

const BUILT = new URL('../dist/index.js', import.meta.url);

/** The path of a script that runs in a process of its own, on the built package. */
export function processScript(name: string): string {
  if (!existsSync(BUILT)) throw new Error('build the package first: npm run build -w @latchkey/store-file');
  return fileURLToPath(new URL(`processes/${name}`, import.meta.url));
}
