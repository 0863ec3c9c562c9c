import { nodeProvider } from '@latchkey/encryption/node';
import { MemoryStore, type Store } from '@latchkey/store';
import { Vault, type VaultSettings } from '../src/index.js';
import { PASSPHRASE } from './fresh-vault.js';

interface Template {
  readonly store: MemoryStore;
  readonly words: string;
}

const templates = new Map<'none' | 'padme', Promise<Template>>();

/**
 * An empty vault, made once for a test file: opening it by its recovery words costs no Argon2, so that a property
 * can open hundreds of vaults.
 */
function template(padding: 'none' | 'padme'): Promise<Template> {
  let made = templates.get(padding);
  if (made === undefined) {
    made = make(padding);
    templates.set(padding, made);
  }
  return made;
}

async function make(padding: 'none' | 'padme'): Promise<Template> {
  const store = new MemoryStore();
  const kdf = { memoryKiB: 64 * 1024, passes: 3, lanes: 1 };
  const vault = await Vault.create({ store, provider: nodeProvider, passphrase: PASSPHRASE, kdf, padding });
  const words = await vault.addRecovery();
  await vault.close();
  return { store, words };
}

export type OpenVault = (through?: Store, settings?: VaultSettings) => Promise<Vault>;

/** Puts an empty vault into `store`, which must be empty. What it returns opens the vault, through a decorator too. */
export async function emptyVault(store: Store, padding: 'none' | 'padme' = 'none'): Promise<OpenVault> {
  const { store: source, words } = await template(padding);
  for await (const { key } of source.list('')) {
    const state = await source.readRegister(key);
    if (state.status === 'value') await store.swapRegister(key, null, state.bytes);
  }
  return (through = store, settings = {}) =>
    Vault.open({ store: through, provider: nodeProvider, words, ...settings });
}
