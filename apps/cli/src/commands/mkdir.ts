import type { Command } from 'commander';
import { parseVaultPath } from '../vault-path.js';
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
        for (const path of targets) await session.mkdir(path, { recursive: options.parents === true });
      });
    });
}
