import type { Command } from 'commander';
import { Failure, isVaultError } from '../failure.js';
import { parseVaultPath, showPath } from '../vault-path.js';
import { inVault } from './invocation.js';

export function addMkdir(program: Command): void {
  program
    .command('mkdir')
    .description('make directories')
    .argument('<paths...>', 'in the vault')
    .option('-p, --parents', 'with missing parents; a directory that is there is no error')
    .action(async (paths: string[], options: { parents?: boolean }, command: Command) => {
      const targets = paths.map(parseVaultPath);
      await inVault(command, async (session) => {
        const recursive = options.parents === true;
        for (const path of targets) {
          await session.mkdir(path, { recursive }).catch((cause: unknown) => {
            if (recursive || !isVaultError(cause, 'not-found')) throw cause;
            throw new Failure('not-found', `${showPath(path.slice(0, -1))} does not exist`, {
              hint: 'add -p to make missing parents',
              cause,
            });
          });
        }
      });
    });
}
