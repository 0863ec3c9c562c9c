import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { open, truncate } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'vitest';
import type { Sshfs } from '../clients/sshfs.js';
import { succeed } from '../run.js';
import { readItem } from '../trees.js';
import type { Step } from './step.js';

export const SSHFS_STEPS: readonly Step<Sshfs>[] = [
  {
    id: 'patched',
    title: 'a file in the folder is written into, cut and made longer where it lies',
    run: async ({ client, local, stored, remote }) => {
      const sent = local.file('patched-in-place.bin', 300_000);
      await client.put(sent.path, `${remote}/patched-in-place.bin`);
      const change = async (place: string, patch: Buffer): Promise<void> => {
        const file = await open(place, 'r+');
        await file.write(patch, 0, patch.length, 131_000);
        await file.write(patch, 0, patch.length, 7);
        await file.close();
        await truncate(place, 250_001);
        await truncate(place, 260_000);
      };
      const patch = local.content(2000, 'the patch');
      await change(sent.path, patch);
      await change(await client.at(`${remote}/patched-in-place.bin`), patch);
      await client.settle(`${remote}/patched-in-place.bin`);
      const there = await stored.item(`${remote}/patched-in-place.bin`);
      expect(there).toEqual({ ...(await readItem(sent.path)), modified: expect.any(Number) });
    },
  },
  {
    id: 'repository',
    title: 'a git repository lives in the folder: commits, a merge, packing and a clone',
    run: async ({ client, local, remote }) => {
      const place = await client.at(`${remote}/${local.remember('repository-in-mount')}`);
      mkdirSync(place);
      const env = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' };
      const git = (...args: string[]): Promise<string> =>
        succeed('git', ['-c', 'user.name=Test', '-c', 'user.email=test@example.org', ...args], {
          cwd: place,
          env,
        });
      await git('init', '--quiet', '--initial-branch=main');
      const commit = async (name: string): Promise<void> => {
        const sent = local.file(name, 5000);
        await client.put(sent.path, `${remote}/repository-in-mount/${name}`);
        await git('add', '--all');
        await git('commit', '--quiet', '--message', name);
      };
      await commit('first-committed.txt');
      await git('switch', '--quiet', '--create', 'side');
      await commit('second-committed.txt');
      await git('switch', '--quiet', 'main');
      await commit('third-committed.txt');
      await git('merge', '--quiet', '--no-edit', 'side');
      await git('gc', '--quiet');
      await git('fsck', '--strict');
      expect(await git('status', '--porcelain')).toBe('');
      const clone = local.fresh();
      await git('clone', '--quiet', '--no-local', place, clone);
      for (const name of ['first-committed.txt', 'second-committed.txt', 'third-committed.txt'])
        expect(readFileSync(path.join(clone, name)).equals(readFileSync(path.join(place, name)))).toBe(true);
      rmSync(place, { recursive: true });
    },
  },
];
