import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { Paramiko } from '../clients/paramiko.js';
import type { Step } from './step.js';

const DIRECTORY = 0o040000;
const SYMLINK = 0o120000;

/** What a library does with an open file and the programs above do not. */
export const PARAMIKO_STEPS: readonly Step<Paramiko>[] = [
  {
    id: 'append',
    title: 'appending goes to the end',
    run: async ({ client, local, stored, remote }) => {
      const sent = local.file('appended-to.log', 100_000);
      await client.put(sent.path, `${remote}/appended-to.log`);
      for (const text of ['first addition ', 'second addition']) {
        await client.command('append', `${remote}/appended-to.log`, text);
      }
      expect(await stored.item(`${remote}/appended-to.log`)).toMatchObject({ size: 100_030 });
      const back = local.fresh();
      await client.get(`${remote}/appended-to.log`, back);
      const whole = readFileSync(back, 'latin1');
      expect(whole.slice(100_000)).toBe('first addition second addition');
      expect(whole.slice(0, 100_000)).toBe(readFileSync(sent.path, 'latin1'));
    },
  },
  {
    id: 'random-write',
    title: 'writing in the middle changes that and nothing else',
    run: async ({ client, local, remote }) => {
      const sent = local.file('patched-file.bin', 200_000);
      await client.put(sent.path, `${remote}/patched-file.bin`);
      const truth = readFileSync(sent.path);
      for (const [offset, text] of [
        [0, 'head'],
        [65_530, 'across a boundary'],
        [199_998, 'beyond the end'],
      ] as const) {
        await client.command('patch', `${remote}/patched-file.bin`, offset, text);
      }
      const back = local.fresh();
      await client.get(`${remote}/patched-file.bin`, back);
      const expected = Buffer.concat([truth, Buffer.alloc(12)]);
      expected.write('head', 0);
      expected.write('across a boundary', 65_530);
      expected.write('beyond the end', 199_998);
      expect(readFileSync(back).equals(expected)).toBe(true);
    },
  },
  {
    id: 'truncate',
    title: 'truncating shortens and lengthens with zeros',
    run: async ({ client, local, remote }) => {
      const sent = local.file('truncated-file.bin', 100_000);
      await client.put(sent.path, `${remote}/truncated-file.bin`);
      await client.command('truncate', `${remote}/truncated-file.bin`, 70_000);
      await client.command('truncate', `${remote}/truncated-file.bin`, 150_000);
      const back = local.fresh();
      await client.get(`${remote}/truncated-file.bin`, back);
      const expected = Buffer.concat([readFileSync(sent.path).subarray(0, 70_000), Buffer.alloc(80_000)]);
      expect(readFileSync(back).equals(expected)).toBe(true);
    },
  },
  {
    id: 'exclusive',
    title: 'exclusive creation refuses a name that is taken',
    run: async ({ client, stored, remote }) => {
      await client.command('exclusive', `${remote}/taken-once.txt`, 'first');
      await expect(
        client.command('exclusive', `${remote}/taken-once.txt`, 'second, longer'),
      ).rejects.toThrow();
      expect(await stored.item(`${remote}/taken-once.txt`)).toMatchObject({ size: 5 });
    },
  },
  {
    id: 'ranges',
    title: 'any ranges are read, in any order',
    run: async ({ client, local, remote }) => {
      const sent = local.file('read-in-ranges.bin', 300_000);
      await client.put(sent.path, `${remote}/read-in-ranges.bin`);
      const ranges = [
        [250_000, 1000],
        [0, 10],
        [65_535, 2],
        [131_072, 65_536],
        [299_999, 1],
      ] as const;
      const truth = readFileSync(sent.path);
      expect(await client.command('ranges', `${remote}/read-in-ranges.bin`, ranges)).toEqual(
        ranges.map(([offset, length]) => truth.subarray(offset, offset + length).toString('hex')),
      );
    },
  },
  {
    id: 'rename-refused',
    title: 'the plain rename does not replace',
    run: async ({ client, local, stored, remote }) => {
      await client.put(local.file('kept-as-it-is.txt', 100).path, `${remote}/kept-as-it-is.txt`);
      await client.put(local.file('would-replace.txt', 200).path, `${remote}/would-replace.txt`);
      await expect(
        client.rename?.(`${remote}/would-replace.txt`, `${remote}/kept-as-it-is.txt`),
      ).rejects.toThrow();
      expect(await stored.item(`${remote}/kept-as-it-is.txt`)).toMatchObject({ size: 100 });
      expect(await stored.item(`${remote}/would-replace.txt`)).toMatchObject({ size: 200 });
    },
  },
  {
    id: 'kinds',
    title: 'directories and links are shown as what they are, paths are normalised',
    run: async ({ client, remote }) => {
      await client.mkdir?.(`${remote}/a-directory`);
      await client.symlink?.('a-directory', `${remote}/a-link`);
      expect(await client.command('kind', `${remote}/a-directory`)).toBe(DIRECTORY);
      expect(await client.command('kind', `${remote}/a-link`)).toBe(SYMLINK);
      expect(await client.command('normalize', `${remote}/a-directory/.././a-directory/`)).toBe(
        `${remote}/a-directory`,
      );
    },
  },
];
