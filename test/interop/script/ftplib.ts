import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { expect } from 'vitest';
import type { Ftplib } from '../clients/ftplib.js';
import type { Step } from './step.js';

const CONNECTIONS = 50;

/** What scripts do with ftplib beyond copying: many connections, lines, digests and commands of their own. */
export const FTPLIB_STEPS: readonly Step<Ftplib>[] = [
  {
    id: 'in-a-row',
    title: `${CONNECTIONS} connections one after the other all work`,
    run: async ({ client, local, remote }) => {
      await client.put(local.file('seen-by-everyone.txt', 10).path, `${remote}/seen-by-everyone.txt`);
      expect(await client.command('inARow', client.where, CONNECTIONS, remote)).toBe(CONNECTIONS);
    },
  },
  {
    id: 'at-once',
    title: 'and 30 at once',
    run: async ({ client, local, remote }) => {
      await client.put(local.file('read-by-everyone.bin', 70_000).path, `${remote}/read-by-everyone.bin`);
      const sizes = await client.command('atOnce', client.where, 30, `${remote}/read-by-everyone.bin`);
      expect(sizes).toEqual(Array<number>(30).fill(70_000));
    },
  },
  {
    id: 'append',
    title: 'APPE puts bytes at the end, and makes the file if there is none',
    run: async ({ client, local, stored, remote }) => {
      const parts = [70_000, 0, 12].map((size) => local.file('appended-part.log', size).path);
      for (const part of parts) await client.command('append', part, `${remote}/appended-to.log`);
      const whole = Buffer.concat(parts.map((part) => readFileSync(part)));
      expect(await stored.item(`${remote}/appended-to.log`)).toMatchObject({
        size: 70_012,
        sha256: createHash('sha256').update(whole).digest('hex'),
      });
    },
  },
  {
    id: 'lines',
    title: 'text goes up and down as lines, stored with the line ends of Unix',
    run: async ({ client, local, stored, remote }) => {
      const text = 'the first line\n\nthe third, which is longer\nthe last without an end';
      const file = local.fresh(local.remember('lines-of-text.txt'));
      writeFileSync(file, text);
      await client.command('putLines', file, `${remote}/lines-of-text.txt`);
      // ftplib itself ends the last line.
      const kept = `${text}\n`;
      expect(await stored.item(`${remote}/lines-of-text.txt`)).toMatchObject({
        size: kept.length,
        sha256: createHash('sha256').update(kept).digest('hex'),
      });
      expect(await client.command('getLines', `${remote}/lines-of-text.txt`)).toEqual(text.split('\n'));
    },
  },
  {
    id: 'digests',
    title: 'the server answers digests',
    run: async ({ client, local, remote }) => {
      const sent = local.file('digested-over-ftp.bin', 300_000);
      await client.put(sent.path, `${remote}/digested-over-ftp.bin`);
      const bytes = readFileSync(sent.path);
      const hex = (algorithm: string): string => createHash(algorithm).update(bytes).digest('hex');
      const answers: Readonly<Record<string, string>> = {
        XMD5: hex('md5'),
        XSHA1: hex('sha1'),
        XSHA256: hex('sha256'),
        HASH: hex('sha256'),
      };
      for (const [command, digest] of Object.entries(answers)) {
        const said = String(await client.command('send', `${command} ${remote}/digested-over-ftp.bin`));
        expect(said.toLowerCase()).toContain(digest);
      }
      const crc = crc32 === undefined ? undefined : crc32(bytes).toString(16);
      const said = String(await client.command('send', `XCRC ${remote}/digested-over-ftp.bin`));
      expect(said.toLowerCase()).toContain(crc ?? 'crc32 needs node 20.15');
    },
  },
  {
    id: 'listings',
    title: 'LIST and NLST show what MLSD shows',
    run: async ({ client, local, remote }) => {
      const folder = local.folder();
      for (const name of ['listed-first.txt', 'listed second.txt', '.listed-hidden'])
        local.file(name, 1234, 1_000_000_000, folder);
      await client.putTree(folder, `${remote}/listed-here`);
      await client.mkdir?.(`${remote}/listed-here/listed-directory`);
      const names = ['.listed-hidden', 'listed second.txt', 'listed-directory', 'listed-first.txt'];
      const shown = (await client.command('lineAfterLine', `NLST ${remote}/listed-here`)) as string[];
      expect(shown.map((name) => name.replace(/^.*\//, '')).sort()).toEqual(names);
      const lines = (await client.command('lineAfterLine', `LIST -al ${remote}/listed-here`)) as string[];
      expect(lines).toHaveLength(4);
      expect(
        lines.filter((line) => /^-rw-r--r-- .* 1234 Sep {2}9 {2}2001 \.?listed/.test(line)),
      ).toHaveLength(3);
      expect((await client.names?.(`${remote}/listed-here`))?.sort()).toEqual(names);
    },
  },
];
