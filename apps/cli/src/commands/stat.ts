import type { DigestName } from '@latchkey/vault';
import type { Command } from 'commander';
import { oneOf } from '../config/settings.js';
import { bytes, isoTime, octalMode } from '../terminal/figures.js';
import { columns, emitJson, emitLine } from '../terminal/output.js';
import { printable } from '../terminal/printable.js';
import { parseVaultPath, showPath } from '../vault-path.js';
import { entryJson } from './entry-view.js';
import { inVault } from './invocation.js';

const DIGESTS: readonly DigestName[] = ['md5', 'sha1', 'sha256', 'crc32'];

export function addStat(program: Command): void {
  program
    .command('stat')
    .description('show all that is known of one or several entries')
    .argument('<paths...>', 'in the vault')
    .option('--digest <name>', `of a file's content: ${DIGESTS.join(', ')}`)
    .option('--json', 'print one JSON object per line, names raw')
    .action(async (paths: string[], options: { digest?: string; json?: boolean }, command: Command) => {
      const digestName = oneOf(options.digest, DIGESTS, '--digest');
      const targets = paths.map(parseVaultPath);
      await inVault(command, async (session) => {
        for (const path of targets) {
          const entry = await session.stat(path);
          const wantsDigest = digestName !== undefined && entry.kind === 'file';
          const extra = {
            ...(wantsDigest ? { [digestName]: await session.digest(path, digestName) } : {}),
            ...(entry.kind === 'symlink' ? { target: await session.readlink(path) } : {}),
          };
          if (options.json) {
            await emitJson(entryJson(path, entry, extra));
            continue;
          }
          const rows: [string, string][] = [
            ['path', printable(showPath(path))],
            ['kind', entry.kind + (entry.draft ? ' (unfinished upload)' : '')],
            ['size', `${entry.size} (${bytes(entry.size)})`],
            ['modified', isoTime(entry.modified)],
            ['created', isoTime(entry.created)],
            ['mode', octalMode(entry.mode)],
            ['id', entry.id],
            ['revision', String(entry.revision)],
          ];
          for (const [key, value] of entry.metadata)
            rows.push([`metadata ${printable(key)}`, printable(value)]);
          for (const [key, value] of Object.entries(extra)) rows.push([key, printable(value)]);
          await emitLine(columns(rows));
        }
      });
    });
}
