import type { Command } from 'commander';
import { Failure } from '../failure.js';
import { parseVaultPath } from '../vault-path.js';
import { inVault } from './invocation.js';

export function addLn(program: Command): void {
  program
    .command('ln')
    .description('make a symbolic link')
    .argument(
      '<target>',
      'what it says: a path relative to the link, or from the top of the vault with a leading /',
    )
    .argument('<link>', 'in the vault')
    .option('-s, --symbolic', 'required: the vault has no other links')
    .action(async (target: string, link: string, options: { symbolic?: boolean }, command: Command) => {
      if (!options.symbolic) {
        throw new Failure('usage', 'the vault has no hard links', {
          hint: 'use ln -s, or cp, which moves no bytes',
        });
      }
      const path = parseVaultPath(link);
      await inVault(command, (session) => session.symlink(target, path));
    });
}
