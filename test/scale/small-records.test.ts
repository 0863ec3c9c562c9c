import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const RECORDS = process.env.LATCHKEY_TEST_LONG === '1' ? 1_000_000 : 50_000;
const MIB = 1024 * 1024;

interface Bill {
  readonly [method: string]: { readonly calls: number; readonly bytes: number };
}
interface Measured {
  readonly building: { readonly swaps: number };
  readonly costs: Readonly<Record<string, Bill>>;
  readonly manyWrites: Bill;
  /** Heads swapped for them. */
  readonly manyCommits: number;
  readonly spread: number;
  readonly listed: number;
  readonly memory: { readonly atStart: number; readonly peak: number };
}

const places: string[] = [];
afterAll(() => {
  for (const place of places) rmSync(place, { recursive: true, force: true });
});

async function measure(records: number): Promise<Measured> {
  const root = mkdtempSync(path.join(tmpdir(), 'latchkey-scale-'));
  places.push(root);
  const program = path.resolve(import.meta.dirname, 'measure.mjs');
  const args = ['--expose-gc', program, JSON.stringify({ root, records })];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: MIB });
  return JSON.parse(stdout) as Measured;
}

const calls = (bill: Bill | undefined, ...methods: string[]): number =>
  methods.reduce((sum, method) => sum + (bill?.[method]?.calls ?? 0), 0);
const bytes = (bill: Bill | undefined): number =>
  Object.values(bill ?? {}).reduce((sum, one) => sum + one.bytes, 0);

describe(`a directory of ${RECORDS} records, beside one of 1,000 and an empty one`, () => {
  let empty: Measured;
  let small: Measured;
  let large: Measured;
  beforeAll(
    async () => {
      empty = await measure(0);
      small = await measure(1000);
      large = await measure(RECORDS);
    },
    2 * RECORDS + 120_000,
  );

  it('holds them all, made in shared commits', () => {
    expect(small.listed).toBe(1000 + small.spread);
    expect(large.listed).toBe(RECORDS + large.spread);
    expect(large.building.swaps).toBeLessThan(RECORDS / 50);
  });

  it('opens at the cost of an empty one, to the byte', () => {
    expect(large.costs.open).toEqual(empty.costs.open);
    expect(calls(large.costs.open, 'readRegister')).toBe(2);
  });

  it.each(['stat', 'miss', 'list', 'listMiddle', 'read', 'write', 'rename', 'remove'])(
    '%s: the same registers as in an empty vault, and pages of one path down a shallow tree',
    (operation) => {
      const [none, few, many] = [empty, small, large].map((measured) => measured.costs[operation]);
      expect(calls(many, 'readRegister')).toBeLessThanOrEqual(
        Math.max(calls(none, 'readRegister'), calls(few, 'readRegister')),
      );
      expect(calls(many, 'swapRegister')).toBe(calls(few, 'swapRegister'));
      expect(calls(many, 'list', 'clock', 'freeSpace')).toBe(0);
      // A head and at most three pages, and for a listing the page that follows.
      expect(calls(many, 'getBlob') - calls(few, 'getBlob')).toBeLessThanOrEqual(3);
      expect(bytes(many) - bytes(few)).toBeLessThan(MIB);
    },
  );

  it('changes one register for a change, and takes a lease before the first', () => {
    expect(calls(large.costs.write, 'swapRegister')).toBe(2);
    expect(calls(large.costs.rename, 'swapRegister')).toBe(1);
    expect(calls(large.costs.remove, 'swapRegister')).toBe(1);
  });

  it('pays for many single writes, folding included, what a page for each would cost', () => {
    // Beside these there are only leases, which are renewed as time passes.
    expect(large.manyCommits).toBe(large.spread);
    expect(calls(large.manyWrites, 'putBlob') / large.spread).toBeLessThan(2);
    expect(bytes(large.manyWrites) / large.spread).toBeLessThan(256 * 1024);
  });

  it('stays within a fixed memory while it is made, listed and changed', () => {
    expect(large.memory.peak - large.memory.atStart).toBeLessThan(64 * MIB);
    expect(large.memory.peak - small.memory.peak).toBeLessThan(48 * MIB);
  });
});
