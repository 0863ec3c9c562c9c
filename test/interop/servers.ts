import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { environment, MAIN, PASSPHRASE, startLatchkey } from '../servers/latchkey.mjs';
import { startSshd } from '../servers/sshd.mjs';
import { succeed } from './run.js';
import type { Needles } from './scan/needles.js';
import { scan } from './scan/scan.js';
import type { Played } from './suite.js';
import { diskObserver, type Item, readTree, type Tree } from './trees.js';
import { pathOf, VaultObserver } from './vault.js';

/** OpenSSH's server on a plain directory: the control of the script's expectations. */
export async function playSshd(place: string): Promise<Played> {
  const server = await startSshd(place);
  return {
    target: server,
    stored: diskObserver(),
    prepare: async (remote) => void mkdirSync(remote),
    checks: (needles) => [
      {
        title: 'names and contents are found in plain storage',
        check: () => expectFinds(server.storage, needles),
      },
    ],
    stop: server.stop,
  };
}

/** `latchkey serve` on a fresh vault. */
export async function playLatchkey(
  place: string,
  s3Tls: 'off' | 'require' = 'off',
): Promise<Played & { readonly stored: VaultObserver }> {
  const server = await startLatchkey(place, { ftp: { tls: 'allow', implicit: true }, s3Tls });
  const stored = await VaultObserver.open(server.storage, PASSPHRASE);
  const copy = path.join(place, 'copy');
  const cli = (...args: string[]): Promise<string> =>
    succeed(process.execPath, [MAIN, ...args], { env: environment(place) });
  let truth: Tree = {};
  return {
    target: server,
    stored,
    prepare: async (remote) => void (await stored.session.mkdir(pathOf(remote))),
    checks: (needles) => [
      {
        title: 'the command line lists what the library has',
        check: async () => {
          truth = await stored.tree('/');
          expect(listedTree(await cli('ls', '-R', '--json', 'vault:/'))).toEqual(withoutContent(truth));
        },
      },
      {
        title: 'the command line copies out the bytes that the library reads',
        check: async () => {
          await cli('cp', '-r', 'vault:/', copy);
          expect(await readTree(copy)).toEqual(truth);
        },
      },
      { title: 'names and contents are found in that plain copy', check: () => expectFinds(copy, needles) },
      {
        title: 'nothing in the store shows a name, content or digest',
        check: async () => {
          const { objects, found } = await scan(server.storage, needles);
          expect(found).toEqual([]);
          expect(objects).toBeGreaterThan(50);
        },
      },
      { title: 'the vault is sound', check: async () => void (await cli('check')) },
      {
        title: 'and still is when what nobody needs is collected',
        check: async () => {
          await cli('gc');
          await cli('check');
          expect(await stored.tree('/')).toEqual(truth);
        },
      },
    ],
    stop: server.stop,
  };
}

/** The scan must find something in a plain copy, or finding nothing in the store would prove nothing. */
async function expectFinds(folder: string, needles: Needles): Promise<void> {
  expect((await scan(folder, needles)).found).not.toEqual([]);
}

interface ListedLine {
  readonly path: string;
  readonly kind: Item['kind'];
  readonly size: number;
  readonly modified: string;
  readonly mode: string;
  readonly target?: string;
}

/** What `latchkey ls -R --json` printed, in the form of a tree. */
function listedTree(output: string): Record<string, object> {
  const lines = output.split('\n').filter((line) => line !== '');
  return Object.fromEntries(
    lines.map((line) => {
      const { path: shown, kind, size, modified, mode, target } = JSON.parse(line) as ListedLine;
      const seconds = Math.floor(Date.parse(modified) / 1000);
      const item =
        kind === 'file'
          ? { kind, size, modified: seconds, mode: Number.parseInt(mode, 8) }
          : kind === 'symlink'
            ? { kind, target }
            : { kind };
      return [shown.slice(1), item];
    }),
  );
}

function withoutContent(tree: Tree): Record<string, object> {
  return Object.fromEntries(
    Object.entries(tree).map(([name, item]) => {
      if (item.kind !== 'file') return [name, item];
      const { sha256: _content, ...rest } = item;
      return [name, rest];
    }),
  );
}
