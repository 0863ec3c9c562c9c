import { MemoryStore } from '@latchkey/store';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Vault, VaultSession } from '../src/index.js';
import { collect, text } from './fresh-vault.js';
import { HookedStore, type HookPoint, lost } from './hooked-store.js';
import { LateStore } from './late-store.js';
import { emptyVault, type OpenVault } from './template.js';

afterEach(() => {
  vi.useRealTimers();
});

/** Longer than anybody waits for a mover that says nothing. */
const SILENCE = 31_000;

function later(milliseconds: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + milliseconds });
}

interface World {
  readonly store: MemoryStore;
  readonly open: OpenVault;
  readonly vault: Vault;
  readonly session: VaultSession;
}

async function world(...paths: string[]): Promise<World> {
  const store = new MemoryStore({ now: () => Date.now() });
  const open = await emptyVault(store);
  const vault = await open();
  const session = vault.session();
  for (const path of paths) await session.mkdir(path.split('/'), { recursive: true });
  return { store, open, vault, session };
}

/** The register of the directory's head: the one that a change in it swaps. */
async function headOf({ store, session }: World, path: string): Promise<string> {
  const before = store.snapshot().objects;
  await session.write([...path.split('/'), 'precious'], text(path));
  for (const [key, object] of store.snapshot().objects)
    if (key.startsWith('h/') && before.get(key)?.etag !== object.etag) return key;
  throw new Error('no head changed');
}

const swapOf =
  (key: string) =>
  ({ method, key: other, when }: HookPoint): boolean =>
    method === 'swapRegister' && other === key && when === 'before';

/** A mover that has made sure of the register, and then sleeps before it swaps the head that it moves. */
async function slowMover(
  world: World,
  from: string,
  to: string,
): Promise<{ release: () => void; done: Promise<unknown> }> {
  const child = await headOf(world, from);
  const slow = new HookedStore(world.store);
  const session = (await world.open(slow)).session();
  const gate = slow.stopAt(swapOf(child));
  const done = session.rename(from.split('/'), to.split('/')).then(
    () => 'moved',
    (error: unknown) => (error as { code: string }).code,
  );
  await gate.reached;
  return { release: gate.release, done };
}

/** A mover that dies as soon as it has the register. */
async function dyingMover(world: World, from: string, to: string): Promise<void> {
  const store = new HookedStore(world.store);
  let dead = false;
  store.hook = ({ method, key, when }) => {
    if (dead) throw lost();
    if (method === 'swapRegister' && key === 'm' && when === 'after') {
      dead = true;
      throw lost();
    }
  };
  const session = (await world.open(store)).session();
  await expect(session.rename(from.split('/'), to.split('/'))).rejects.toMatchObject({ code: 'unavailable' });
  expect(dead).toBe(true);
}

async function expectWhole({ vault }: World): Promise<void> {
  expect((await vault.check({ readContent: true })).problems).toEqual([]);
}

