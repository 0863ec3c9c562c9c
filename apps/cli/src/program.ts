import { Command, CommanderError } from 'commander';
import { addAccessKey } from './commands/access-key.js';
import { addCat } from './commands/cat.js';
import { addCheck } from './commands/check.js';
import { addConnect } from './commands/connect.js';
import { addCp } from './commands/cp.js';
import { addGc } from './commands/gc.js';
import { addInfo } from './commands/info.js';
import { addInit } from './commands/init.js';
import { addLn } from './commands/ln.js';
import { addLs } from './commands/ls.js';
import { addMkdir } from './commands/mkdir.js';
import { addMv } from './commands/mv.js';
import { addPasswd } from './commands/passwd.js';
import { addPassword } from './commands/password.js';
import { addRecovery } from './commands/recovery.js';
import { addRm } from './commands/rm.js';
import { addServe } from './commands/serve.js';
import { addStat } from './commands/stat.js';
import { addVersion } from './commands/version.js';
import type { Outcome } from './exit-codes.js';
import { Failure, report } from './failure.js';
import { programVersion } from './version.js';

const AFTER_HELP = `
Paths in the vault are written vault:/photos/x.jpg; all others are on this computer; - is standard input or output.
The passphrase is asked for, or comes from --passphrase-file, LATCHKEY_PASSPHRASE or --passphrase-command.`;

function buildProgram(): Command {
  const program = new Command('latchkey')
    .description('Files only their owner can read, on storage nobody has to trust.')
    .version(programVersion(), '-V, --version')
    .option(
      '--config <file>',
      'configuration (default: ./latchkey.toml, then ~/.config/latchkey/latchkey.toml)',
    )
    .option('--vault <directory>', 'where the vault is stored')
    .option('--durability <how>', 'full (survives power loss) or relaxed')
    .option('--state <directory>', 'for the keys of the servers (default: ~/.local/state/latchkey)')
    .option('--passphrase-file <file>', 'its first line is the passphrase')
    .option('--passphrase-command <command>', 'the first line it prints is the passphrase')
    .option('-q, --quiet', 'no progress, no remarks')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError: () => {} })
    .addHelpText('after', AFTER_HELP)
    .exitOverride();
  const add = [
    addInit,
    addServe,
    addConnect,
    addLs,
    addCp,
    addCat,
    addMv,
    addRm,
    addMkdir,
    addLn,
    addStat,
    addPasswd,
    addRecovery,
    addPassword,
    addAccessKey,
    addCheck,
    addGc,
    addInfo,
    addVersion,
  ];
  for (const addCommand of add) addCommand(program);
  return program;
}

/** Runs one command line and tells how it ended. Whatever is thrown is printed here, and nowhere else. */
export async function run(args: readonly string[]): Promise<Outcome> {
  try {
    await buildProgram().parseAsync([...args], { from: 'user' });
    return 'ok';
  } catch (error) {
    if (!(error instanceof CommanderError)) return report(error);
    if (error.exitCode === 0) return 'ok';
    // The help was printed in place of an error.
    if (error.code === 'commander.help') return 'usage';
    return report(usageFailure(error));
  }
}

function usageFailure(error: CommanderError): Failure {
  const [first = '', suggestion] = error.message.replace(/^error: /, '').split('\n');
  // An unknown flag may carry a secret behind its equals sign.
  const message = first.replace(/'(--[^'=]*)=.*$/s, "'$1'");
  const hint = /'--(?:new-)?pass(?:phrase|word)?'/.test(message)
    ? 'secrets are never given as flags, where every user of the machine can see them; use --passphrase-file'
    : (suggestion?.replace(/^\((.*)\)$/, '$1').toLowerCase() ?? 'latchkey --help lists commands and flags');
  return new Failure('usage', message, { hint });
}
