import type { Command } from 'commander';
import { Failure } from '../failure.js';
import { emit } from '../terminal/output.js';
import { readNamed, statNamed } from '../transfer/unseen.js';
import { followLinks } from '../transfer/vault-source.js';
import { parseVaultPath } from '../vault-path.js';
import { inVault } from './invocation.js';

export function addCat(program: Command): void {
  program
    .command('cat')
    .description('write files to standard output')
    .argument('<paths...>', 'in the vault')
    .option('--range <bytes>', 'only these, counted from 0: 0-99, 100-, or the last: -100')
    .action(async (paths: string[], options: { range?: string }, command: Command) => {
      const range = options.range === undefined ? undefined : parseRange(options.range);
      const targets = paths.map(parseVaultPath);
      await inVault(command, async (session) => {
        for (const target of targets) {
          const path = await followLinks(session, target);
          const asked =
            range === undefined
              ? undefined
              : await absolute(range, async () => (await statNamed(session, path)).size);
          for await (const chunk of readNamed(session, path, asked)) await emit(chunk);
        }
      });
    });
}

type Range = { readonly offset: number; readonly length?: number } | { readonly last: number };

/** Reads a range in the form of RFC 9110, section 14.1.2: both ends count. */
export function parseRange(text: string): Range {
  const match = /^(\d{1,15})?-(\d{1,15})?$/.exec(text);
  const [, first, last] = match ?? [];
  if (first === undefined && last !== undefined) return { last: Number(last) };
  if (first !== undefined && last === undefined) return { offset: Number(first) };
  if (first !== undefined && last !== undefined && Number(last) >= Number(first)) {
    return { offset: Number(first), length: Number(last) - Number(first) + 1 };
  }
  throw new Failure('usage', '--range must be of the form 0-99, 100- or -100');
}

async function absolute(
  range: Range,
  size: () => Promise<number>,
): Promise<{ offset: number; length?: number }> {
  return 'last' in range ? { offset: Math.max(0, (await size()) - range.last) } : range;
}
