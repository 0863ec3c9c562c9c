import { MemoryStore, type StoreKey } from '@latchkey/store';
import { describe, expect, it } from 'vitest';
import { openFresh } from './fresh-vault.js';

const MIB = 1024 * 1024;

describe('what readers get', () => {
  it('nothing of an upload that was broken off, while its size tells where to resume', async () => {
    const { vault, session } = await openFresh();
    const handle = await session.open(['half'], { write: true, create: true });
    await handle.write(0, new Uint8Array(5000).fill(1));
    await handle.abandon();
    expect(await session.stat(['half'])).toMatchObject({ draft: true, size: 5000 });
    await expect(session.open(['half'], { read: true })).rejects.toMatchObject({ code: 'not-found' });
    await expect(session.digest(['half'], 'md5')).rejects.toMatchObject({ code: 'not-found' });
    const resumed = await session.open(['half'], { write: true });
    await resumed.write(5000, new Uint8Array(10).fill(2));
    await resumed.close();
    expect(await (await session.open(['half'], { read: true })).read(4999, 100)).toEqual(
      Uint8Array.of(1, ...new Uint8Array(10).fill(2)),
    );
    await vault.close();
  });

  it('damage when the content of a file is gone, and a word of its own when the file was replaced', async () => {
    const store = new MemoryStore();
    const { vault, session } = await openFresh(store);
    await session.write(['lost'], new Uint8Array(MIB).fill(3));
    const handle = await session.open(['lost'], { read: true });
    const blobs: StoreKey[] = [];
    for await (const { key } of store.list('b/')) blobs.push(key);
    await store.delete(blobs);
    await expect(handle.read(0, 100)).rejects.toMatchObject({ code: 'damaged' });
    await session.write(['lost'], new Uint8Array(10));
    await expect(handle.read(0, 100)).rejects.toMatchObject({ code: 'stale' });
    await vault.close();
  });
});
