import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type DirectoryIdentity, newDirectory } from '@latchkey/encryption';
import { nodeProvider } from '@latchkey/encryption/node';
import { MemoryStore, MeteredStore } from '@latchkey/store';
import { describe, expect, it } from 'vitest';
import type { VaultContext } from '../src/context.js';
import { Directories } from '../src/directory/directories.js';
import type { VaultSession } from '../src/index.js';
import { text } from './fresh-vault.js';
import { emptyVault } from './template.js';

const MIB = 1024 * 1024;
const CACHE = { cacheBytes: MIB };
/** Together far more than half of the cache, which is what heads may take. */
const DIRECTORIES = 24;
const PER_DIRECTORY = 60;

/** Names whose pages take far more than the cache has. */
const PAGED = 4000;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Nothing that is only held weakly is left. */
async function forgotten(): Promise<void> {
  for (let round = 0; round < 3; round++) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
}

/** Bytes, of the process. */
function taken(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function fill(session: VaultSession, directory: string, files: number): Promise<void> {
  await session.mkdir([directory]);
  const content = new Uint8Array(900);
  await Promise.all(
    Array.from({ length: files }, (_, index) => session.write([directory, `file-${index}`], content)),
  );
}

describe('the cache of directories', () => {
  it('lets go of heads that outgrew it, by what they weigh after the last commit', async () => {
    const store = new MemoryStore();
    const metered = new MeteredStore(store);
    const session = (await (await emptyVault(store))(metered, CACHE)).session();
    for (let index = 0; index < DIRECTORIES; index++) await fill(session, `d${index}`, PER_DIRECTORY);
    await forgotten();
    metered.reset();
    await session.list(['d0'], { limit: 1 });
    const first = metered.reset().readRegister.bytes;
    await session.list([`d${DIRECTORIES - 1}`], { limit: 1 });
    const last = metered.reset().readRegister.bytes;
    expect(first).toBeGreaterThan(PER_DIRECTORY * 100);
    // What was used last is still there: nothing of it has to be read again.
    expect(last).toBe(0);
  });

  it('does not keep the heads of directories that wait for their release notes to fall due', async () => {
    const store = new MemoryStore();
    const metered = new MeteredStore(store);
    const session = (await (await emptyVault(store))(metered, { ...CACHE, graceSeconds: 3600 })).session();
    await fill(session, 'noted', 10);
    // What is replaced leaves a note, for which the directory is looked at again after the grace.
    await session.write(['noted', 'large'], new Uint8Array(64 * 1024));
    await session.write(['noted', 'large'], new Uint8Array(64 * 1024));
    for (let index = 0; index < DIRECTORIES; index++) await fill(session, `d${index}`, PER_DIRECTORY);
    await forgotten();
    metered.reset();
    await session.list(['noted'], { limit: 1 });
    expect(metered.reset().readRegister.bytes).toBeGreaterThan(1000);
  });

  it('keeps no page of the parent in memory for the keys of a directory', () => {
    const { directories } = standalone(MIB);
    const { uid, generation, readSecret } = newDirectory(nodeProvider);
    const page = new Uint8Array(64 * 1024);
    page.set(uid, 100);
    page.set(readSecret, 200);
    const { keys } = directories.of({
      uid: page.subarray(100, 116),
      generation,
      readSecret: page.subarray(200, 232),
    });
    expect([...keys.uid, ...keys.readSecret]).toEqual([...uid, ...readSecret]);
    expect(keys.uid.buffer.byteLength).toBe(16);
    expect(keys.readSecret.buffer.byteLength).toBe(32);
  });

  it('takes no more memory for pages than it was given', async () => {
    const store = new MemoryStore();
    const open = await emptyVault(store);
    const writer = await open();
    const writing = writer.session();
    for (let at = 0; at < PAGED; at += 400)
      await Promise.all(
        Array.from({ length: 400 }, (_, index) => writing.write([`n${at + index}`], text('x'))),
      );
    await writer.close();
    // A half of this is for pages.
    const session = (await open(store, { cacheBytes: 4 * MIB })).session();
    await session.listObjects([], { limit: 1 });
    await forgotten();
    const before = taken();
    let seen = 0;
    for (let after = ''; ; ) {
      const page = await session.listObjects([], { after });
      seen += page.entries.length;
      if (page.next === undefined) break;
      after = page.next;
    }
    await forgotten();
    expect(seen).toBe(PAGED);
    expect(taken() - before).toBeLessThan(3 * MIB);
  });

  it('never has two of one directory, so that its changes share commits even when the cache is full', () => {
    const { directories } = standalone(16 * 1024);
    const identity = newDirectory(nodeProvider);
    const held = directories.of(identity);
    for (let index = 0; index < 100; index++) directories.of(newDirectory(nodeProvider));
    expect(directories.of(identity)).toBe(held);
  });
});

/** Directories that nobody asks the store for. */
function standalone(cacheBytes: number): {
  directories: { of(identity: DirectoryIdentity): { keys: DirectoryIdentity } };
} {
  const directories = new Directories(cacheBytes);
  const context: Pick<VaultContext, 'provider' | 'vaultId'> = {
    provider: nodeProvider,
    vaultId: new Uint8Array(16),
  };
  directories.attach(context as VaultContext);
  return { directories };
}
