import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const LONG = process.env.LATCHKEY_TEST_LONG === '1';
const OBJECTS = LONG ? 1_000_000 : 8_000;
const KIB = 1024;
const MIB = KIB * KIB;
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

async function run<T>(program: string, choices: object): Promise<T> {
  const file = path.resolve(import.meta.dirname, program);
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--expose-gc',
    file,
    JSON.stringify(choices),
  ]);
  return JSON.parse(stdout) as T;
}

/** Half of the objects in directories of 500, so that a page is in three of them at most; or none in any. */
describe.each([
  { shape: 'a half of them in directories', directories: OBJECTS / 1000 },
  { shape: 'all in one directory', directories: 0 },
])(`a bucket of ${OBJECTS} objects, $shape, listed through S3`, ({ directories }) => {
  const root = mkdtempSync(path.join(tmpdir(), 'latchkey-scale-'));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  let built: { words: string; memory: readonly number[] };
  let measured: Measured;

  beforeAll(
    async () => {
      const bucket = { root, objects: OBJECTS, directories };
      built = await run('build-bucket.mjs', bucket);
      measured = await run('measure-s3.mjs', { ...bucket, words: built.words });
      if (LONG) process.stdout.write(`${summary(built.memory, measured)}\n`);
    },
    4 * OBJECTS + 120_000,
  );

  it('was made in memory that does not grow with it', () => {
    expect(growth(built.memory)).toBeLessThan(16 * MIB);
  });

  it('is listed whole, in the order of bytes, in full pages', () => {
    const { keys, pages, ordered } = measured.listing;
    // Directories that somebody has made are keys, too, and so is the one that they are in.
    expect(keys).toBe(OBJECTS + directories + Math.sign(directories));
    expect(pages).toBe(Math.ceil(keys / PAGE));
    expect(ordered).toBe(true);
  });

  it('costs the same work of the store on each page', () => {
    expect(measured.listing.mostCalls).toBeLessThan(MAX_CALLS);
    expect(measured.listing.mostBytes).toBeLessThan(MAX_BYTES);
  });

  it.each(['first', 'middle', 'rolledUp', ...(directories === 0 ? [] : ['deep'])])(
    'costs a page wherever it begins: %s',
    (where) => {
      const cost = measured.costs[where];
      expect((cost?.keys ?? 0) + (cost?.prefixes ?? 0)).toBe(PAGE);
      expect(cost?.calls).toBeLessThan(MAX_CALLS);
      expect(cost?.bytes).toBeLessThan(MAX_BYTES);
    },
  );

  it('does not look at what is rolled up', () => {
    const { together, prefixes } = measured.costs;
    expect(together).toMatchObject({ keys: 0, prefixes: 1 });
    expect(prefixes?.prefixes ?? 0).toBe(Math.min(directories, PAGE - 1));
    for (const cost of [together, prefixes]) {
      expect(cost?.calls ?? 0).toBeLessThan(MAX_CALLS);
      expect(cost?.bytes ?? 0).toBeLessThan(MAX_BYTES);
    }
  });

  it('holds no more memory at the end than in the middle', () => {
    const { memory } = measured.listing;
    expect(growth(memory)).toBeLessThan(16 * MIB);
    expect(Math.max(...memory) - (memory[0] ?? 0)).toBeLessThan(64 * MIB);
  });
});

/** What the second half took at most, less what the first did. */
function growth(memory: readonly number[]): number {
  const half = memory.length >> 1;
  return Math.max(...memory.slice(half)) - Math.max(...memory.slice(0, half));
}

function summary(building: readonly number[], { costs, listing }: Measured): string {
  const { memory, ...figures } = listing;
  const mib = (bytes: number): number => Math.round(bytes / MIB);
  const at = [0.1, 0.5, 1].map((part) => mib(memory[Math.floor(part * (memory.length - 1))] ?? 0));
  return JSON.stringify({
    building: building.map(mib),
    costs,
    ...figures,
    memory: at,
    most: mib(Math.max(...memory)),
  });
}
