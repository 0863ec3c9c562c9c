import { readFileSync, truncateSync } from 'node:fs';
import { expect } from 'vitest';
import { readItem } from '../trees.js';
import type { Stage, Step } from './step.js';

/** Uploads, downloads again and compares all three: what was sent, what is stored, what came back. */
async function roundTrip(
  { client, local, stored, remote }: Stage,
  name: string,
  size: number,
): Promise<void> {
  const sent = local.file(name, size);
  await client.put(sent.path, `${remote}/${name}`);
  const truth = await readItem(sent.path);
  expect(await stored.item(`${remote}/${name}`)).toEqual(truth);
  const back = local.fresh();
  await client.get(`${remote}/${name}`, back);
  expect({ ...(await readItem(back)), modified: 0 }).toEqual({ ...truth, modified: 0 });
}

const SIZES: readonly number[] = [1, 1024, 1025, 65_535, 65_536, 65_537, 1_048_577];

export const FILES: readonly Step[] = [
  {
    id: 'upload-download',
    title: 'files of every edge size come back as they were sent',
    run: async (stage) => {
      for (const size of SIZES) await roundTrip(stage, `sized-file-${size}.bin`, size);
    },
  },
  {
    id: 'empty-file',
    title: 'an empty file is a file',
    run: (stage) => roundTrip(stage, 'nothing-in-it.bin', 0),
  },
  {
    id: 'overwrite',
    title: 'an upload replaces a file of that name, shorter or longer',
    run: async ({ client, local, stored, remote }) => {
      for (const size of [200_000, 10, 70_000, 0, 5]) {
        const sent = local.file('overwritten.bin', size);
        await client.put(sent.path, `${remote}/overwritten.bin`);
        expect(await stored.item(`${remote}/overwritten.bin`)).toEqual(await readItem(sent.path));
      }
    },
  },
  {
    id: 'large-file',
    title: 'a large file goes up and comes down (1 GiB, less in the default run)',
    run: async ({ client, local, stored, remote, amount }) => {
      const sent = await local.large('large-file.bin', amount.mebibytes);
      await client.put(sent.path, `${remote}/large-file.bin`);
      truncateSync(sent.path);
      const there = await stored.item(`${remote}/large-file.bin`);
      expect(there).toMatchObject({ kind: 'file', size: sent.size, sha256: sent.sha256 });
      const back = local.fresh();
      await client.get(`${remote}/large-file.bin`, back);
      expect(await readItem(back)).toMatchObject({ size: sent.size, sha256: sent.sha256 });
      truncateSync(back);
    },
  },
  {
    id: 'times',
    title: 'modification times are kept to the second, up and down',
    run: async ({ client, local, stored, remote }) => {
      for (const seconds of [0, 1, 951_782_400, 1_000_000_000, 1_709_210_096, 2_147_483_647]) {
        const name = `modified-at-${seconds}.txt`;
        const sent = local.file(name, 40, seconds);
        await client.put(sent.path, `${remote}/${name}`);
        expect(await stored.item(`${remote}/${name}`)).toMatchObject({ modified: seconds });
        const back = local.fresh();
        await client.get(`${remote}/${name}`, back);
        expect(await readItem(back)).toMatchObject({ modified: seconds });
      }
    },
  },
  {
    id: 'see',
    title: 'the client shows size and time to the second',
    needs: ['see'],
    run: async ({ client, local, remote }) => {
      const sent = local.file('shown-by-client.bin', 54_321, 1_234_567_890);
      await client.put(sent.path, `${remote}/shown-by-client.bin`);
      expect(await client.see?.(`${remote}/shown-by-client.bin`)).toEqual({
        size: 54_321,
        modified: 1_234_567_890,
      });
    },
  },
  {
    id: 'resume-upload',
    title: 'an interrupted upload is continued',
    needs: ['resumePut'],
    run: async ({ client, local, stored, remote }) => {
      const sent = local.file('resumed-upload.bin', 900_001);
      await client.put(await local.beginning(sent.path, 400_007), `${remote}/resumed-upload.bin`);
      await client.resumePut?.(sent.path, `${remote}/resumed-upload.bin`);
      const truth = await readItem(sent.path);
      expect(await stored.item(`${remote}/resumed-upload.bin`)).toMatchObject({
        ...truth,
        mode: expect.any(Number),
      });
    },
  },
  {
    id: 'resume-download',
    title: 'an interrupted download is continued',
    needs: ['resumeGet'],
    run: async ({ client, local, remote }) => {
      const sent = local.file('resumed-download.bin', 900_001);
      await client.put(sent.path, `${remote}/resumed-download.bin`);
      const back = await local.beginning(sent.path, 400_007);
      await client.resumeGet?.(`${remote}/resumed-download.bin`, back);
      expect(readFileSync(back).equals(readFileSync(sent.path))).toBe(true);
    },
  },
  {
    id: 'missing-source',
    title: 'a file that is not there is a failure',
    run: async ({ client, local, remote }) => {
      await expect(client.get(`${remote}/never-uploaded.bin`, local.fresh())).rejects.toThrow();
    },
  },
  {
    id: 'missing-directory',
    title: 'an upload into a directory that is not there fails and makes nothing, or makes the directory',
    run: async ({ client, local, stored, remote }) => {
      const sent = local.file('homeless-file.bin', 100);
      if (client.makesParents) {
        await client.put(sent.path, `${remote}/no-such-directory/homeless-file.bin`);
        expect(Object.keys(await stored.tree(remote))).toHaveLength(2);
        return;
      }
      await expect(client.put(sent.path, `${remote}/no-such-directory/homeless-file.bin`)).rejects.toThrow();
      expect(await stored.tree(remote)).toEqual({});
    },
  },
];
