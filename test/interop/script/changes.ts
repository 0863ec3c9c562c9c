import { expect } from 'vitest';
import { makeKey } from '../../servers/keys.mjs';
import { readItem } from '../trees.js';
import type { Step } from './step.js';

export const CHANGES: readonly Step[] = [
  {
    id: 'rename',
    title: 'a file is renamed and keeps content, time and mode',
    needs: ['rename'],
    run: async ({ client, local, stored, remote }) => {
      const sent = local.file('before-rename.txt', 5000);
      await client.put(sent.path, `${remote}/before-rename.txt`);
      await client.rename?.(`${remote}/before-rename.txt`, `${remote}/${local.remember('after-rename.txt')}`);
      expect(await stored.tree(remote)).toEqual({ 'after-rename.txt': await readItem(sent.path) });
    },
  },
  {
    id: 'rename-across',
    title: 'a file is moved to another directory',
    needs: ['rename', 'mkdir'],
    run: async ({ client, local, stored, remote }) => {
      const sent = local.file('moved-across.txt', 5000);
      await client.put(sent.path, `${remote}/moved-across.txt`);
      await client.mkdir?.(`${remote}/${local.remember('other-directory')}`);
      await client.rename?.(`${remote}/moved-across.txt`, `${remote}/other-directory/moved-across.txt`);
      expect(await stored.tree(remote)).toEqual({
        'other-directory': { kind: 'directory' },
        'other-directory/moved-across.txt': await readItem(sent.path),
      });
    },
  },
  {
    id: 'rename-over',
    title: 'a file is renamed over another, which is gone',
    needs: ['renameOver'],
    run: async ({ client, local, stored, remote }) => {
      const old = local.file('final-name.txt', 3000);
      const newer = local.file('temporary-name.txt', 70_000);
      await client.put(old.path, `${remote}/final-name.txt`);
      await client.put(newer.path, `${remote}/temporary-name.txt`);
      await client.renameOver?.(`${remote}/temporary-name.txt`, `${remote}/final-name.txt`);
      expect(await stored.tree(remote)).toEqual({ 'final-name.txt': await readItem(newer.path) });
    },
  },
  {
    id: 'mkdir-rmdir',
    title: 'directories are made and removed, full ones refused',
    needs: ['mkdir', 'rmdir'],
    run: async ({ client, local, stored, remote }) => {
      await client.mkdir?.(`${remote}/${local.remember('made-directory')}`);
      expect(await stored.tree(remote)).toEqual({ 'made-directory': { kind: 'directory' } });
      await client.put(
        local.file('keeps-it-full.txt', 10).path,
        `${remote}/made-directory/keeps-it-full.txt`,
      );
      await expect(client.rmdir?.(`${remote}/made-directory`)).rejects.toThrow();
      expect(Object.keys(await stored.tree(remote))).toHaveLength(2);
      await client.mkdir?.(`${remote}/${local.remember('empty-directory')}`);
      await client.rmdir?.(`${remote}/empty-directory`);
      expect(await stored.item(`${remote}/empty-directory`)).toBeUndefined();
    },
  },
  {
    id: 'remove',
    title: 'a file is removed; one that is not there is a failure',
    needs: ['remove'],
    run: async ({ client, local, stored, remote }) => {
      for (const name of ['removed-file.txt', 'staying-file.txt']) {
        await client.put(local.file(name, 2000).path, `${remote}/${name}`);
      }
      await client.remove?.(`${remote}/removed-file.txt`);
      expect(Object.keys(await stored.tree(remote))).toEqual(['staying-file.txt']);
      await expect(client.remove?.(`${remote}/removed-file.txt`)).rejects.toThrow();
    },
  },
  {
    id: 'permissions',
    title: 'permissions are set and kept',
    needs: ['chmod'],
    run: async ({ client, local, stored, remote }) => {
      const sent = local.file('with-permissions.sh', 200);
      await client.put(sent.path, `${remote}/with-permissions.sh`);
      for (const mode of [0o600, 0o755, 0o444, 0o640]) {
        await client.chmod?.(`${remote}/with-permissions.sh`, mode);
        expect(await stored.item(`${remote}/with-permissions.sh`)).toEqual({
          ...(await readItem(sent.path)),
          mode,
        });
      }
    },
  },
  {
    id: 'symlinks',
    title: 'symbolic links are made, followed and removed without their targets',
    needs: ['symlink', 'remove'],
    run: async ({ client, local, stored, remote }) => {
      const sent = local.file('target-of-link.txt', 4000);
      await client.put(sent.path, `${remote}/target-of-link.txt`);
      await client.symlink?.('target-of-link.txt', `${remote}/${local.remember('link-to-target')}`);
      await client.symlink?.('nowhere/at/all', `${remote}/${local.remember('dangling-link')}`);
      expect(await stored.item(`${remote}/link-to-target`)).toEqual({
        kind: 'symlink',
        target: 'target-of-link.txt',
      });
      expect(await stored.item(`${remote}/dangling-link`)).toEqual({
        kind: 'symlink',
        target: 'nowhere/at/all',
      });
      if (client.readlink)
        expect(await client.readlink(`${remote}/link-to-target`)).toBe('target-of-link.txt');
      const back = local.fresh();
      await client.get(`${remote}/link-to-target`, back);
      expect(await readItem(back)).toMatchObject({ size: 4000 });
      await client.remove?.(`${remote}/link-to-target`);
      expect(Object.keys(await stored.tree(remote)).sort()).toEqual(['dangling-link', 'target-of-link.txt']);
    },
  },
  {
    id: 'free-space',
    title: 'the free space is that of the disk below',
    needs: ['freeSpace'],
    run: async ({ client, remote }) => {
      expect(await client.freeSpace?.(remote)).toBeGreaterThan(1024 * 1024);
    },
  },
  {
    id: 'login',
    title: 'the right key and password are let in, others are not',
    run: async ({ client, target, local }) => {
      if (!client.passwordOnly) {
        await client.login({ key: target.keyFile });
        const stranger = makeKey(local.fresh('stranger')).file;
        await expect(client.login({ key: stranger })).rejects.toThrow();
      }
      if (target.password === undefined) return;
      await client.login({ password: target.password });
      await expect(client.login({ password: `not ${target.password}` })).rejects.toThrow();
    },
  },
];
