import type { Command } from 'commander';
import { emitJson, emitLine } from '../terminal/output.js';
import { programVersion, VAULT_FORMAT } from '../version.js';

export function addVersion(program: Command): void {
  program
    .command('version')
    .description('show the versions of the program, the vault format and Node')
    .option('--json', 'print JSON')
    .action(async (options: { json?: boolean }) => {
      const facts = { latchkey: programVersion(), format: VAULT_FORMAT, node: process.versions.node };
      if (options.json) return emitJson(facts);
      await emitLine(`latchkey ${facts.latchkey}, vault format ${facts.format}, node ${facts.node}`);
    });
}
