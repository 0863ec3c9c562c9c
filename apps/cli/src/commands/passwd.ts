import type { Command } from 'commander';
import {
  type NewPassphraseFlags,
  newPassphrase,
  withNewPassphraseOptions,
} from '../passphrase/new-passphrase.js';
import { note } from '../terminal/output.js';
import { inVault, quiet } from './invocation.js';
import { type KdfFlags, kdfOf, withKdfOptions } from './kdf-options.js';

type Options = KdfFlags & NewPassphraseFlags;

export function addPasswd(program: Command): void {
  const command = program.command('passwd').description('change the passphrase; no data is touched');
  withKdfOptions(withNewPassphraseOptions(command)).action(async (options: Options, self: Command) => {
    const kdf = kdfOf(options);
    await inVault(self, async (_session, vault) => {
      const passphrase = await newPassphrase(options);
      await (kdf === undefined ? vault.setPassphrase(passphrase) : vault.setPassphrase(passphrase, kdf));
    });
    if (!quiet(self))
      note('the passphrase was changed; a copy of the vault made before still opens with the old one');
  });
}
