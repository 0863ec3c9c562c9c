import { nodeProvider } from '@latchkey/encryption/node';
import { MemoryStore, type Store } from '@latchkey/store';
import { Vault, type VaultSession, type VaultSettings } from '../src/index.js';

export const PASSPHRASE = 'correct horse battery staple';
const FAST_KDF = { memoryKiB: 64 * 1024, passes: 3, lanes: 1 };

export function text(content: string): Uint8Array {
  return new TextEncoder().encode(content);
}

export async function collect(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
}

export interface FreshVault {
  readonly store: Store;
  readonly vault: Vault;
  readonly session: VaultSession;
  reopen(passphrase?: string, settings?: VaultSettings): Promise<Vault>;
}

/** A new vault on `store`, or in memory. */
export async function openFresh(
  store: Store = new MemoryStore(),
  settings: VaultSettings = {},
): Promise<FreshVault> {
  const made = await Vault.create({ store, provider: nodeProvider, passphrase: PASSPHRASE, kdf: FAST_KDF });
  await made.close();
  const reopen = (passphrase: string = PASSPHRASE, own: VaultSettings = settings): Promise<Vault> =>
    Vault.open({ store, provider: nodeProvider, passphrase, ...own });
  const vault = await reopen();
  return { store, vault, session: vault.session(), reopen };
}
