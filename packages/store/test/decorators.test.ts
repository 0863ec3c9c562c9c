import {
  CachingStore,
  type Fault,
  FaultyStore,
  ForwardingStore,
  LimitedStore,
  MemoryStore,
  MeteredStore,
  RetryingStore,
  type StoreLogEntry,
  seededRandom,
  storeKey,
  withLogging,
} from '@latchkey/store';
import { describeStore } from '@latchkey/store/conformance';
import { describe, expect, test } from 'vitest';

const decorated = {
  forwarding: (store: MemoryStore) => new ForwardingStore(store),
  retrying: (store: MemoryStore) => new RetryingStore(store),
  limited: (store: MemoryStore) => new LimitedStore(store, 3),
  metered: (store: MemoryStore) => new MeteredStore(store),
  logged: (store: MemoryStore) => withLogging(store, () => {}),
  caching: (store: MemoryStore) => new CachingStore(store, { budget: 1024 * 1024 }),
  'faulty without faults': (store: MemoryStore) => new FaultyStore(store),
  'retrying over faulty': (store: MemoryStore) =>
    new RetryingStore(new FaultyStore(store, { plan: beforeEveryThirdRead() }), {
      attempts: 50,
      sleep: async () => {},
    }),
};

function beforeEveryThirdRead(): (point: { method: string; index: number }) => Fault | undefined {
  return ({ method, index }) =>
    index % 3 === 0 && /get|read|list|clock/.test(method) ? 'before' : undefined;
}

for (const [name, decorate] of Object.entries(decorated)) {
  describeStore(`memory, ${name}`, async () => ({
    store: decorate(new MemoryStore()),
    cleanup: async () => {},
  }));
}

const key = storeKey('b/s/aa/x');
const other = storeKey('b/s/aa/y');
const register = storeKey('m');
const all = { offset: 0, length: 100 };
const three = Uint8Array.of(1, 2, 3);

describe('retrying', () => {
  function failing(times: number, method: string, fault: Fault = 'before') {
    const memory = new MemoryStore();
    const metered = new MeteredStore(memory);
    let left = times;
    const faulty = new FaultyStore(metered, {
      plan: (point) => (point.method === method && left-- > 0 ? fault : undefined),
    });
    const pauses: number[] = [];
    const store = new RetryingStore(faulty, {
      random: () => 0.5,
      sleep: async (milliseconds) => {
        pauses.push(milliseconds);
      },
    });
    return { store, faulty, metered, pauses };
  }

  test('pauses twice as long each time, up to the attempts', async () => {
    const { store, pauses } = failing(3, 'putBlob');
    await store.putBlob(key, three);
    expect(pauses).toEqual([50, 100, 200]);
    const hopeless = failing(9, 'putBlob');
    await expect(hopeless.store.putBlob(key, three)).rejects.toMatchObject({ code: 'unavailable' });
    expect(hopeless.faulty.injected).toBe(4);
  });

  test('keeps pauses under the cap', async () => {
    const pauses: number[] = [];
    const faulty = new FaultyStore(new MemoryStore(), { plan: () => 'before' });
    const sleep = async (milliseconds: number) => {
      pauses.push(milliseconds);
    };
    const store = new RetryingStore(faulty, { attempts: 8, baseMs: 10, capMs: 60, random: () => 1, sleep });
    await expect(store.clock()).rejects.toMatchObject({ code: 'unavailable' });
    expect(pauses).toEqual([10, 20, 40, 60, 60, 60, 60]);
  });

  test.each(['before', 'after'] as const)(
    'never repeats a swap that failed %s it was done',
    async (fault) => {
      const { store, faulty, pauses } = failing(1, 'swapRegister', fault);
      await expect(store.swapRegister(register, null, three)).rejects.toMatchObject({ code: 'unavailable' });
      expect(faulty.injected).toBe(1);
      expect(pauses).toEqual([]);
      expect((await store.readRegister(register)).status).toBe(fault === 'after' ? 'value' : 'absent');
    },
  );

  test('never repeats a put from a stream', async () => {
    const { store, metered, pauses } = failing(1, 'putBlob', 'after');
    const stream = async function* () {
      yield three;
    };
    await expect(store.putBlob(key, stream())).rejects.toMatchObject({ code: 'unavailable' });
    expect(pauses).toEqual([]);
    expect(metered.counts.putBlob.calls).toBe(1);
  });

  test('does not repeat what has another meaning than unavailable', async () => {
    const { store, metered, pauses } = failing(0, '');
    await expect(store.getBlob(key, all)).rejects.toMatchObject({ code: 'not-found' });
    expect(metered.counts.getBlob.calls).toBe(1);
    expect(pauses).toEqual([]);
  });
});

