import { nodeProvider } from '@latchkey/encryption/node';
import {
  type ETag,
  ForwardingStore,
  MemoryStore,
  type StoreCapabilities,
  StoreError,
  type StoreKey,
  type SwapOptions,
} from '@latchkey/store';
import { describe, expect, it } from 'vitest';
import { Vault } from '../src/index.js';
import { collect, PASSPHRASE, text } from './fresh-vault.js';
import { emptyVault } from './template.js';

/** A store that promises nothing of its swaps, and counts those of scratch registers. */
class ModestStore extends ForwardingStore {
  raced = 0;

  override get capabilities(): StoreCapabilities {
    return { ...super.capabilities, compareAndSwap: false };
  }

  override swapRegister(
    key: StoreKey,
    expected: ETag | null,
    bytes: Uint8Array,
    options?: SwapOptions,
  ): Promise<ETag> {
    if (key.startsWith('x/')) this.raced++;
    return super.swapRegister(key, expected, bytes, options);
  }
}

/** Compares, and then sets whatever stands there by then: right for one writer after the other. */
class ComparingStore extends ModestStore {
  override async swapRegister(
    key: StoreKey,
    expected: ETag | null,
    bytes: Uint8Array,
    options?: SwapOptions,
  ): Promise<ETag> {
    const current = await this.#tag(key);
    if (current !== expected) throw new StoreError('conflict', `register ${key} was changed`);
    await new Promise((resolve) => setImmediate(resolve));
    return super.swapRegister(key, await this.#tag(key), bytes, options);
  }

  async #tag(key: StoreKey): Promise<ETag | null> {
    const state = await this.inner.readRegister(key);
    return state.status === 'value' ? state.etag : null;
  }
}

class ReadOnlyStore extends ModestStore {
  override async swapRegister(): Promise<ETag> {
    throw new StoreError('read-only', 'this store takes no writes');
  }
}

async function objects(store: MemoryStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list('')) keys.push(key);
  return keys.sort();
}

describe('a store that does not declare compare-and-swap', () => {
  it('is raced when a vault is opened, and used when one swap of several wins', async () => {
    const store = new MemoryStore();
    const open = await emptyVault(store);
    const modest = new ModestStore(store);
    const vault = await open(modest);
    expect(modest.raced).toBeGreaterThanOrEqual(32);
    await vault.session().write(['f'], text('x'));
    await vault.close();
    expect((await objects(store)).filter((key) => key.startsWith('x/'))).toEqual([]);
  });

  it('is refused when several win, and nothing in it is changed', async () => {
    const store = new MemoryStore();
    const open = await emptyVault(store);
    const before = await objects(store);
    await expect(open(new ComparingStore(store))).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('compare-and-swap'),
    });
    expect(await objects(store)).toEqual(before);
  });

  it('is refused for a new vault, too', async () => {
    const store = new MemoryStore();
    const kdf = { memoryKiB: 64 * 1024, passes: 3, lanes: 1 };
    const options = { store: new ComparingStore(store), provider: nodeProvider, passphrase: PASSPHRASE, kdf };
    await expect(Vault.create(options)).rejects.toMatchObject({ code: 'unsupported' });
    expect(await objects(store)).toEqual([]);
  });

  it('can be read where nothing can be written', async () => {
    const store = new MemoryStore();
    const open = await emptyVault(store);
    await (await open()).session().write(['f'], text('x'));
    const session = (await open(new ReadOnlyStore(store))).session();
    expect(await collect(session.read(['f']))).toEqual(text('x'));
  });
});

describe('a store that declares it', () => {
  it('is not raced', async () => {
    class Declaring extends ModestStore {
      override get capabilities(): StoreCapabilities {
        return { ...super.capabilities, compareAndSwap: true };
      }
    }
    const store = new MemoryStore();
    const open = await emptyVault(store);
    const declaring = new Declaring(store);
    await open(declaring);
    expect(declaring.raced).toBe(0);
  });
});
