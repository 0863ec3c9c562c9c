import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { OpensshSftp } from '../clients/openssh.js';
import { readItem } from '../trees.js';
import type { Step } from './step.js';

/** OpenSSH's own extensions, and commands that ssh asks the server to run. */
export const OPENSSH_STEPS: readonly Step<OpensshSftp>[] = [
  {
    id: 'server-copy',
    title: 'cp copies on the server',
    run: async ({ client, local, stored, remote }) => {
      const sent = local.file('copied-on-server.bin', 500_000);
      await client.put(sent.path, `${remote}/copied-on-server.bin`);
      await client.batch(`cp "${remote}/copied-on-server.bin" "${remote}/copy-on-server.bin"`);
      const there = await stored.item(`${remote}/copy-on-server.bin`);
      expect(there).toEqual({
        ...(await readItem(sent.path)),
        modified: expect.any(Number),
        mode: expect.any(Number),
      });
    },
  },
  {
    id: 'flushed-upload',
    title: 'put -f asks for the bytes to be safe before it ends',
    run: async ({ client, local, stored, remote }) => {
      const sent = local.file('flushed-upload.bin', 100_000);
      await client.batch(`put -fp "${sent.path}" "${remote}/flushed-upload.bin"`);
      expect(await stored.item(`${remote}/flushed-upload.bin`)).toEqual(await readItem(sent.path));
    },
  },
  {
    id: 'pattern',
    title: 'patterns are matched in directories and files',
    run: async ({ client, local, remote }) => {
      for (const name of ['matched-one.txt', 'matched-two.txt', 'not-matched.bin']) {
        await client.put(local.file(name, 20).path, `${remote}/${name}`);
      }
      const shown = await client.batch(`ls -1 ${remote}/matched-*.txt`);
      expect(shown.match(/matched-\w+\.txt/g)).toEqual(
        expect.arrayContaining(['matched-one.txt', 'matched-two.txt']),
      );
      expect(shown).not.toContain('not-matched.bin');
    },
  },
  {
    id: 'exec-digests',
    title: 'ssh gets digests from the server, with the exit status of the real commands',
    run: async ({ client, local, remote, target }) => {
      const sent = local.file('digested-over-ssh.bin', 300_000);
      const there = `${remote}/digested-over-ssh.bin`;
      await client.put(sent.path, there);
      for (const algorithm of ['md5', 'sha1', 'sha256']) {
        const truth = createHash(algorithm).update(readFileSync(sent.path)).digest('hex');
        const done = await client.ssh(`${algorithm}sum ${there}`);
        expect(done).toMatchObject({ status: 0, stdout: `${truth}  ${there}\n` });
      }
      expect((await client.ssh(`md5sum ${remote}/not-there`)).status).toBe(1);
      // Only a server without a shell can promise that nothing else runs.
      if (target.base === '') expect((await client.ssh('cat /etc/passwd')).status).not.toBe(0);
    },
  },
];