describe('limiting', () => {
  test('runs no more at once than allowed, in order of arrival, and frees places after failures', async () => {
    let running = 0;
    let most = 0;
    const order: number[] = [];
    class Slow extends ForwardingStore {
      override async getBlob(): Promise<Uint8Array> {
        running += 1;
        most = Math.max(most, running);
        const mine = order.push(order.length);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        if (mine % 3 === 0) throw new Error('failed');
        return three;
      }
    }
    const store = new LimitedStore(new Slow(new MemoryStore()), 4);
    const results = await Promise.allSettled(Array.from({ length: 30 }, () => store.getBlob(key, all)));
    expect(most).toBe(4);
    expect(results.map((result) => result.status === 'fulfilled')).toEqual(
      order.map((i) => (i + 1) % 3 !== 0),
    );
    expect(() => new LimitedStore(new MemoryStore(), 0)).toThrow(RangeError);
  });
});

describe('metering', () => {
  test('counts calls, bytes and failures by method', async () => {
    const store = new MeteredStore(new MemoryStore());
    await store.putBlob(key, three);
    await store.putBlob(
      other,
      (async function* () {
        yield three;
        yield three;
      })(),
    );
    await store.getBlob(key, { offset: 1, length: 100 });
    await expect(store.getBlob(storeKey('b/none'), all)).rejects.toThrow();
    const etag = await store.swapRegister(register, null, three);
    await store.readRegister(register, etag);
    await store.readRegister(register);
    for await (const _ of store.list('b/'));
    await store.delete([key, other]);
    expect(store.counts).toMatchObject({
      putBlob: { calls: 2, bytes: 9, failures: 0 },
      getBlob: { calls: 2, bytes: 2, failures: 1 },
      swapRegister: { calls: 1, bytes: 3, failures: 0 },
      readRegister: { calls: 2, bytes: 3, failures: 0 },
      list: { calls: 1, bytes: 2, failures: 0 },
      delete: { calls: 1, bytes: 0, failures: 0 },
      clock: { calls: 0, bytes: 0, failures: 0 },
    });
    expect(store.calls).toBe(9);
    expect(store.reset().putBlob.calls).toBe(2);
    expect(store.calls).toBe(0);
  });
});

describe('logging', () => {
  test('tells keys, sizes and codes, never content, and cannot fail an operation', async () => {
    const entries: StoreLogEntry[] = [];
    const store = withLogging(new MemoryStore(), (entry) => {
      entries.push(entry);
      throw new Error('the log is full');
    });
    await store.putBlob(key, new TextEncoder().encode('secret content'));
    await expect(store.getBlob(other, all)).rejects.toMatchObject({ code: 'not-found' });
    await store.delete([key, other]);
    const told = entries.map(({ milliseconds, ...rest }) => {
      expect(milliseconds).toBeGreaterThanOrEqual(0);
      return rest;
    });
    expect(told).toEqual([
      { method: 'putBlob', subject: key, bytes: 14 },
      { method: 'getBlob', subject: other, bytes: 0, code: 'not-found' },
      { method: 'delete', subject: '2', bytes: 0 },
    ]);
    expect(JSON.stringify(entries)).not.toContain('secret');
  });
});

