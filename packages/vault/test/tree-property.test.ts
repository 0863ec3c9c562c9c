import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryStore, type Store } from '@latchkey/store';
import { FileStore } from '@latchkey/store-file';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectSame } from './compare.js';
import { onBoth, type Plan, plan, planned } from './operations.js';
import { emptyVault } from './template.js';
import { TreeModel } from './tree-model.js';

/** More of them, for a night, by LATCHKEY_PROPERTY_RUNS. */
const RUNS = Number(process.env.LATCHKEY_PROPERTY_RUNS ?? 40);
/** Small caches, so that heads and pages are evicted and read again. */
const SMALL = { cacheBytes: 1024 * 1024, transferBytes: 1024 * 1024 };

async function run(store: Store, padding: 'none' | 'padme', steps: readonly [number, Plan][]): Promise<void> {
  const open = await emptyVault(store, padding);
  const vaults = [await open(store), await open(store, SMALL)];
  const sessions = vaults.map((vault) => vault.session());
  const model = new TreeModel();
  for (const [who, one] of steps)
    await onBoth(sessions[who] as (typeof sessions)[0], model, planned(model, one));
  for (const session of sessions) await expectSame(session, model);
  for (const vault of vaults) {
    expect((await vault.check({ readContent: true })).problems).toEqual([]);
    await vault.close();
  }
  const again = await open(store);
  await expectSame(again.session(), model);
  const report = await again.gc();
  expect(report.reason).toBeUndefined();
  await expectSame(again.session(), model);
  expect((await again.check({ readContent: true })).problems).toEqual([]);
  await again.close();
}

const steps = fc.array(fc.tuple(fc.nat(1), plan), { minLength: 5, maxLength: 45, size: 'max' });

describe('a vault under random operations, through two programs in turn', () => {
  it.each(['none', 'padme'] as const)(
    'is a tree of files, in memory, padding %s',
    async (padding) => {
      await fc.assert(
        fc.asyncProperty(steps, async (chosen) => run(new MemoryStore(), padding, chosen)),
        { numRuns: RUNS },
      );
    },
    300_000,
  );

  it('is a tree of files, on disk', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (chosen) => {
        const root = await mkdtemp(join(tmpdir(), 'latchkey-vault-'));
        const store = await FileStore.open({
          root: join(root, 'store'),
          create: true,
          durability: 'relaxed',
        });
        try {
          await run(store, 'none', chosen);
        } finally {
          await store.close();
          await rm(root, { recursive: true });
        }
      }),
      { numRuns: Math.ceil(RUNS / 4) },
    );
  }, 300_000);
});
