import { FaultyStore, MemoryStore, StoreError, seededRandom } from '@latchkey/store';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VaultError, type VaultSession } from '../src/index.js';
import { expectSame } from './compare.js';
import { HookedStore } from './hooked-store.js';
import { type Operation, onModel, onVault, type Plan, pattern, plan, planned } from './operations.js';
import { allowed, copyOf, observed, picture } from './outcomes.js';
import { emptyVault } from './template.js';
import { ModelError, TreeModel } from './tree-model.js';

const RUNS = Number(process.env.LATCHKEY_PROPERTY_RUNS ?? 60);
/** An operation that has not ended after so many milliseconds counts as hanging. */
const HANGS_MS = 25_000;

/** Codes that leave open whether an operation was done, or say that it could not even be read. */
const UNSURE = new Set(['unavailable', 'conflict', 'damaged', 'stale']);

async function inTime<T>(work: Promise<T>, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} hangs`)), HANGS_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A look at a file whose move was cut off finishes the move, a moment later. */
async function observedAtRest(observer: VaultSession): Promise<TreeModel> {
  for (let seen = await observed(observer); ; ) {
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    const again = await observed(observer);
    if (picture(again) === picture(seen)) return again;
    seen = again;
  }
}

/** One operation under faults. Returns the model of what stands afterwards, which must be one of those allowed. */
async function step(
  session: VaultSession,
  observer: VaultSession,
  faulty: FaultyStore,
  model: TreeModel,
  one: Operation,
): Promise<TreeModel> {
  const after = copyOf(model);
  let expected: unknown;
  let refusal: string | undefined;
  try {
    expected = onModel(after, one);
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    refusal = error.code;
  }
  faulty.enabled = true;
  let failure: unknown;
  let answer: unknown;
  try {
    answer = await inTime(onVault(session, one), JSON.stringify(one));
  } catch (error) {
    failure = error;
  } finally {
    faulty.enabled = false;
    faulty.reconnect();
  }
  if (failure === undefined) {
    expect(refusal).toBeUndefined();
    expect(answer).toEqual(expected);
    return after;
  }
  expect(failure).toBeInstanceOf(VaultError);
  const { code } = failure as VaultError;
  if (code === refusal) return model;
  expect(UNSURE).toContain(code);
  const seen = await observedAtRest(observer);
  expect(allowed(model, one)).toContain(picture(seen));
  return seen;
}

async function run(seed: number, steps: readonly Plan[]): Promise<number> {
  const store = new MemoryStore();
  const open = await emptyVault(store);
  const clean = await open(store);
  const faulty = new FaultyStore(store, {
    seed,
    rates: { before: 0.01, after: 0.02, truncate: 0.003, delay: 0.02, drop: 0.003 },
    delayMs: 1,
  });
  faulty.enabled = false;
  const contended = new HookedStore(faulty);
  const random = seededRandom(seed + 1);
  contended.hook = ({ method, key, when }) => {
    if (!faulty.enabled || method !== 'swapRegister' || when === 'after' || random() > 0.05) return;
    throw new StoreError('conflict', `another writer was faster at ${key}`);
  };
  const vault = await open(contended, { cacheBytes: 1024 * 1024 });
  const session = vault.session();
  const observer = clean.session();
  let model = new TreeModel();
  model.makeAll(['a']);
  await observer.mkdir(['a']);
  // Enough names for pages: the operations that follow fold their changes into them.
  const prepared = Array.from({ length: 150 }, (_, index) => ['a', `n${index}`]);
  for (const path of prepared) model.write(path, pattern(3, 0));
  await Promise.all(prepared.map((path) => observer.write(path, pattern(3, 0))));
  for (const one of steps) model = await step(session, observer, faulty, model, planned(model, one));
  expect(picture(await observed(session))).toBe(picture(model));
  await expectSame(observer, model);
  expect((await clean.check({ readContent: true })).problems).toEqual([]);
  await vault.close();
  await clean.close();
  const again = await open(store);
  expect((await again.gc()).reason).toBeUndefined();
  await expectSame(again.session(), model);
  expect((await again.check({ readContent: true })).problems).toEqual([]);
  await again.close();
  return faulty.injected;
}

describe('a vault on a store that fails', () => {
  it('does each operation wholly or not at all, and keeps what it acknowledged', async () => {
    let injected = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.array(
          plan.filter(({ op }) => op !== 'many'),
          { minLength: 20, maxLength: 60, size: 'max' },
        ),
        async (seed, chosen) => {
          injected += await run(seed, chosen);
        },
      ),
      { numRuns: Math.ceil(RUNS / 2) },
    );
    expect(injected).toBeGreaterThan(RUNS);
  }, 600_000);
});
