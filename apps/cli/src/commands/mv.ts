import type { ObjectSession, Path, VaultSession } from '@latchkey/vault';
import type { Command } from 'commander';
import { Failure, isVaultError } from '../failure.js';
import { warn } from '../terminal/output.js';
import { printable } from '../terminal/printable.js';
import { objectBeside } from '../transfer/unseen.js';
import { baseName, isWithin, parsePlace, parseVaultPath, showPath } from '../vault-path.js';
import { inVault } from './invocation.js';
import { splitSourcesAndTarget, withSourcesAndTarget } from './sources-target.js';

export function addMv(program: Command): void {
  const command = program
    .command('mv')
    .description('rename or move files and directories; one step each, whatever their size');
  withSourcesAndTarget(command, 'in the vault; the last one is a new name, or a directory to move into')
    .option('-n, --no-clobber', 'fail rather than replace a file')
    .action(async (paths: string[], options: { clobber: boolean }, self: Command) => {
      const { sources, target } = splitSourcesAndTarget(paths);
      const all = [...sources, target];
      if (all.some((text) => parsePlace(text).where !== 'vault')) {
        const hint = 'to move between this computer and the vault, cp first and then remove';
        if (all.some((text) => parsePlace(text).where === 'vault'))
          throw new Failure('usage', 'mv works inside the vault', { hint });
      }
      const froms = sources.map(parseVaultPath);
      const to = parseVaultPath(target);
      await inVault(self, async (session) => {
        const into = await isDirectory(session, to);
        if (!into && (froms.length > 1 || target.endsWith('/'))) {
          throw new Failure('not-found', `${showPath(to)} is not a directory`, {
            hint: 'make it with latchkey mkdir',
          });
        }
        for (const from of froms)
          await move(session, from, into ? [...to, nameOf(from)] : to, options.clobber);
      });
    });
}

function nameOf(path: Path): string {
  const name = baseName(path);
  if (name === undefined) throw new Failure('usage', 'the top of the vault cannot be moved');
  return name;
}

async function move(session: ObjectSession, from: Path, to: Path, replace: boolean): Promise<void> {
  nameOf(from);
  if (to.length > from.length && isWithin(to, from)) {
    throw new Failure('refused', `${showPath(from)} cannot be moved into itself`);
  }
  const directory = await isDirectory(session, from);
  await session.rename(from, to, { replace });
  if (directory) await tellOfObject(session, from, 'mv takes it, too');
}

/** Says that an object of S3 which stood beside a directory of the same name is left, now that the directory is not. */
export async function tellOfObject(session: ObjectSession, path: Path, how: string): Promise<void> {
  if ((await objectBeside(session, path)) === undefined) return;
  warn(
    `${printable(showPath(path))} is still there: the object of S3 that stood beside the directory; another ${how}`,
  );
}

export async function isDirectory(session: VaultSession, path: Path): Promise<boolean> {
  try {
    return (await session.stat(path)).kind === 'directory';
  } catch (error) {
    if (isVaultError(error, 'not-found')) return false;
    throw error;
  }
}
