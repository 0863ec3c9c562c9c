import { ForwardingStore, type ListedObject, MemoryStore, type Store, type StoreKey } from '@latchkey/store';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ObjectSession, Vault, VaultSession, VaultSettings } from '../src/index.js';
import { collect, text } from './fresh-vault.js';
import { HookedStore, lost } from './hooked-store.js';
import { emptyVault } from './template.js';

afterEach(() => {
  vi.useRealTimers();
});

const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;

function version(number: number): Uint8Array {
  return new Uint8Array(5000).fill(number);
}

function later(milliseconds: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + milliseconds });
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

async function stored(store: Store, prefix: string): Promise<StoreKey[]> {
  const found: StoreKey[] = [];
  for await (const { key } of store.list(prefix)) found.push(key);
  return found;
}

interface Sleeper {
  readonly store: MemoryStore;
  readonly hooked: HookedStore;
  readonly vault: Vault;
  readonly session: ObjectSession;
  readonly open: (through?: Store, settings?: VaultSettings) => Promise<Vault>;
  /** Whoever swaps a head next sleeps for a day before the swap arrives, and `meanwhile` happens. */
  sleepInNextCommit(meanwhile: () => Promise<void>): void;
}

async function sleeper(settings: VaultSettings = {}): Promise<Sleeper> {
  const store = new MemoryStore({ now: () => Date.now() });
  const open = await emptyVault(store);
  const hooked = new HookedStore(store);
  const vault = await open(hooked, settings);
  const sleepInNextCommit = (meanwhile: () => Promise<void>): void => {
    let slept = false;
    hooked.hook = async ({ method, key, when }) => {
      if (slept || method !== 'swapRegister' || !key.startsWith('h/') || when !== 'before') return;
      slept = true;
      later(DAY + HOUR);
      await meanwhile();
    };
  };
  return { store, hooked, vault, session: vault.session(), open, sleepInNextCommit };
}

/** A collection that has marked, and is stopped on its way to the first blob that it deletes. */
async function stoppedSweep(
  open: Sleeper['open'],
  store: Store,
): Promise<{ finish: () => Promise<void>; reached: Promise<void> }> {
  const hooked = new HookedStore(store);
  const vault = await open(hooked);
  const gate = hooked.stopAt(({ method, key }) => method === 'delete' && key.startsWith('b/'));
  const collecting = vault.gc();
  const finish = async (): Promise<void> => {
    gate.release();
    expect((await collecting).deleted).toBeGreaterThan(0);
    expect((await vault.check({ readContent: true })).problems).toEqual([]);
  };
  return { finish, reached: gate.reached };
}

async function collectAll(open: Sleeper['open']): Promise<void> {
  const vault = await open();
  expect((await vault.gc()).reason).toBeUndefined();
  await vault.close();
}

/** A file of so many segments that its record refers to them through a map. */
async function writeFragmented(session: VaultSession, name: string, number: number): Promise<void> {
  const handle = await session.open([name], { write: true, create: true, read: true });
  for (let index = 0; index < 12; index++) {
    await handle.write(index * 5000, version(number + index));
    await handle.read(index * 5000, 1);
  }
  await handle.close();
}

