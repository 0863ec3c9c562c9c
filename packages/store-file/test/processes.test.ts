/** Several processes on one store, and processes that are killed. They run the built package. */
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type StoreKey, seededRandom, storeKey } from '@latchkey/store';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { freshDirectory, openStore, processScript } from './medium.js';

const long = process.env.LATCHKEY_TEST_LONG !== undefined;

vi.setConfig({ testTimeout: long ? 900_000 : 60_000 });

let folder: ReturnType<typeof freshDirectory>;
let root: string;
beforeEach(() => {
  folder = freshDirectory();
  root = join(folder.path, 'store');
});
afterEach(() => folder.remove());

describe('several processes', () => {
  test.each([
    ['relaxed', 'detect', 'detect'],
    ['full', 'detect', 'detect'],
    ['relaxed', 'directory', 'directory'],
    ['relaxed', 'detect', 'directory'],
  ])('lose no step of a counter: %s, %s and %s', async (durability, odd, even) => {
    const store = await openStore(root, { reserveBytes: 0 });
    await store.swapRegister(storeKey('h/counter'), null, new TextEncoder().encode('{"total":0,"by":{}}'));
    const steps = (long ? 4 : 1) * (durability === 'full' ? 40 : 200);
    const names = ['a', 'b', 'c', 'd'];
    const script = processScript('contender.mjs');
    const contenders = names.map((name, i) =>
      spawn(process.execPath, [script, root, name, String(steps), durability, i % 2 === 0 ? even : odd], {
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
    );
    await Promise.all(contenders.map((contender) => once(contender.stdout, 'data')));
    const exits = contenders.map((contender) => once(contender, 'exit'));
    for (const contender of contenders) contender.stdin.end('go');
    for (const exit of exits) expect((await exit)[0]).toBe(0);
    const state = await store.readRegister(storeKey('h/counter'));
    if (state.status !== 'value') throw new Error(state.status);
    const { total, by } = JSON.parse(new TextDecoder().decode(state.bytes));
    expect(by).toEqual({ a: steps, b: steps, c: steps, d: steps });
    expect(total).toBe(names.length * steps);
    expect(readdirSync(join(root, 'tmp'))).toEqual([]);
    await store.close();
  });
});

describe('a process killed while it writes', () => {
  test.each(['relaxed', 'full'] as const)(
    'leaves what it acknowledged and nothing torn: %s',
    async (durability) => {
      const random = seededRandom(durability.length);
      const store = await openStore(root, { reserveBytes: 0 });
      let acknowledged = 0;
      for (let round = 0; round < (long ? 50 : 5); round += 1) {
        const victim = spawn(
          process.execPath,
          [processScript('victim.mjs'), root, String(acknowledged + 1), durability],
          {
            stdio: ['ignore', 'pipe', 'inherit'],
          },
        );
        const exit = once(victim, 'exit');
        const first = acknowledged + 1;
        const doomedAfter = acknowledged + 2 + Math.floor(random() * 12);
        for await (const line of createInterface({ input: victim.stdout })) {
          acknowledged = Number(line);
          // A little later, so that the kill falls anywhere within the next put and swap.
          if (acknowledged === doomedAfter) setTimeout(() => victim.kill('SIGKILL'), random() * 15);
        }
        expect((await exit)[1]).toBe('SIGKILL');

        const state = await store.readRegister(storeKey('h/progress'));
        if (state.status !== 'value') throw new Error(state.status);
        const number = Number(new TextDecoder().decode(state.bytes.subarray(0, 8)));
        expect([acknowledged, acknowledged + 1]).toContain(number);
        const value = String(number).padStart(8, '0').repeat(1000);
        expect(new TextDecoder().decode(state.bytes)).toBe(value.slice(0, 1000 + number));
        const found = new Set<number>();
        const keys: StoreKey[] = [];
        for await (const { key, size } of store.list('b/')) {
          const blob = await store.getBlob(key, { offset: 0, length: size });
          const hash = createHash('sha256').update(blob.subarray(32)).digest('hex');
          expect(hash, key).toBe(Buffer.from(blob.subarray(0, 32)).toString('hex'));
          expect([20_032, 3_000_032]).toContain(size);
          found.add(Number(key.split('-')[1]));
          keys.push(key);
        }
        for (let i = first; i <= acknowledged; i += 1) expect(found).toContain(i);
        // Looked at once: the next round has its own.
        await store.delete(keys);
        acknowledged = number;
      }
      await store.close();

      for (const name of readdirSync(join(root, 'tmp'))) utimesSync(join(root, 'tmp', name), 0, 0);
      await (await openStore(root)).close();
      expect(readdirSync(join(root, 'tmp'))).toEqual([]);
    },
  );
});

describe.runIf(process.platform === 'linux')('what is waited for', () => {
  function witness(durability: string): Record<string, string[]> {
    const told = execFileSync(process.execPath, [processScript('witness.mjs'), root, durability], {
      encoding: 'utf8',
    });
    return JSON.parse(told);
  }

  test('full: contents are synced before they get their name, and names before the answer', () => {
    const report = witness('full');
    const parents = ['blobs', 'blobs/b', 'blobs/b/s', 'blobs/b/s/aa'].map((path) => `synced ${path}`);
    for (const name of ['small', 'large', 'stream']) {
      const calls = report[name]!;
      expect(calls.slice(0, 2)).toEqual(['synced tmp', `named blobs/b/s/aa/${name}`]);
      expect(calls.slice(2).sort()).toEqual(parents);
    }
    const chain = ['registers', 'registers/h', 'registers/h/ab@', 'registers/h/ab@/abcd'].map(
      (path) => `synced ${path}`,
    );
    expect(report.made!.slice(0, 3)).toEqual(['synced tmp', 'synced tmp', 'named registers/h/ab@/abcd']);
    expect(report.made!.slice(3).sort()).toEqual(chain);
    expect(report.swapped!.slice(0, 2)).toEqual(['synced tmp', 'named registers/h/ab@/abcd/@n']);
    expect(report.swapped!.slice(2).sort()).toEqual(chain);
  });

  test('full: puts at the same time share the syncs of their folder', () => {
    const calls = witness('full').together!;
    const count = (call: string) => calls.filter((each) => each === call).length;
    expect(count('synced tmp')).toBe(40);
    expect(count('synced blobs/b/s/aa')).toBeGreaterThan(0);
    expect(count('synced blobs/b/s/aa')).toBeLessThan(40);
    // The last name is followed by a sync of its folder.
    const lastName = calls.findLastIndex((call) => call.startsWith('named'));
    expect(calls.slice(lastName)).toContain('synced blobs/b/s/aa');
  });

  test('relaxed: nothing is synced but the names are given all the same', () => {
    const report = witness('relaxed');
    for (const calls of Object.values(report))
      expect(calls.filter((call) => call.startsWith('synced'))).toEqual([]);
    expect(report.swapped).toEqual(['named registers/h/ab@/abcd/@n']);
  });
});
