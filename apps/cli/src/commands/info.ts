import type { Command } from 'commander';
import { vaultDirectory } from '../open-vault.js';
import { bytes } from '../terminal/figures.js';
import { columns, emitJson, emitLine } from '../terminal/output.js';
import { printable } from '../terminal/printable.js';
import { inVault, settingsOf } from './invocation.js';

export function addInfo(program: Command): void {
  program
    .command('info')
    .description('show what the vault is: format, fingerprint, key slots, free space')
    .option('--json', 'print JSON')
    .action(async (options: { json?: boolean }, command: Command) => {
      const root = vaultDirectory(await settingsOf(command));
      await inVault(command, async (session, vault) => {
        const info = await vault.info();
        const space = await session.space();
        if (options.json) return emitJson({ vault: root, ...info, space });
        const rows: [string, string][] = [
          ['vault', printable(root)],
          ['id', info.vaultId],
          ['fingerprint', info.fingerprint],
          ['format', `${info.format}, suite ${info.suite}, header revision ${info.headerRevision}`],
          ['padding', String(info.padding)],
        ];
        for (const slot of info.slots) {
          const cost =
            slot.memoryKiB === undefined
              ? ''
              : `, Argon2id ${bytes(slot.memoryKiB * 1024)}, ${slot.passes} passes`;
          rows.push([
            `slot ${slot.id}`,
            `${slot.type}${slot.label ? ` "${printable(slot.label)}"` : ''}${cost}`,
          ]);
        }
        if (space.available !== undefined) rows.push(['free', bytes(space.available)]);
        await emitLine(columns(rows));
      });
    });
}
