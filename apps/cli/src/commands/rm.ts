import type { Command } from 'commander';
import { Failure, isVaultError } from '../failure.js';
import { parseVaultPath, showPath } from '../vault-path.js';
import { inVault } from './invocation.js';
import { tellOfObject } from './mv.js';

export function addRm(program: Command): void {
  program
    .command('rm')
    .description('remove files, and with -r directories')
    .argument('<paths...>', 'in the vault')
    .option('-r, --recursive', 'directories too, with everything in them, in one step')
    .option('-f, --force', 'what is not there is no error')
    .action(async (paths: string[], options: { recursive?: boolean; force?: boolean }, command: Command) => {
      const targets = paths.map(parseVaultPath);
      if (targets.some((path) => path.length === 0)) {
        throw new Failure('usage', 'the top of the vault cannot be removed', { hint: 'name what is in it' });
      }
      await inVault(command, async (session) => {
        for (const path of targets) {
          try {
            const entry = await session.stat(path);
            if (entry.kind === 'directory' && !options.recursive) {
              throw new Failure('refused', `${showPath(path)} is a directory`, {
                hint: 'add -r to remove it with everything in it',
              });
            }
            await session.remove(path, { recursive: options.recursive === true });
            if (entry.kind === 'directory') await tellOfObject(session, path, 'rm takes it, too');
          } catch (error) {
            if (options.force && isVaultError(error, 'not-found')) continue;
            throw error;
          }
        }
      });
    });
}
