import { createHash } from 'node:crypto';
import type { CryptoProvider, Padding } from '@latchkey/encryption';
import { nodeProvider } from '@latchkey/encryption/node';
import { type MemorySnapshot, MemoryStore, type Store, type StoreKey, storeKey } from '@latchkey/store';
import { type Entry, type Path, Vault, type VaultSession } from '@latchkey/vault';

export const PASSPHRASE = 'correct horse battery staple';
/** The least work that the format allows: these tests open a vault thousands of times. */
export const CHEAPEST_KDF = { memoryKiB: 64 * 1024, passes: 3, lanes: 1 };

export interface OpenedAs {
  readonly passphrase?: string;
  readonly words?: string;
  readonly provider?: CryptoProvider;
  /** In front of the victim's store. */
  readonly store?: Store;
}

/**
 * A vault in a store that the test owns as the adversary does: every stored byte can be read, changed, removed,
 * replayed or invented. It is opened by recovery words, because they cost no Argon2.
 */
export class Victim {
  readonly store: MemoryStore;
  readonly words: string;
  readonly #sound: MemorySnapshot;

  private constructor(store: MemoryStore, words: string) {
    this.store = store;
    this.words = words;
    this.#sound = store.snapshot();
  }

  /**
   * Makes a vault, fills it and closes it. What stands in the store then is what {@link heal} restores. There is no
   * grace for readers: what is released goes at the next commit that is a second later.
   */
  static async make(
    fill: (session: VaultSession, vault: Vault, store: MemoryStore) => Promise<void>,
    options: { provider?: CryptoProvider; padding?: Padding } = {},
  ): Promise<Victim> {
    const store = new MemoryStore();
    const made = await Vault.create({
      store,
      provider: nodeProvider,
      passphrase: PASSPHRASE,
      kdf: CHEAPEST_KDF,
      ...options,
    });
    const words = await made.addRecovery();
    await made.close();
    const provider = options.provider ?? nodeProvider;
    const vault = await Vault.open({ store, provider, words, graceSeconds: 0 });
    await fill(vault.session(), vault, store);
    await vault.close();
    return new Victim(store, words);
  }

  /** A program that has never seen this vault before. */
  open(as: OpenedAs = {}): Promise<Vault> {
    const { passphrase, words = this.words, provider = nodeProvider, store = this.store } = as;
    return Vault.open({
      store,
      provider,
      ...(passphrase === undefined ? { words } : { passphrase }),
      cacheBytes: 8 * 1024 * 1024,
      transferBytes: 8 * 1024 * 1024,
    });
  }

  /** Opens the vault, works with it and closes it. */
  async visit<T>(work: (session: VaultSession, vault: Vault) => Promise<T>, as: OpenedAs = {}): Promise<T> {
    const vault = await this.open(as);
    try {
      return await work(vault.session(), vault);
    } finally {
      await vault.close();
    }
  }

  heal(): void {
    this.store.restore(this.#sound);
  }

  /** Keys that begin with `prefix`, sorted. */
  keys(prefix = ''): StoreKey[] {
    return [...this.store.snapshot().objects.keys()].filter((key) => key.startsWith(prefix)).sort();
  }

  bytes(key: string): Uint8Array {
    const found = this.store.peek(storeKey(key));
    if (found === undefined) throw new Error(`the test expected an object ${key}`);
    return found;
  }

  /** Puts bytes under a key as the owner of the medium does: whatever was there, with a new tag for a register. */
  async plant(key: string, bytes: Uint8Array): Promise<void> {
    const target = storeKey(key);
    if (this.store.peek(target) !== undefined) this.store.tamper(target, bytes);
    else if (key.startsWith('b/')) await this.store.putBlob(target, bytes);
    else await this.store.swapRegister(target, null, bytes);
  }

  async erase(...keys: readonly string[]): Promise<void> {
    await this.store.delete(keys.map(storeKey));
  }

  /** Every stored byte, as one digest per object. */
  fingerprint(): string[] {
    return [...this.store.snapshot().objects]
      .map(([key, { bytes }]) => `${key} ${createHash('sha256').update(bytes).digest('hex')}`)
      .sort();
  }
}

/** Everything that a vault says of an entry and everything below it, one line each, contents as digests. */
export async function wholeTree(session: VaultSession, path: Path = []): Promise<string[]> {
  const lines: string[] = [];
  for await (const entry of session.entries(path)) {
    const here = [...path, entry.name];
    lines.push(`${describe(here, entry)} ${await substance(session, here, entry)}`);
    if (entry.kind === 'directory') lines.push(...(await wholeTree(session, here)));
  }
  return lines;
}

function describe(path: Path, entry: Entry): string {
  const { kind, size, modified, created, mode, metadata, draft } = entry;
  return JSON.stringify([path, kind, size, modified, created, mode, [...metadata], draft]);
}

async function substance(session: VaultSession, path: Path, entry: Entry): Promise<string> {
  if (entry.kind === 'directory') return '';
  if (entry.kind === 'symlink') return session.readlink(path);
  return createHash('sha256')
    .update(await collect(session.read(path)))
    .digest('hex');
}

export async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Bytes that do not repeat, the same for the same arguments. */
export function filler(length: number, label: string): Buffer {
  const blocks: Buffer[] = [];
  for (let at = 0; at < length; at += 32) blocks.push(createHash('sha256').update(`${label} ${at}`).digest());
  return Buffer.concat(blocks).subarray(0, length);
}
