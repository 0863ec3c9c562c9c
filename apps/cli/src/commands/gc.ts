import type { Command } from 'commander';
import { Failure } from '../failure.js';
import { bytes, parseSpan } from '../terminal/figures.js';
import { columns, emitJson, emitLine } from '../terminal/output.js';
import { inVault, quiet, settingsOf } from './invocation.js';

interface Options {
  readonly now?: boolean;
  readonly deadAfter?: string;
  readonly json?: boolean;
}

export function addGc(program: Command): void {
  program
    .command('gc')
    .description('free the space of removed files and of interrupted uploads (serve does it daily)')
    .option('--now', 'what the command does anyway, spelt out for scripts')
    .option('--dead-after <span>', 'silence after which a program counts as gone, such as 24h')
    .option('--json', 'print JSON')
    .action(async (options: Options, command: Command) => {
      const deadAfterMs =
        options.deadAfter === undefined
          ? (await settingsOf(command)).gc.deadAfter
          : parseSpan(options.deadAfter);
      if (deadAfterMs === undefined)
        throw new Failure('usage', '--dead-after must be a span such as 90s, 15m, 24h or 7d');
      await inVault(command, async (_session, vault) => {
        const report = await vault.gc({ deadAfterMs });
        if (options.json) return emitJson(report);
        if (quiet(command)) return;
        await emitLine(
          columns([
            ['scanned', `${report.scanned} objects`],
            ['deleted', `${report.deleted} objects, ${bytes(report.freedBytes)}`],
            ['kept', `${report.kept} objects`],
            ['ended', `${report.endedSessions} sessions of programs that are gone`],
            ...(report.reason === undefined ? [] : [['stopped', report.reason] as const]),
          ]),
        );
      });
    });
}
