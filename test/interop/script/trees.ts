import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { readTree, without } from '../trees.js';
import type { Workspace } from '../workspace.js';
import type { Step } from './step.js';

/** A small tree with an empty directory in it. */
function smallTree(local: Workspace): string {
  const top = local.folder();
  for (const folder of ['first-branch', 'first-branch/inner-branch', 'second-branch', 'empty-branch']) {
    mkdirSync(path.join(top, local.remember(folder)));
    if (folder !== 'empty-branch')
      local.file('leaf-of-the-tree.txt', 300, 1_700_000_001, path.join(top, folder));
  }
  return top;
}

export const TREES: readonly Step[] = [
  {
    id: 'tree',
    title: 'a tree goes up and comes down with its empty directories, times and modes',
    run: async ({ client, local, stored, remote }) => {
      const top = smallTree(local);
      await client.putTree(top, `${remote}/whole-tree`);
      const truth = await readTree(top);
      expect(await stored.tree(`${remote}/whole-tree`)).toEqual(truth);
      const back = local.fresh();
      await client.getTree(`${remote}/whole-tree`, back);
      expect(without(await readTree(back), 'mode')).toEqual(without(truth, 'mode'));
    },
  },
  {
    id: 'deep-tree',
    title: 'a tree of 60 levels goes up and comes down',
    run: async ({ client, local, stored, remote }) => {
      const top = local.folder();
      let deep = top;
      for (let level = 1; level <= 60; level += 1) {
        deep = path.join(deep, `deep-level-${level}`);
        mkdirSync(deep);
        if (level % 20 === 0) local.file('deep-leaf-file.txt', 10 + level, 1_700_000_001, deep);
      }
      local.remember('deep-level-');
      await client.putTree(top, `${remote}/deep-tree`);
      const truth = without(await readTree(top), 'mode');
      expect(without(await stored.tree(`${remote}/deep-tree`), 'mode')).toEqual(truth);
      const back = local.fresh();
      await client.getTree(`${remote}/deep-tree`, back);
      expect(without(await readTree(back), 'mode')).toEqual(truth);
    },
  },
  {
    id: 'crowd',
    title: 'many files in one directory go up, are listed and come down (5,000, fewer in the default run)',
    run: async ({ client, local, stored, remote, amount }) => {
      const folder = local.folder();
      for (let number = 0; number < amount.files; number += 1)
        local.file(`crowd-file-${number}.txt`, number % 3000, 1_700_000_001, folder);
      await client.putTree(folder, `${remote}/crowd`);
      const truth = without(await readTree(folder), 'mode');
      expect(without(await stored.tree(`${remote}/crowd`), 'mode')).toEqual(truth);
      if (client.names)
        expect((await client.names(`${remote}/crowd`)).sort()).toEqual(Object.keys(truth).sort());
      const back = local.fresh();
      await client.getTree(`${remote}/crowd`, back);
      expect(without(await readTree(back), 'mode')).toEqual(truth);
    },
  },
  {
    id: 'rename-directory',
    title: 'a directory is renamed and moved with everything in it',
    needs: ['renameDirectory', 'mkdir'],
    run: async ({ client, local, stored, remote }) => {
      const top = smallTree(local);
      await client.putTree(top, `${remote}/before-rename`);
      const truth = await readTree(top);
      await client.renameDirectory?.(`${remote}/before-rename`, `${remote}/after-rename`);
      expect(await stored.item(`${remote}/before-rename`)).toBeUndefined();
      expect(await stored.tree(`${remote}/after-rename`)).toEqual(truth);
      await client.mkdir?.(`${remote}/other-parent`);
      await client.renameDirectory?.(`${remote}/after-rename`, `${remote}/other-parent/moved`);
      expect(await stored.item(`${remote}/after-rename`)).toBeUndefined();
      expect(await stored.tree(`${remote}/other-parent/moved`)).toEqual(truth);
    },
  },
  {
    id: 'remove-tree',
    title: 'a tree is removed with everything in it',
    needs: ['removeTree'],
    run: async ({ client, local, stored, remote }) => {
      await client.putTree(smallTree(local), `${remote}/doomed-tree`);
      await client.removeTree?.(`${remote}/doomed-tree`);
      expect(await stored.tree(remote)).toEqual({});
    },
  },
];
