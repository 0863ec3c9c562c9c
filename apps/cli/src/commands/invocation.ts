import type { ObjectSession, Vault } from '@latchkey/vault';
import type { Command } from 'commander';
import { type GlobalFlags, loadSettings, type Settings } from '../config/settings.js';
import { withVault } from '../open-vault.js';

/** The settings of a command that is about to run: its flags, the environment, the configuration file. */
export function settingsOf(command: Command): Promise<Settings> {
  return loadSettings(command.optsWithGlobals<GlobalFlags>(), process.env);
}

export function quiet(command: Command): boolean {
  return command.optsWithGlobals<{ quiet?: boolean }>().quiet === true;
}

/** Opens the configured vault for one command. */
export async function inVault<T>(
  command: Command,
  use: (session: ObjectSession, vault: Vault) => Promise<T>,
): Promise<T> {
  return withVault(await settingsOf(command), (vault) => use(vault.session(), vault));
}
