import { StoreError } from '@latchkey/store';
import { expect, test } from 'vitest';
import { text } from './fresh-vault.js';
import { gatheringVault } from './gathered-commits.js';

/** Until what was started has come as far as it can. */
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 30));

test('who is told that a name exists finds it, although both were in one commit', async () => {
  const { hooked, session, isCommit } = await gatheringVault();
  // While this commit is under way the two that follow gather for the next.
  const before = hooked.stopAt(isCommit);
  const other = session.write(['other'], text('x'));
  await before.reached;
  const common = hooked.stopAt(isCommit);
  const make = async (): Promise<string> => {
    try {
      await session.mkdir(['same']);
      return 'made';
    } catch (error) {
      await session.stat(['same']);
      return (error as { code: string }).code;
    }
  };
  const outcomes = Promise.all([make(), make()]);
  await settled();
  before.release();
  await common.reached;
  await settled();
  common.release();
  await other;
  expect(await outcomes).toEqual(['made', 'exists']);
});

test('what refused because of a change that was not committed is decided anew', async () => {
  const { hooked, session, isCommit } = await gatheringVault();
  const before = hooked.stopAt(isCommit);
  const other = session.write(['other'], text('x'));
  await before.reached;
  const outcomes = Promise.allSettled([session.mkdir(['same']), session.mkdir(['same'])]);
  await settled();
  const stopping = hooked.hook;
  let commits = 0;
  hooked.hook = async (point) => {
    await stopping?.(point);
    if (isCommit(point) && commits++ === 0) throw new StoreError('conflict', 'another was faster');
  };
  before.release();
  await other;
  const codes = (await outcomes).map((made) => (made.status === 'fulfilled' ? 'made' : made.reason.code));
  expect(codes).toEqual(['made', 'exists']);
  expect((await session.stat(['same'])).kind).toBe('directory');
  expect(commits).toBeGreaterThan(1);
});
