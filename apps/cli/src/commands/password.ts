import type { Command } from 'commander';
import { obtainSecret } from '../passphrase/source.js';
import { hashPassword } from '../serve/password-hash.js';
import { emitLine } from '../terminal/output.js';

export function addPassword(program: Command): void {
  program
    .command('password')
    .description('hash a login password for the users of latchkey.toml')
    .option('--from-file <file>', 'its first line is the password (default: ask)')
    .action(async (options: { fromFile?: string }) => {
      const password = await obtainSecret(options.fromFile === undefined ? {} : { file: options.fromFile }, {
        question: 'Login password: ',
        confirm: 'Again: ',
        what: 'password',
        instead: '--from-file',
      });
      await emitLine(await hashPassword(password));
    });
}