/** The directory is at one of its two places, as somebody sees it who remembers nothing. */
async function expectOne(all: World): Promise<void> {
  const session = (await all.open()).session();
  const found = await Promise.allSettled(
    ['p', 'q'].map((top) => collect(session.read([top, 'd', 'precious']))),
  );
  expect(found.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  await expectWhole(all);
}

describe('a mover that was taken for dead', () => {
  it('is stopped by a later successor when the first one died before it could', async () => {
    const all = await world('d/s', 'e', 'x');
    const slow = await slowMover(all, 'd', 'e/d');
    later(SILENCE);
    await dyingMover(all, 'x', 'e/x');
    later(SILENCE);
    await all.session.rename(['e'], ['d', 's', 'e']);
    slow.release();
    expect(await slow.done).toBe('conflict');
    expect(await collect(all.session.read(['d', 'precious']))).toEqual(text('d'));
    expect(await all.session.stat(['d', 's', 'e'])).toMatchObject({ kind: 'directory' });
    await expectWhole(all);
  });

  it('is stopped however many successors died, and the register does not grow without end', async () => {
    const dead = Array.from({ length: 70 }, (_, index) => `x${index}`);
    const all = await world('d/s', 'e', ...dead);
    const slow = await slowMover(all, 'd', 'e/d');
    let longest = 0;
    for (const name of dead) {
      later(SILENCE);
      await dyingMover(all, name, `e/${name}`);
      longest = Math.max(longest, all.store.peek('m' as never)?.length ?? 0);
    }
    expect(longest).toBeLessThan(65 * 64 + 200);
    later(SILENCE);
    await all.session.rename(['e'], ['d', 's', 'e']);
    slow.release();
    expect(await slow.done).toBe('conflict');
    await expectWhole(all);
  }, 60_000);

  it('keeps the record that it put in the target until nobody can move the directory to it', async () => {
    const all = await world('p/d', 'q', 'x');
    const slow = await slowMover(all, 'p/d', 'q/d');
    later(SILENCE);
    await dyingMover(all, 'x', 'q/x');
    const other = (await all.open()).session();
    await expect(other.stat(['q', 'd'])).rejects.toMatchObject({ code: 'not-found' });
    await expect(other.mkdir(['q', 'd'])).rejects.toMatchObject({ code: 'conflict' });
    await expect(other.rmdir(['q'])).rejects.toMatchObject({ code: 'conflict' });
    slow.release();
    await slow.done;
    await expectOne(all);
  });

  it('leaves a name that can be used as soon as its silence counts as death', async () => {
    const all = await world('p/d', 'q', 'x');
    const child = await headOf(all, 'p/d');
    const store = new HookedStore(all.store);
    let dead = false;
    store.hook = (point) => {
      dead ||= swapOf(child)(point);
      if (dead) throw lost();
    };
    const session = (await all.open(store)).session();
    await expect(session.rename(['p', 'd'], ['q', 'd'])).rejects.toMatchObject({ code: 'unavailable' });
    await expect(all.session.mkdir(['q', 'd'])).rejects.toMatchObject({ code: 'conflict' });
    later(SILENCE);
    await vi.waitFor(() => all.session.mkdir(['q', 'd']), { timeout: 20_000, interval: 20 });
    expect(await collect(all.session.read(['p', 'd', 'precious']))).toEqual(text('p/d'));
    await expectWhole(all);
  });

  it('makes room for another one at the name where it left its record', async () => {
    const all = await world('p/d', 'q', 'y');
    const slow = await slowMover(all, 'p/d', 'q/d');
    later(SILENCE);
    await all.session.rename(['y'], ['q', 'd']);
    slow.release();
    expect(await slow.done).toBe('conflict');
    expect(await collect(all.session.read(['p', 'd', 'precious']))).toEqual(text('p/d'));
    expect(await all.session.stat(['q', 'd'])).toMatchObject({ kind: 'directory' });
    await expectWhole(all);
  });
});

describe('a mover that lost the register while it made room in the target', () => {
  it.each([
    ['another directory', 'y'],
    ['the same directory', 'p/d'],
  ])('leaves the record that its successor has put there for %s', async (_which, from) => {
    const all = await world('p/d', 'q', 'y');
    const target = await headOf(all, 'q');
    const child = await headOf(all, from);
    // The first one comes as far as the commit to the target, and sleeps.
    const slow = new HookedStore(all.store);
    const first = (await all.open(slow)).session();
    const atTarget = slow.stopAt(swapOf(target));
    const slept = first.rename(['p', 'd'], ['q', 'd']).then(
      () => 'moved',
      (error: unknown) => (error as { code: string }).code,
    );
    await atTarget.reached;
    later(SILENCE);
    // The second one comes as far as the swap that moves its directory.
    const other = new HookedStore(all.store);
    const second = (await all.open(other)).session();
    const atChild = other.stopAt(swapOf(child));
    // Its first swap of that head may be the fence.
    const moving = second.rename(from.split('/'), ['q', 'd']);
    await atChild.reached;
    if (from === 'p/d') {
      const relink = other.stopAt(swapOf(child));
      atChild.release();
      await relink.reached;
      atTarget.release();
      expect(await slept).toBe('conflict');
      relink.release();
    } else {
      atTarget.release();
      expect(await slept).toBe('conflict');
      atChild.release();
    }
    await moving;
    const session = (await all.open()).session();
    expect(await collect(session.read(['q', 'd', 'precious']))).toEqual(text(from));
    await expectWhole(all);
  });
});

describe('a swap of a moving directory that arrives late', () => {
  async function stuck(all: World): Promise<{ late: LateStore; moving: Promise<void> }> {
    const child = await headOf(all, 'p/d');
    const late = new LateStore(all.store);
    const session = (await all.open(late)).session();
    await session.stat(['p', 'd', 'precious']);
    late.holding = child;
    return { late, moving: session.rename(['p', 'd'], ['q', 'd']) };
  }

  it('finds the record that it leads to, because the register still names the directory', async () => {
    const all = await world('p/d', 'q');
    const { late, moving } = await stuck(all);
    await expect(moving).rejects.toMatchObject({ code: 'unavailable' });
    // Whoever meets the record takes nothing away.
    await expect(all.session.stat(['q', 'd'])).rejects.toMatchObject({ code: 'not-found' });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await late.arrive()).toBe(1);
    expect(await collect(all.session.read(['q', 'd', 'precious']))).toEqual(text('p/d'));
    await expectOne(all);
  });

  it('comes to nothing once a successor has been there', async () => {
    const all = await world('p/d', 'q', 'x');
    const { late, moving } = await stuck(all);
    await expect(moving).rejects.toMatchObject({ code: 'unavailable' });
    later(SILENCE);
    await all.session.rename(['x'], ['q', 'x']);
    expect(await late.arrive()).toBe(0);
    expect(await collect(all.session.read(['p', 'd', 'precious']))).toEqual(text('p/d'));
    await expectOne(all);
  });

  it('comes to nothing when its mover finds the register taken and gives up', async () => {
    const all = await world('p/d', 'q', 'x');
    const child = await headOf(all, 'p/d');
    const late = new LateStore(all.store);
    const session = (await all.open(late)).session();
    late.holding = child;
    late.onStuck = async () => {
      late.holding = undefined;
      later(SILENCE);
      await dyingMover(all, 'x', 'q/x');
    };
    await expect(session.rename(['p', 'd'], ['q', 'd'])).rejects.toMatchObject({
      code: expect.stringMatching(/conflict|unavailable/),
    });
    expect(await late.arrive()).toBe(0);
    expect(await collect(all.session.read(['p', 'd', 'precious']))).toEqual(text('p/d'));
    await expectOne(all);
  });
});
