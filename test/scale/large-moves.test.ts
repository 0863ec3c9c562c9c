import { nodeProvider } from '@latchkey/encryption/node';
import { MemoryStore, MeteredStore } from '@latchkey/store';
import { Vault, type VaultSession } from '@latchkey/vault';
import { beforeAll, describe, expect, it } from 'vitest';

const FILES = 10_000;
const BATCH = 500;

let store: MeteredStore;
let session: VaultSession;
beforeAll(async () => {
  store = new MeteredStore(new MemoryStore());
  const vault = await Vault.create({
    store,
    provider: nodeProvider,
    passphrase: 'a lorry full of files',
    kdf: { memoryKiB: 64 * 1024, passes: 3, lanes: 1 },
  });
  session = vault.session();
  for (const name of ['full', 'empty', 'elsewhere']) await session.mkdir([name]);
  for (let at = 0; at < FILES; at += BATCH) {
    await Promise.all(
      Array.from({ length: BATCH }, (_, index) =>
        session.write(['full', `file ${at + index}`], Buffer.from('x')),
      ),
    );
  }
  await session.stat(['full', 'file 0']);
});

/** What `work` costs in calls, by method. Nothing else runs meanwhile. */
async function calls(work: () => Promise<unknown>): Promise<Record<string, number>> {
  await new Promise((resolve) => setTimeout(resolve, 100));
  store.reset();
  await work();
  const counts = store.reset();
  return Object.fromEntries(
    Object.entries(counts).flatMap(([method, count]) => (count.calls > 0 ? [[method, count.calls]] : [])),
  );
}

describe(`a directory of ${FILES} files`, () => {
  it('is renamed in one commit, which touches nothing else', async () => {
    const bill = await calls(() => session.rename(['full'], ['renamed']));
    expect(bill.swapRegister).toBe(1);
    expect(bill.putBlob).toBeUndefined();
    expect(bill.delete).toBeUndefined();
    expect((await session.stat(['renamed', `file ${FILES - 1}`])).size).toBe(1);
    await session.rename(['renamed'], ['full']);
  });

  it('is moved to another parent at the cost of moving an empty one', async () => {
    const empty = await calls(() => session.rename(['empty'], ['elsewhere', 'empty']));
    const full = await calls(() => session.rename(['full'], ['elsewhere', 'full']));
    expect(full).toEqual(empty);
    expect((await session.stat(['elsewhere', 'full', 'file 0'])).size).toBe(1);
    await session.rename(['elsewhere', 'full'], ['full']);
  });

  it('is removed in a fixed number of commits', async () => {
    const bill = await calls(() => session.remove(['full'], { recursive: true }));
    expect(bill.swapRegister).toBe(2);
  });
});
