import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import type { Lftp } from '../clients/lftp.js';
import { readItem, readTree, without } from '../trees.js';
import type { Step } from './step.js';

/** What lftp is known for: trees kept equal in both directions, and one file over several connections. */
export const LFTP_FTP_STEPS: readonly Step<Lftp>[] = [
  {
    id: 'mirror',
    title: 'mirror keeps trees equal in both directions, sending only what changed',
    run: async ({ client, local, stored, remote }) => {
      const folder = local.folder();
      for (let number = 0; number < 20; number += 1)
        local.file(`mirrored-file-${number}.txt`, number * 100, 1_700_000_001, folder);
      await client.putTree(folder, `${remote}/mirrored`);
      rmSync(path.join(folder, 'mirrored-file-3.txt'));
      writeFileSync(path.join(folder, 'mirrored-file-7.txt'), local.content(9000, 'changed'));
      local.file('mirrored-file-new.txt', 5000, 1_700_000_003, folder);
      const again = await client.script(`mirror -R --delete --verbose "${folder}" "${remote}/mirrored"`);
      expect(again.match(/Transferring file/g)).toHaveLength(2);
      expect(without(await stored.tree(`${remote}/mirrored`), 'mode')).toEqual(
        without(await readTree(folder), 'mode'),
      );
      const back = local.fresh();
      await client.getTree(`${remote}/mirrored`, back);
      rmSync(path.join(back, 'mirrored-file-5.txt'));
      const repaired = await client.script(`mirror --delete --verbose "${remote}/mirrored" "${back}"`);
      expect(repaired.match(/Transferring file/g)).toHaveLength(1);
      expect(without(await readTree(back), 'mode')).toEqual(without(await readTree(folder), 'mode'));
    },
  },
  {
    id: 'segments',
    title: 'pget reads one file over several connections at once',
    run: async ({ client, local, remote }) => {
      const sent = local.file('read-in-segments.bin', 9_000_011);
      await client.put(sent.path, `${remote}/read-in-segments.bin`);
      const back = local.fresh();
      await client.script(
        `set pget:min-chunk-size 1M\npget -n 5 "${remote}/read-in-segments.bin" -o "${back}"`,
      );
      expect(without({ back: await readItem(back) }, 'mode')).toEqual(
        without({ back: await readItem(sent.path) }, 'mode'),
      );
    },
  },
];
