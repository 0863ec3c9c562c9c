import type { Command } from 'commander';
import { Failure } from '../failure.js';
import { obtainSecret } from './source.js';
import { requireStrong } from './strength.js';

export interface NewPassphraseFlags {
  readonly newPassphraseFile?: string;
  readonly newPassphraseCommand?: string;
  readonly allowWeak?: boolean;
}

export function withNewPassphraseOptions(command: Command): Command {
  return command
    .option('--new-passphrase-file <file>', 'its first line is the new passphrase')
    .option('--new-passphrase-command <command>', 'the first line it prints is the new passphrase')
    .option('--allow-weak', 'take a passphrase that is easy to guess');
}

/** The passphrase that shall be valid from now on: from flags, `LATCHKEY_NEW_PASSPHRASE`, or asked for twice. */
export async function newPassphrase(flags: NewPassphraseFlags): Promise<string> {
  const { newPassphraseFile: file, newPassphraseCommand: command } = flags;
  if (file !== undefined && command !== undefined) {
    throw new Failure('usage', 'give either --new-passphrase-file or --new-passphrase-command');
  }
  const value = process.env.LATCHKEY_NEW_PASSPHRASE;
  const source = file !== undefined ? { file } : command !== undefined ? { command } : value ? { value } : {};
  const passphrase = await obtainSecret(source, {
    question: 'New passphrase: ',
    confirm: 'Again: ',
    what: 'new passphrase',
    instead: '--new-passphrase-file, LATCHKEY_NEW_PASSPHRASE or --new-passphrase-command',
  });
  requireStrong(passphrase, flags.allowWeak === true);
  return passphrase;
}
