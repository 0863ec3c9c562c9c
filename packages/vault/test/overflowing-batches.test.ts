import { StoreError } from '@latchkey/store';
import { expect, test } from 'vitest';
import { text } from './fresh-vault.js';
import { gatheringVault } from './gathered-commits.js';
import type { HookedStore } from './hooked-store.js';

/** Changes that together are more than a head has room for: they share batches, but not all one commit. */
const COUNT = 60;
const METADATA = new Map([['long', 'x'.repeat(2000)]]);

test('what no longer fits into a commit that fails is not told so, and then made', async () => {
  const { hooked, session, isCommit } = await gatheringVault();
  const before = hooked.stopAt(isCommit);
  const other = session.write(['other'], text('x'));
  await before.reached;
  const writes = Array.from({ length: COUNT }, (_, index) =>
    session.writeObject([`f${index}`], new Uint8Array(1000), { attributes: { metadata: METADATA } }),
  );
  const outcomes = Promise.allSettled(writes);
  await new Promise((resolve) => setTimeout(resolve, 100));
  const stopping = hooked.hook as HookedStore['hook'];
  let commits = 0;
  hooked.hook = async (point) => {
    await stopping?.(point);
    if (isCommit(point) && ++commits === 1) throw new StoreError('no-space', 'full for a moment');
  };
  before.release();
  await other;
  const told = (await outcomes).map(({ status }) => status === 'fulfilled');
  // A change that comes later is behind all that waited.
  await session.write(['last'], text('x'));
  const there = new Set((await session.listObjects([], { limit: 1000 })).entries.map(({ name }) => name));
  expect(told).toEqual(Array.from({ length: COUNT }, (_, index) => there.has(`f${index}`)));
  expect(told).toContain(true);
  expect(told).toContain(false);
});
