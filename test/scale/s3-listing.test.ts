import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const OBJECTS = process.env.LATCHKEY_TEST_LONG === '1' ? 1_000_000 : 8_000;
/** A directory has 500 objects, so that a page is in three of them at most. */
const DIRECTORIES = OBJECTS / 1000;
const KIB = 1024;
const PAGE = 1000;
/** For a page of keys: registers, a head and the records of as many keys, of each directory that it touches. */
const MAX_CALLS = 32;
const MAX_BYTES = 640 * KIB;

interface Cost {
  readonly keys: number;
  readonly prefixes: number;
  readonly calls: number;
  readonly bytes: number;
}
interface Measured {
  readonly costs: Readonly<Record<string, Cost>>;
  readonly listing: {
    readonly keys: number;
    readonly pages: number;
    readonly ordered: boolean;
    readonly mostCalls: number;
    readonly mostBytes: number;
    readonly memory: readonly number[];
  };
}

const root = mkdtempSync(path.join(tmpdir(), 'latchkey-scale-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe(`a bucket of ${OBJECTS} objects, listed through S3`, () => {
  let measured: Measured;
  beforeAll(
    async () => {
      const program = path.resolve(import.meta.dirname, 'measure-s3.mjs');
      const choices = JSON.stringify({ root, objects: OBJECTS, directories: DIRECTORIES });
      const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', program, choices]);
      measured = JSON.parse(stdout) as Measured;
    },
    4 * OBJECTS + 120_000,
  );

  it('is listed whole, in the order of bytes, in full pages', () => {
    const { keys, pages, ordered } = measured.listing;
    // Directories that somebody has made are keys, too, and so is the one that they are in.
    expect(keys).toBe(OBJECTS + DIRECTORIES + 1);
    expect(pages).toBe(Math.ceil(keys / PAGE));
    expect(ordered).toBe(true);
  });

  it('costs the same work of the store on each page', () => {
    expect(measured.listing.mostCalls).toBeLessThan(MAX_CALLS);
    expect(measured.listing.mostBytes).toBeLessThan(MAX_BYTES);
  });

  it.each(['first', 'middle', 'deep', 'rolledUp'])('costs a page wherever it begins: %s', (where) => {
    const cost = measured.costs[where];
    expect((cost?.keys ?? 0) + (cost?.prefixes ?? 0)).toBe(PAGE);
    expect(cost?.calls).toBeLessThan(MAX_CALLS);
    expect(cost?.bytes).toBeLessThan(MAX_BYTES);
  });

  it('does not look into directories that are rolled up', () => {
    const cost = measured.costs.prefixes;
    expect(cost?.prefixes).toBe(Math.min(DIRECTORIES, PAGE - 1));
    expect(cost?.calls).toBeLessThan(MAX_CALLS);
    expect(cost?.bytes).toBeLessThan(MAX_BYTES);
  });

  it('holds no more memory at the end than in the middle', () => {
    const { memory } = measured.listing;
    const half = memory.length >> 1;
    const growth = Math.max(...memory.slice(half)) - Math.max(...memory.slice(0, half));
    expect(growth).toBeLessThan(16 * KIB * KIB);
    expect(Math.max(...memory) - (memory[0] ?? 0)).toBeLessThan(64 * KIB * KIB);
  });
});
