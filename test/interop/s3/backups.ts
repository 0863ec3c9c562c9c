import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { appendFile, cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, type TestContext } from 'vitest';
import { requireProgram } from '../run.js';
import { readItem, readTree, type Tree } from '../trees.js';
import type { Workspace } from '../workspace.js';
import { type Duplicity, duplicity, type Restic, restic } from './clients/backups.js';
import { type S3fs, s3fs } from './clients/s3fs.js';
import { objectsOf, type S3Step } from './script.js';
import type { S3Suite } from './suite.js';

/** A folder that is worth a backup. */
function precious(local: Workspace, prefix: string): string {
  const folder = local.folder();
  for (let number = 0; number < 12; number += 1)
    local.file(`${prefix}-${number}.txt`, number * 40_000, undefined, folder);
  return folder;
}

function change(local: Workspace, folder: string, prefix: string): void {
  rmSync(path.join(folder, `${prefix}-3.txt`));
  local.file(`${prefix}-new.txt`, 50_000, undefined, folder);
  writeFileSync(path.join(folder, `${prefix}-7.txt`), local.content(90_000, 'changed'));
}

const RESTIC_STEPS: readonly S3Step<Restic>[] = [
  {
    id: 'backup',
    title: 'two backups are made, the first is forgotten and pruned, all data checked, the second restored',
    run: async ({ client, local, bucket }) => {
      const at = `${bucket}/${local.remember('restic-repository')}`;
      const folder = precious(local, 'saved-by-restic');
      await client.command(at, 'init');
      await client.command(at, 'backup', folder);
      change(local, folder, 'saved-by-restic');
      await client.command(at, 'backup', folder);
      await client.command(at, 'forget', '--keep-last', '1', '--prune');
      expect(await client.command(at, 'check', '--read-data')).toContain('no errors were found');
      const back = local.fresh();
      await client.command(at, 'restore', 'latest', '--target', back);
      expect(await readTree(path.join(back, folder))).toEqual(await readTree(folder));
    },
  },
];

export const RESTIC: S3Suite<Restic> = {
  name: 'restic',
  require: (test) => requireProgram(test, 'restic'),
  connect: restic,
  steps: RESTIC_STEPS,
};

const DUPLICITY_STEPS: readonly S3Step<Duplicity>[] = [
  {
    id: 'backup',
    title: 'a full and an incremental backup are made, verified byte by byte, and restored',
    run: async ({ client, local, bucket }) => {
      const at = `${bucket}/${local.remember('duplicity-archive')}`;
      const folder = precious(local, 'saved-by-duplicity');
      await client.command(at, 'full', folder, '%');
      change(local, folder, 'saved-by-duplicity');
      await client.command(at, 'incremental', folder, '%');
      expect(await client.command(at, 'verify', '--compare-data', '%', folder)).toContain('0 differences');
      const back = local.fresh();
      await client.command(at, 'restore', '%', back);
      expect(await readTree(back)).toEqual(await readTree(folder));
    },
  },
];

export const DUPLICITY: S3Suite<Duplicity> = {
  name: 'duplicity',
  require: (test) => requireProgram(test, 'duplicity'),
  connect: duplicity,
  steps: DUPLICITY_STEPS,
};

/** Whether the kernel can mount what a program shows, which installing something does not change. */
function requireFuse(test: TestContext): string {
  const program = requireProgram(test, 's3fs');
  return existsSync('/dev/fuse') ? program : test.skip('this machine has no FUSE');
}

const S3FS_STEPS: readonly S3Step<S3fs>[] = [
  {
    id: 'folder',
    title: 'a bucket is a folder, in which files are written, changed, renamed and removed',
    run: async ({ client, local, stored, bucket }) => {
      const folder = await client.mount(bucket);
      const sent = local.file('copied-into-mount.bin', 300_000);
      const { it } = objectsOf({ it: await readItem(sent.path) });
      await mkdir(path.join(folder, local.remember('made-in-mount')));
      await cp(sent.path, path.join(folder, 'made-in-mount', 'copied.bin'));
      await writeFile(path.join(folder, local.remember('written-in-mount.txt')), 'a line\n');
      await appendFile(path.join(folder, 'written-in-mount.txt'), 'and another\n');
      expect(await readFile(path.join(folder, 'written-in-mount.txt'), 'utf8')).toBe('a line\nand another\n');
      await rename(path.join(folder, 'made-in-mount'), path.join(folder, 'renamed-in-mount'));
      await rm(path.join(folder, 'written-in-mount.txt'));
      const kept: Tree = await stored.tree(bucket);
      expect(objectsOf(kept)).toEqual({ 'renamed-in-mount/copied.bin': it });
      expect(kept['made-in-mount']).toBeUndefined();
      expect(objectsOf(await readTree(folder))).toEqual({ 'renamed-in-mount/copied.bin': it });
    },
  },
];

export const S3FS: S3Suite<S3fs> = {
  name: 's3fs',
  require: requireFuse,
  connect: s3fs,
  steps: S3FS_STEPS,
};
