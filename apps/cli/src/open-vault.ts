import { nodeProvider } from '@latchkey/encryption/node';
import { FileStore } from '@latchkey/store-file';
import { Vault } from '@latchkey/vault';
import type { Settings } from './config/settings.js';
import { Failure, isVaultError, nameStore } from './failure.js';
import { obtainSecret } from './passphrase/source.js';

export function vaultDirectory(settings: Settings): string {
  if (settings.vault !== undefined) return settings.vault;
  throw new Failure('usage', 'which vault? none is configured', {
    hint: 'use --vault DIRECTORY, LATCHKEY_VAULT, or vault = "..." in latchkey.toml',
  });
}

export async function openStore(settings: Settings, options: { create?: boolean } = {}): Promise<FileStore> {
  const root = vaultDirectory(settings);
  nameStore(root);
  return FileStore.open({ root, durability: settings.durability, ...options });
}

export type Unlock = { readonly passphrase: string } | { readonly words: string };

/** An open vault and the store under it, which the vault does not close. */
export interface OpenVault {
  readonly vault: Vault;
  close(): Promise<void>;
}

/** Opens the vault with the configured passphrase, or with `unlock`. */
export async function openVault(settings: Settings, unlock?: Unlock): Promise<OpenVault> {
  // The store first: nobody should type a passphrase to be told that there is no vault.
  const store = await openStore(settings);
  try {
    const key = unlock ?? {
      passphrase: await obtainSecret(settings.passphrase, { question: 'Passphrase: ', what: 'passphrase' }),
    };
    const vault = await Vault.open({ store, provider: nodeProvider, ...key, ...settings.memory });
    return { vault, close: () => closeBoth(vault, store) };
  } catch (error) {
    await store.close();
    throw isVaultError(error, 'wrong-passphrase') ? wrong(unlock, error) : error;
  }
}

function wrong(unlock: Unlock | undefined, cause: unknown): Failure {
  if (unlock !== undefined && 'words' in unlock) {
    return new Failure('passphrase', 'wrong recovery words', { hint: 'nothing was changed', cause });
  }
  return new Failure('passphrase', 'wrong passphrase', {
    hint: 'nothing was changed; `latchkey recovery restore` sets a new one with the recovery words',
    cause,
  });
}

export async function closeBoth(vault: Vault, store: FileStore): Promise<void> {
  try {
    await vault.close();
  } finally {
    await store.close();
  }
}

export async function withVault<T>(
  settings: Settings,
  use: (vault: Vault) => Promise<T>,
  unlock?: Unlock,
): Promise<T> {
  const { vault, close } = await openVault(settings, unlock);
  try {
    return await use(vault);
  } finally {
    await close();
  }
}
