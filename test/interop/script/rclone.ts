import { appendFileSync, existsSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import type { Rclone } from '../clients/rclone.js';
import { readTree, without } from '../trees.js';
import type { Stage, Step } from './step.js';

/** Forty files, some of them in a directory of their own. */
function manyFiles({ local }: Stage<Rclone>): string {
  const folder = local.folder();
  for (let number = 0; number < 40; number += 1)
    local.file(`synced-file-${number}.txt`, number * 100, 1_700_000_001, folder);
  return folder;
}

/** What only rclone does: whole trees kept equal, compared by digest, moved and listed. */
export const RCLONE_STEPS: readonly Step<Rclone>[] = [
  {
    id: 'sync',
    title: 'sync uploads what changed and removes what is gone',
    run: async (stage) => {
      const { client, local, stored, remote } = stage;
      const folder = manyFiles(stage);
      const there = `${remote}/synced-here`;
      await client.command('sync', folder, client.at(there));
      expect(without(await stored.tree(there), 'mode')).toEqual(without(await readTree(folder), 'mode'));
      rmSync(path.join(folder, 'synced-file-3.txt'));
      local.file('synced-file-new.txt', 5000, 1_700_000_003, folder);
      writeFileSync(path.join(folder, 'synced-file-7.txt'), local.content(9000, 'changed'));
      await client.command('sync', folder, client.at(there));
      expect(without(await stored.tree(there), 'mode')).toEqual(without(await readTree(folder), 'mode'));
    },
  },
  {
    id: 'check',
    title: 'check compares by digest: equal trees pass, one changed byte does not',
    run: async (stage) => {
      const { client, remote } = stage;
      const folder = manyFiles(stage);
      await client.command('copy', folder, client.at(`${remote}/checked-here`));
      await client.command('check', folder, client.at(`${remote}/checked-here`));
      const changed = path.join(folder, 'synced-file-9.txt');
      writeFileSync(changed, 'x'.repeat(900));
      utimesSync(changed, 1_700_000_001, 1_700_000_001);
      const checking = client.command('check', folder, client.at(`${remote}/checked-here`));
      await expect(checking).rejects.toThrow(/md5 differ|sha1 differ|1 differences/);
      await expect(checking).rejects.not.toThrow(/hashes could not be checked/);
    },
  },
  {
    id: 'hashsum',
    title: 'the server answers the digests of odd names too',
    run: async ({ client, local, remote }) => {
      for (const name of [
        'digest of a plain file',
        `digest of 'quotes' and "more"`,
        'digest of $HOME; `id` \\ 🗝️',
      ]) {
        const sent = local.file(name, 100_000);
        await client.put(sent.path, `${remote}/${name}`);
        for (const algorithm of ['md5', 'sha1']) {
          const [there] = (await client.command('hashsum', algorithm, client.at(`${remote}/${name}`))).split(
            ' ',
          );
          const [here] = (await client.command('hashsum', algorithm, sent.path)).split(' ');
          expect(there).toMatch(/^[0-9a-f]{32,}$/);
          expect(there).toBe(here);
        }
      }
    },
  },
  {
    id: 'move',
    title: 'move leaves nothing behind',
    run: async (stage) => {
      const { client, stored, remote } = stage;
      const folder = manyFiles(stage);
      const truth = without(await readTree(folder), 'mode');
      await client.command('move', folder, client.at(`${remote}/moved-here`));
      expect(without(await stored.tree(`${remote}/moved-here`), 'mode')).toEqual(truth);
      expect(existsSync(path.join(folder, 'synced-file-1.txt'))).toBe(false);
      await client.command('move', client.at(`${remote}/moved-here`), client.at(`${remote}/moved-on`));
      expect(without(await stored.tree(`${remote}/moved-on`), 'mode')).toEqual(truth);
      expect(await stored.tree(`${remote}/moved-here`).catch(() => ({}))).toEqual({});
    },
  },
  {
    id: 'lsf',
    title: 'lsf shows names, sizes and times',
    run: async ({ client, local, remote }) => {
      const sent = local.file('listed-by-lsf.txt', 4321, 1_234_567_890);
      await client.put(sent.path, `${remote}/listed-by-lsf.txt`);
      await client.command('mkdir', client.at(`${remote}/a-directory`));
      const shown = await client.command('lsf', '--format', 'pst', '--separator', '|', client.at(remote));
      const lines = shown.trim().split('\n').sort();
      expect(lines).toHaveLength(2);
      expect(lines[0]).toMatch(/^a-directory\/\|-1\|/);
      expect(lines[1]).toMatch(/^listed-by-lsf\.txt\|4321\|2009-02-1[34] /);
    },
  },
  {
    id: 'ranges',
    title: 'cat reads from any offset',
    run: async ({ client, local, stored, remote }) => {
      const sent = local.file('streamed-whole.bin', 700_000);
      appendFileSync(sent.path, 'the end');
      await client.put(sent.path, `${remote}/streamed-whole.bin`);
      const tail = await client.command(
        'cat',
        '--offset',
        '699990',
        client.at(`${remote}/streamed-whole.bin`),
      );
      expect(tail).toHaveLength(17);
      expect(tail.endsWith('the end')).toBe(true);
      expect(await stored.item(`${remote}/streamed-whole.bin`)).toMatchObject({ size: 700_007 });
    },
  },
];
