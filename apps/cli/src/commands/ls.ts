import type { Entry, ObjectSession, Path, VaultSession } from '@latchkey/vault';
import type { Command } from 'commander';
import { listTime, modeString } from '../terminal/figures.js';
import { emitJson, emitLine } from '../terminal/output.js';
import { printable } from '../terminal/printable.js';
import { everything } from '../transfer/unseen.js';
import { parseVaultPath } from '../vault-path.js';
import { entryJson } from './entry-view.js';
import { inVault } from './invocation.js';

interface Options {
  readonly long?: boolean;
  readonly recursive?: boolean;
  readonly json?: boolean;
}

export function addLs(program: Command): void {
  program
    .command('ls')
    .description('list directories, by the byte order of names')
    .argument('[paths...]', 'in the vault (default: vault:/)')
    .option('-l, --long', 'with mode, size and time (UTC)')
    .option('-R, --recursive', 'with everything below, as paths')
    .option('--json', 'print one JSON object per line, names raw')
    .action(async (paths: string[], options: Options, command: Command) => {
      const targets = (paths.length === 0 ? ['vault:/'] : paths).map(parseVaultPath);
      await inVault(command, async (session) => {
        for (const target of targets) await list(session, target, options);
      });
    });
}

async function list(session: ObjectSession, path: Path, options: Options): Promise<void> {
  const entry = await session.stat(path);
  if (entry.kind !== 'directory') return print(session, path, entry, entry.name, options);
  await listBelow(session, path, [], options);
}

async function listBelow(session: ObjectSession, path: Path, below: Path, options: Options): Promise<void> {
  // Objects that file protocols do not see are listed as well: here everything must be to be found.
  for await (const entry of everything(session, path)) {
    const child = [...path, entry.name];
    const shown = [...below, entry.name];
    await print(session, child, entry, shown.join('/'), options);
    if (options.recursive && entry.kind === 'directory') await listBelow(session, child, shown, options);
  }
}

async function print(
  session: VaultSession,
  path: Path,
  entry: Entry,
  shown: string,
  options: Options,
): Promise<void> {
  const wantsTarget = entry.kind === 'symlink' && (options.json || options.long);
  const target = wantsTarget ? await session.readlink(path) : undefined;
  if (options.json) {
    return emitJson(entryJson(path, entry, target === undefined ? {} : { target }));
  }
  const name = `${printable(shown)}${entry.kind === 'directory' ? '/' : ''}`;
  if (!options.long) return emitLine(name);
  const size = String(entry.kind === 'directory' ? '-' : entry.size).padStart(12);
  const arrow = target === undefined ? '' : ` -> ${printable(target)}`;
  const draft = entry.draft ? '  (unfinished upload)' : '';
  await emitLine(
    `${modeString(entry.kind, entry.mode)} ${size} ${listTime(entry.modified)} ${name}${arrow}${draft}`,
  );
}
