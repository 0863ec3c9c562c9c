import {
  type ETag,
  ForwardingStore,
  MemoryStore,
  StoreError,
  type StoreKey,
  type SwapOptions,
} from '@latchkey/store';
import { describe, expect, it } from 'vitest';
import type { Vault, VaultSession } from '../src/index.js';
import { collect, text } from './fresh-vault.js';
import { HookedStore, lost } from './hooked-store.js';
import { emptyVault } from './template.js';

/** More changes than a head remembers. */
const MANY = 300;
const FEW = 100;

/** A store over a network on which a swap can be given up while it is still on its way. */
class LateStore extends ForwardingStore {
  /** Asked at every swap of a head; an error is what the sender is told. */
  plan: ((swap: number) => 'late' | StoreError | undefined) | undefined;
  /** Runs after a swap of a head was not answered, before its sender learns of that. */
  meanwhile: () => Promise<void> = async () => undefined;
  arrive: () => Promise<unknown> = async () => undefined;
  #swaps = 0;

  override async swapRegister(
    key: StoreKey,
    expected: ETag | null,
    bytes: Uint8Array,
    options?: SwapOptions,
  ): Promise<ETag> {
    const planned = key.startsWith('h/') ? this.plan?.(this.#swaps++) : undefined;
    if (planned === undefined) return super.swapRegister(key, expected, bytes, options);
    if (planned instanceof StoreError) throw planned;
    this.arrive = () => super.swapRegister(key, expected, bytes, options);
    await this.meanwhile();
    throw lost();
  }
}

interface Two {
  readonly open: () => Promise<Vault>;
  readonly other: VaultSession;
}

async function two(through: (store: MemoryStore) => ForwardingStore): Promise<Two> {
  const store = new MemoryStore();
  const openVault = await emptyVault(store);
  const hooked = through(store);
  return { open: () => openVault(hooked), other: (await openVault()).session() };
}

async function write(session: VaultSession, count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, index) => session.write([`o${index}`], text('x'))));
}

/** Loses one answer to a swap of a head, `done` or not, and lets others make `count` changes before it is looked into. */
function loseOne(hooked: HookedStore, done: boolean, other: VaultSession, count: number): void {
  let armed = true;
  hooked.hook = async ({ method, key, when }) => {
    if (!armed || method !== 'swapRegister' || !key.startsWith('h/')) return;
    if (when !== (done ? 'after' : 'before')) return;
    armed = false;
    await write(other, count);
    throw lost();
  };
}

async function append(session: VaultSession): Promise<void> {
  const handle = await session.open(['log'], { write: true, append: true });
  await handle.write(0, text('line\n'));
  await handle.close();
}

describe('a change whose answer was lost', () => {
  it.each([
    [true, FEW, 'done', 'line\n'],
    [false, FEW, 'done', 'line\n'],
    [true, MANY, 'unavailable', 'line\n'],
    [false, MANY, 'unavailable', ''],
  ])('is made once at most: applied %s, %i changes later: %s', async (applied, count, outcome, content) => {
    const hooked: HookedStore[] = [];
    const { open, other } = await two((store) => {
      hooked.push(new HookedStore(store));
      return hooked[0] as HookedStore;
    });
    const vault = await open();
    await other.write(['log'], new Uint8Array(0));
    loseOne(hooked[0] as HookedStore, applied, other, count);
    const told = await append(vault.session()).then(
      () => 'done',
      (error) => error.code,
    );
    expect(new TextDecoder().decode(await collect(other.read(['log'])))).toBe(content);
    expect(told).toBe(outcome);
    expect((await other.list([])).entries).toHaveLength(1 + count);
  });

  it('does not cost a new directory its head when nobody can tell any more that it was made', async () => {
    const store = new MemoryStore();
    const openVault = await emptyVault(store);
    const hooked = new HookedStore(store);
    const session = (await openVault(hooked)).session();
    const other = await openVault();
    let swaps = 0;
    hooked.hook = async ({ method, key, when }) => {
      // The head of the new directory comes first, then its record.
      if (method !== 'swapRegister' || !key.startsWith('h/') || when !== 'after' || ++swaps !== 2) return;
      await write(other.session(), MANY);
      throw lost();
    };
    await expect(session.mkdir(['d'])).rejects.toMatchObject({ code: 'unavailable' });
    expect((await other.check()).problems).toEqual([]);
    await other.session().write(['d', 'f'], text('x'));
  });
});

describe('a change whose swap may still arrive', () => {
  it('is not refused when the store has no room for the second attempt', async () => {
    const late: LateStore[] = [];
    const { open, other } = await two((store) => {
      late.push(new LateStore(store));
      return late[0] as LateStore;
    });
    const session = (await open()).session();
    const slow = late[0] as LateStore;
    slow.plan = (swap) => (swap === 0 ? 'late' : new StoreError('no-space', 'full'));
    const told = await session.write(['f'], text('x')).catch((error) => error.code);
    await slow.arrive();
    // Only an answer that leaves it open is true of what then happens.
    expect(await collect(other.read(['f']))).toEqual(text('x'));
    expect(told).toBe('unavailable');
  });

  it('is refused once the head has changed, because then it cannot arrive', async () => {
    const late: LateStore[] = [];
    const { open, other } = await two((store) => {
      late.push(new LateStore(store));
      return late[0] as LateStore;
    });
    const session = (await open()).session();
    const slow = late[0] as LateStore;
    slow.plan = (swap) => (swap === 0 ? 'late' : new StoreError('no-space', 'full'));
    slow.meanwhile = () => other.write(['g'], text('y')).then(() => undefined);
    await expect(session.write(['f'], text('x'))).rejects.toMatchObject({ code: 'no-space' });
    await expect(slow.arrive()).rejects.toMatchObject({ code: 'conflict' });
  });

  it('is not begun anew, nor refused because of what has changed elsewhere', async () => {
    const late: LateStore[] = [];
    const { open, other } = await two((store) => {
      late.push(new LateStore(store));
      return late[0] as LateStore;
    });
    const session = (await open()).session();
    const slow = late[0] as LateStore;
    await other.mkdir(['p', 'd'], { recursive: true });
    slow.plan = (swap) => (swap === 0 ? 'late' : undefined);
    // Another name in the same parent: the head of the directory that is being removed stays as it is.
    slow.meanwhile = () => other.rename(['p', 'd'], ['p', 'e']);
    const told = await session.rmdir(['p', 'd']).catch((error) => error.code);
    await slow.arrive();
    await expect(other.stat(['p', 'e'])).rejects.toMatchObject({ code: 'not-found' });
    expect(told).toBe('unavailable');
  });

  it('is made once when it does arrive', async () => {
    const late: LateStore[] = [];
    const { open, other } = await two((store) => {
      late.push(new LateStore(store));
      return late[0] as LateStore;
    });
    const vault = await open();
    const slow = late[0] as LateStore;
    await other.write(['f'], text('1'));
    slow.plan = (swap) => (swap === 0 ? 'late' : undefined);
    slow.meanwhile = async () => {
      slow.plan = undefined;
      await slow.arrive();
    };
    await vault.session().write(['f'], text('2'));
    expect(await collect(other.read(['f']))).toEqual(text('2'));
  });
});
