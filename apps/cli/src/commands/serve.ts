import type { Command } from 'commander';
import type { ServeFlags } from '../serve/flags.js';
import { settingsOf } from './invocation.js';

export function addServe(program: Command): void {
  program
    .command('serve')
    .description('serve the vault over SFTP, FTP and S3 until Ctrl-C or SIGTERM')
    .option('--host <address>', 'to listen on (default: 127.0.0.1)')
    .option('--port <number>', 'of SFTP, 0 for any free one (default: 2022)')
    .option('--ftp-port <number>', 'of FTP, 0 for any free one (default: 2121)')
    .option('--ftp-tls <mode>', 'require, allow (clients may do without) or off (default: require)')
    .option('--no-ftp', 'do not serve FTP')
    .option('--s3-port <number>', 'of S3, 0 for any free one (default: 8333)')
    .option('--s3-tls <mode>', 'require or off (default: off on loopback, require elsewhere)')
    .option('--no-s3', 'do not serve S3')
    .option('--user <name>', 'who may log in, instead of the users of latchkey.toml')
    .option('--password-file <file>', 'with --user: its first line is the login password or its hash')
    .option('--authorized-keys <file>', 'with --user: public keys, as OpenSSH keeps them')
    .option('--log <format>', 'json or pretty (default: pretty at a terminal)')
    .option('--log-level <level>', 'debug, info, warn or error (default: info)')
    .action(async (flags: ServeFlags, command: Command) => {
      // The protocols are most of the program, and no other command needs them.
      const { serve } = await import('../serve/serve.js');
      await serve(flags, await settingsOf(command));
    });
}