describe('a session that was declared dead while its commit was on its way', () => {
  it.each([
    ['one segment', (session: VaultSession) => session.write(['f'], version(2))],
    ['a map of segments', (session: VaultSession) => writeFragmented(session, 'f', 2)],
    [
      'an appendix',
      (session: ObjectSession) =>
        session.writeObject(['f'], version(2), { describe: () => ({ appendix: version(7) }) }),
    ],
    [
      'an appendix without bytes',
      (session: ObjectSession) =>
        session.writeObject(['f'], version(2), { describe: () => ({ appendix: new Uint8Array(0) }) }),
    ],
  ])('writes what it committed again before it answers: %s', async (_what, write) => {
    const { store, session, open, sleepInNextCommit } = await sleeper();
    await session.write(['f'], version(1));
    let sweep: Awaited<ReturnType<typeof stoppedSweep>> | undefined;
    sleepInNextCommit(async () => {
      sweep = await stoppedSweep(open, store);
      await sweep.reached;
    });
    await write(session);
    await sweep?.finish();
    const reader = (await open()).session();
    const bytes = await collect(reader.read(['f']));
    expect(bytes.subarray(0, 5000)).toEqual(version(2));
    expect(bytes.subarray(-5000)).toEqual(version(bytes.length === 5000 ? 2 : 13));
    const { appendix } = await reader.statObject(['f']);
    if (appendix !== undefined)
      expect(await reader.readAppendix(appendix)).toEqual(version(7).subarray(0, appendix.size));
  });

  it('does so too when the answer to the swap was lost', async () => {
    const { store, hooked, session, open, sleepInNextCommit } = await sleeper();
    let sweep: Awaited<ReturnType<typeof stoppedSweep>> | undefined;
    sleepInNextCommit(async () => {
      sweep = await stoppedSweep(open, store);
      await sweep.reached;
    });
    const sleep = hooked.hook;
    let answers = 0;
    hooked.hook = async (point) => {
      await sleep?.(point);
      const { method, key, when } = point;
      if (method === 'swapRegister' && key.startsWith('h/') && when === 'after' && answers++ === 0)
        throw lost();
    };
    await session.write(['f'], version(2));
    await sweep?.finish();
    expect(await collect((await open()).session().read(['f']))).toEqual(version(2));
  });

  it('puts the old version back when the new one has been swept already', async () => {
    const { store, session, open, sleepInNextCommit } = await sleeper({ graceSeconds: 0 });
    await session.write(['f'], version(1));
    await writeFragmented(session, 'g', 20);
    for (const name of ['f', 'g']) {
      sleepInNextCommit(() => collectAll(open));
      await expect(session.write([name], version(2))).rejects.toMatchObject({ code: 'unavailable' });
    }
    // What stands again is no longer released: later commits and collections leave it alone.
    later(3000);
    await session.write(['other'], text('x'));
    await settled();
    later(3 * DAY);
    await collectAll(open);
    const reader = (await open()).session();
    expect(await collect(reader.read(['f']))).toEqual(version(1));
    expect((await collect(reader.read(['g']))).length).toBe(60_000);
    expect((await (await open()).check({ readContent: true })).problems).toEqual([]);
    // One segment, and twelve with their map.
    expect(await stored(store, 'b/')).toHaveLength(14);
  });

  it('takes back only what was appended', async () => {
    const { vault, session, open, sleepInNextCommit } = await sleeper({ graceSeconds: 0 });
    await session.write(['f'], version(1));
    const handle = await session.open(['f'], { write: true, append: true });
    await handle.write(0, version(2));
    sleepInNextCommit(() => collectAll(open));
    await expect(handle.close()).rejects.toMatchObject({ code: 'unavailable' });
    expect(await collect((await open()).session().read(['f']))).toEqual(version(1));
    later(3000);
    await session.write(['other'], text('x'));
    await settled();
    expect((await vault.check({ readContent: true })).problems).toEqual([]);
  });

  it('writes the whole of an appended file again that an older dead session began', async () => {
    const { store, session, open, sleepInNextCommit } = await sleeper();
    await session.write(['f'], version(1));
    const handle = await session.open(['f'], { write: true, append: true });
    await handle.write(0, version(2));
    let sweep: Awaited<ReturnType<typeof stoppedSweep>> | undefined;
    sleepInNextCommit(async () => {
      sweep = await stoppedSweep(open, store);
      await sweep.reached;
    });
    await handle.close();
    await sweep?.finish();
    expect((await collect((await open()).session().read(['f']))).subarray(5000)).toEqual(version(2));
  });

  it('leaves a record that check names when the old version has gone, too', async () => {
    const { hooked, vault, session, open, sleepInNextCommit } = await sleeper({ graceSeconds: 0 });
    await session.write(['f'], version(1));
    const other = (await open(undefined, { graceSeconds: 0 })).session();
    sleepInNextCommit(() => collectAll(open));
    const sleep = hooked.hook;
    let answered = false;
    hooked.hook = async (point) => {
      await sleep?.(point);
      if (answered || point.method !== 'swapRegister' || point.when !== 'after') return;
      answered = true;
      later(3000);
      await other.write(['other'], text('x'));
      await settled();
    };
    const longer = new Uint8Array(6000).fill(2);
    await expect(session.write(['f'], longer)).rejects.toMatchObject({ code: 'unavailable' });
    expect(await session.stat(['f'])).toMatchObject({ size: 6000 });
    expect((await vault.check()).problems.map(({ path }) => path)).toEqual(['/f']);
    await session.write(['f'], version(3));
    expect(await collect(other.read(['f']))).toEqual(version(3));
  });

  it('takes a new name back that leads to nothing', async () => {
    const { session, vault, open, sleepInNextCommit } = await sleeper();
    await session.write(['other'], version(1));
    sleepInNextCommit(() => collectAll(open));
    await expect(writeFragmented(session, 'f', 1)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(session.stat(['f'])).rejects.toMatchObject({ code: 'not-found' });
    expect((await vault.check({ readContent: true })).problems).toEqual([]);
  });

  it('takes back only the changes whose content is gone', async () => {
    const { hooked, vault, session, open, sleepInNextCommit } = await sleeper();
    await session.write(['big'], version(1));
    const gate = hooked.stopAt(
      ({ method, key, when }) => method === 'swapRegister' && key.startsWith('h/') && when === 'before',
    );
    const first = session.write(['first'], text('x'));
    await gate.reached;
    const together = Promise.allSettled([
      session.write(['small'], text('y')),
      session.write(['big'], version(2)),
      session.remove(['first']).catch((error) => error.code),
    ]);
    await settled();
    gate.release();
    await first;
    sleepInNextCommit(() => collectAll(open));
    expect((await together).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await collect(session.read(['small']))).toEqual(text('y'));
    expect(await collect(session.read(['big']))).toEqual(version(1));
    await expect(session.stat(['first'])).rejects.toMatchObject({ code: 'not-found' });
    expect((await vault.check({ readContent: true })).problems).toEqual([]);
  });

  it('does without the pages that the commit installed', async () => {
    const { vault, session, open, sleepInNextCommit } = await sleeper();
    const names = Array.from({ length: 400 }, (_, index) => `f${index}`);
    for (const part of [names.slice(0, 250), names.slice(250)]) {
      await Promise.all(part.map((name) => session.write([name], text(name))));
      await settled();
      sleepInNextCommit(() => collectAll(open));
      await session.write(['last'], text('x'));
      expect((await vault.check({ readContent: true })).problems).toEqual([]);
    }
    const reader = (await open()).session();
    for (const name of ['f0', 'f249', 'f399']) expect(await collect(reader.read([name]))).toEqual(text(name));
    let listed = 0;
    for await (const _ of reader.entries([])) listed++;
    expect(listed).toBe(401);
  });
});

/** Shows the lease of one session only, so that no other is declared dead. */
class OneLease extends ForwardingStore {
  readonly #lease: string;

  constructor(inner: Store, lease: string) {
    super(inner);
    this.#lease = lease;
  }

  override async *list(prefix: string): AsyncIterable<ListedObject> {
    for await (const one of super.list(prefix))
      if (!one.key.startsWith('w/') || one.key === this.#lease) yield one;
  }
}

/** Lets time pass as it does for a program that is awake: its timers run. */
async function awake(hours: number): Promise<void> {
  for (let hour = 0; hour < hours; hour++) await vi.advanceTimersByTimeAsync(HOUR);
}

describe('a program that has written under several sessions', () => {
  it('proves all that a file was written under, not only the newest', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'] });
    const { store, hooked, session, open } = await sleeper();
    const handle = await session.open(['long'], { write: true, read: true, create: true });
    await handle.write(0, version(1));
    await handle.read(0, 1);
    const [first] = await stored(store, 'w/');
    await awake(26);
    await session.write(['x'], version(3));
    expect(await stored(store, 'w/')).toHaveLength(2);
    await handle.write(5000, version(2));
    let slept = false;
    let finish = async (): Promise<void> => undefined;
    hooked.hook = async ({ method, key, when }) => {
      if (slept || method !== 'swapRegister' || !key.startsWith('h/') || when !== 'before') return;
      slept = true;
      vi.setSystemTime(Date.now() + DAY + HOUR);
      const sweep = await stoppedSweep(open, new OneLease(store, first as string));
      await sweep.reached;
      finish = sweep.finish;
    };
    await handle.close();
    await finish();
    const bytes = await collect((await open()).session().read(['long']));
    expect(bytes.subarray(0, 5000)).toEqual(version(1));
    expect(bytes.subarray(5000)).toEqual(version(2));
  });

  it('installs no pages that lay about until their session had lapsed', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'] });
    const { vault, session, open } = await sleeper();
    await Promise.all(Array.from({ length: 200 }, (_, index) => session.write([`f${index}`], text('x'))));
    await settled();
    await awake(80);
    await collectAll(open);
    await session.write(['last'], text('x'));
    expect((await vault.check({ readContent: true })).problems).toEqual([]);
    expect((await (await open()).session().list([], { limit: 1000 })).entries).toHaveLength(201);
  });
});
