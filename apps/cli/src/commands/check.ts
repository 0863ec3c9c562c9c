import type { Command } from 'commander';
import { Failure } from '../failure.js';
import { bytes } from '../terminal/figures.js';
import { columns, emitJson, emitLine } from '../terminal/output.js';
import { printable } from '../terminal/printable.js';
import { inVault, quiet } from './invocation.js';

interface Options {
  readonly readData?: boolean;
  readonly repair?: boolean;
  readonly json?: boolean;
}

export function addCheck(program: Command): void {
  program
    .command('check')
    .description('verify the whole vault')
    .option('--read-data', 'read and authenticate all content too')
    .option('--repair', 'bring back directories that lost their place or their head, under lost+found')
    .option('--json', 'print JSON')
    .action(async (options: Options, command: Command) => {
      await inVault(command, async (_session, vault) => {
        const report = await vault.check({
          readContent: options.readData === true,
          repair: options.repair === true,
        });
        if (options.json) await emitJson(report);
        else if (!quiet(command) || report.problems.length > 0) {
          await emitLine(
            columns([
              ['directories', String(report.directories)],
              ['files', String(report.files)],
              ['content', bytes(report.bytes)],
              ['unreferenced', `${report.unreferenced} objects`],
            ]),
          );
          if (report.problems.length === 0) await emitLine('no problems found');
          for (const { object, path, what } of report.problems) {
            await emitLine(`problem: ${printable(path ?? object)}: ${printable(what)}`);
          }
          for (const line of report.repaired) await emitLine(`repaired: ${printable(line)}`);
        }
        if (report.problems.length > 0) {
          const count = report.problems.length;
          throw new Failure('damaged', count === 1 ? 'found 1 problem' : `found ${count} problems`, {
            hint: options.repair ? undefined : '--repair brings back what can be brought back',
          });
        }
      });
    });
}