describe('caching', () => {
  test('asks once for small ranges, gives copies, and stays within its budget', async () => {
    const metered = new MeteredStore(new MemoryStore());
    const store = new CachingStore(metered, { budget: 4000, largest: 1000 });
    await store.putBlob(key, new Uint8Array(2000).fill(7));
    for (let i = 0; i < 3; i += 1) (await store.getBlob(key, { offset: 0, length: 500 })).fill(0);
    expect(await store.getBlob(key, { offset: 0, length: 500 })).toEqual(new Uint8Array(500).fill(7));
    expect(metered.counts.getBlob.calls).toBe(1);
    await store.getBlob(key, { offset: 0, length: 1001 });
    await store.getBlob(key, { offset: 0, length: 1001 });
    expect(metered.counts.getBlob.calls).toBe(3);
    for (let offset = 0; offset < 1000; offset += 1) await store.getBlob(key, { offset, length: 100 });
    expect(store.used).toBeLessThanOrEqual(4000);
    expect(store.used).toBeGreaterThan(3000);
    await store.delete([key]);
    expect(store.used).toBe(0);
    await expect(store.getBlob(key, { offset: 999, length: 100 })).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  test('does not keep what was read before a deletion that came meanwhile', async () => {
    let answer = (): void => {};
    class Held extends ForwardingStore {
      override async getBlob(): Promise<Uint8Array> {
        await new Promise<void>((resolve) => {
          answer = resolve;
        });
        return three;
      }
    }
    const store = new CachingStore(new Held(new MemoryStore()), { budget: 4000 });
    const read = store.getBlob(key, all);
    await store.delete([key]);
    answer();
    await read;
    expect(store.used).toBe(0);
  });

  test('never keeps registers or absence', async () => {
    const metered = new MeteredStore(new MemoryStore());
    const store = new CachingStore(metered, { budget: 4000 });
    await expect(store.getBlob(key, all)).rejects.toThrow();
    await store.readRegister(register);
    await store.readRegister(register);
    await metered.putBlob(key, three);
    expect(await store.getBlob(key, all)).toEqual(three);
    expect(metered.counts.readRegister.calls).toBe(2);
  });
});

describe('faults', () => {
  async function run(seed: number): Promise<string[]> {
    const rates = { before: 0.1, after: 0.1, truncate: 0.1, delay: 0.05, drop: 0.05 };
    const store = new FaultyStore(new MemoryStore(), { seed, rates, delayMs: 0 });
    const outcomes: string[] = [];
    for (let i = 0; i < 200; i += 1) {
      store.reconnect();
      outcomes.push(await store.putBlob(storeKey(`b/${i}`), three).then(() => 'ok', String));
    }
    return outcomes;
  }

  test('repeat with the seed and differ without', async () => {
    const first = await run(7);
    expect(await run(7)).toEqual(first);
    expect(await run(8)).not.toEqual(first);
    expect(first.filter((outcome) => outcome !== 'ok').length).toBeGreaterThan(20);
    expect(first.filter((outcome) => outcome === 'ok').length).toBeGreaterThan(50);
  });

  function once(fault: Fault) {
    let armed = true;
    const memory = new MemoryStore();
    const plan = () => {
      const chosen = armed ? fault : undefined;
      armed = false;
      return chosen;
    };
    return { memory, store: new FaultyStore(memory, { plan }) };
  }

  test('before: nothing was done; after: it was', async () => {
    const before = once('before');
    await expect(before.store.swapRegister(register, null, three)).rejects.toMatchObject({
      code: 'unavailable',
    });
    expect(before.memory.peek(register)).toBeUndefined();
    const after = once('after');
    await expect(after.store.swapRegister(register, null, three)).rejects.toMatchObject({
      code: 'unavailable',
    });
    expect(after.memory.peek(register)).toEqual(three);
  });

  test('truncate: a put leaves nothing, a get answers less', async () => {
    for (const body of [three, [three, three]]) {
      const put = once('truncate');
      const stream = async function* () {
        yield* body as Uint8Array[];
      };
      const source = body instanceof Uint8Array ? body : stream();
      await expect(put.store.putBlob(key, source)).rejects.toMatchObject({ code: 'unavailable' });
      expect(put.memory.peek(key)).toBeUndefined();
    }
    const get = once('truncate');
    await get.memory.putBlob(key, three);
    expect(await get.store.getBlob(key, all)).toEqual(Uint8Array.of(1));
  });

  test('drop: everything fails until it is reconnected', async () => {
    const { store } = once('drop');
    await expect(store.clock()).rejects.toMatchObject({ code: 'unavailable' });
    await expect(store.putBlob(key, three)).rejects.toMatchObject({ code: 'unavailable' });
    expect(store.connected).toBe(false);
    store.reconnect();
    await store.putBlob(key, three);
    expect(store.injected).toBe(1);
  });

  test('pause while disabled', async () => {
    const store = new FaultyStore(new MemoryStore(), { plan: () => 'before' });
    store.enabled = false;
    await store.putBlob(key, three);
    store.enabled = true;
    await expect(store.getBlob(key, all)).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('the generator spreads over its range', () => {
    const random = seededRandom(3);
    const tenths = new Set(Array.from({ length: 1000 }, () => Math.floor(random() * 10)));
    expect([...tenths].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});
