import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { nodeProvider } from '@latchkey/encryption/node';
import { MemoryStore, type Store } from '@latchkey/store';
import { FileStore } from '@latchkey/store-file';
import { Vault, VaultError, type VaultErrorCode, type VaultSession } from '@latchkey/vault';
import { afterEach, describe, expect, it } from 'vitest';
import { contentOf, framesIn } from './frames.mjs';

const MIB = 1024 * 1024;
const PASSPHRASE = 'crash and recover';
const KDF = { memoryKiB: 64 * 1024, passes: 3, lanes: 1 };

/** A medium of its own needs a mount, which needs an administrator; a pipeline that is none must not pass silently. */
const MAY_MOUNT = process.getuid?.() === 0 || process.env.CI !== undefined;

const undo: (() => void)[] = [];
afterEach(() => {
  for (const step of undo.splice(0).reverse()) step();
});

function temporaryPlace(): string {
  const place = mkdtempSync(path.join(tmpdir(), 'latchkey-medium-'));
  undo.push(() => rmSync(place, { recursive: true, force: true }));
  return place;
}

function mounted(mebibytes: number): string {
  const place = temporaryPlace();
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', place]);
  undo.push(() => execFileSync('umount', ['-l', place]));
  return place;
}

async function newVault(store: Store): Promise<string> {
  const vault = await Vault.create({ store, provider: nodeProvider, passphrase: PASSPHRASE, kdf: KDF });
  const words = await vault.addRecovery();
  await vault.close();
  return words;
}

const open = (store: Store, words: string): Promise<Vault> =>
  Vault.open({ store, provider: nodeProvider, words, graceSeconds: 0 });

const content = (version: number, size: number): Buffer => contentOf([{ id: 'file', version, size }]);

async function read(session: VaultSession, name: string): Promise<number> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of session.read([name])) chunks.push(chunk);
  return framesIn(Buffer.concat(chunks))[0]?.version ?? -1;
}

async function failure(work: () => Promise<unknown>): Promise<VaultError> {
  return work().then(
    () => {
      throw new Error('it succeeded');
    },
    (error: unknown) => {
      if (error instanceof VaultError) return error;
      throw error;
    },
  );
}

async function expectFailure(code: VaultErrorCode, work: () => Promise<unknown>): Promise<void> {
  const error = await failure(work);
  expect({ code: error.code, message: error.message }).toEqual({ code, message: error.message });
}

/** Writes files until there is no room for another. Returns how many there are. */
async function fill(session: VaultSession, size: number): Promise<number> {
  for (let index = 0; index < 10_000; index++) {
    const error = await session.write([`filler ${index}`], content(index, size)).then(
      () => undefined,
      (caught: unknown) => caught,
    );
    if (error === undefined) continue;
    expect(error).toMatchObject({ name: 'VaultError', code: 'no-space' });
    return index;
  }
  throw new Error('the medium was never full');
}

/** Everything about a full medium, once it is full: nothing old is lost, deleting works and makes room. */
async function expectUsableWhenFull(store: Store, words: string, free: () => Promise<number>): Promise<void> {
  const vault = await open(store, words);
  const session = vault.session();
  await expectFailure('no-space', () => session.write(['kept'], content(2, 500_000)));
  await expectFailure('no-space', () => session.write(['new'], content(1, 500_000)));
  expect(await read(session, 'kept')).toBe(1);
  expect((await failure(() => session.stat(['new']))).code).toBe('not-found');
  const before = await free();
  const names = (await session.list([])).entries.map((entry) => entry.name).filter((name) => name !== 'kept');
  expect(names.length).toBeGreaterThan(2);
  for (const name of names) await session.remove([name]);
  expect((await session.list([])).entries.map((entry) => entry.name)).toEqual(['kept']);
  // Release notes count whole seconds; then the next commit lets the segments go.
  await new Promise((resolve) => setTimeout(resolve, 2100));
  await session.setAttributes(['kept'], { mode: 0o600 });
  await vault.close();

  const later = await open(store, words);
  expect((await later.gc({ deadAfterMs: 0 })).reason).toBeUndefined();
  expect(await free()).toBeGreaterThan(before + MIB);
  await later.session().write(['kept'], content(3, 500_000));
  expect(await read(later.session(), 'kept')).toBe(3);
  const { problems } = await later.check({ readContent: true });
  expect(problems).toEqual([]);
  await later.close();
}

describe('a full medium', () => {
  it('in memory: writes fail in words, the old content stands, deleting works and frees', async () => {
    const store = new MemoryStore({ capacity: 6 * MIB });
    const words = await newVault(store);
    const vault = await open(store, words);
    await vault.session().write(['kept'], content(1, 300_000));
    expect(await fill(vault.session(), 200_000)).toBeGreaterThan(10);
    await vault.close();
    await expectUsableWhenFull(store, words, async () => (await store.freeSpace()).available);
  });

  it.runIf(MAY_MOUNT)('on disk: the same, to the last byte', async () => {
    const place = mounted(12);
    const root = path.join(place, 'store');
    mkdirSync(root);
    const store = await FileStore.open({ root, create: true, reserveBytes: MIB });
    const words = await newVault(store);
    const vault = await open(store, words);
    await vault.session().write(['kept'], content(1, 300_000));
    expect(await fill(vault.session(), 200_000)).toBeGreaterThan(10);
    await vault.close();
    // Somebody else takes what is left.
    expect(() => writeFileSync(path.join(place, 'ballast'), Buffer.alloc(12 * MIB))).toThrow('ENOSPC');
    await expectUsableWhenFull(store, words, async () => (await store.freeSpace()).available);
    await store.close();
  });

  it.runIf(MAY_MOUNT)(
    'on disk: a stream that meets it leaves the old version and no half of the new',
    async () => {
      const root = mounted(12);
      const store = await FileStore.open({ root, create: true, reserveBytes: MIB });
      const words = await newVault(store);
      const vault = await open(store, words);
      await vault.session().write(['file'], content(1, 300_000));
      async function* endless(): AsyncGenerator<Uint8Array> {
        for (;;) yield content(2, MIB);
      }
      await expectFailure('no-space', () => vault.session().write(['file'], endless()));
      expect(await read(vault.session(), 'file')).toBe(1);
      expect((await vault.session().list([])).entries.length).toBe(1);
      await vault.close();
      const later = await open(store, words);
      expect((await later.gc({ deadAfterMs: 0 })).freedBytes).toBeGreaterThanOrEqual(0);
      expect((await store.freeSpace()).available).toBeGreaterThan(9 * MIB);
      expect((await later.check({ readContent: true })).unreferenced).toBe(0);
      await later.close();
      await store.close();
    },
  );
});

describe('a medium that takes no writes', () => {
  it.runIf(MAY_MOUNT)('is read as before, and every change is refused in words', async () => {
    const root = mounted(12);
    const store = await FileStore.open({ root, create: true, reserveBytes: 0 });
    const words = await newVault(store);
    const vault = await open(store, words);
    await vault.session().write(['file'], content(1, 300_000));
    await vault.close();
    await store.close();
    execFileSync('mount', ['-o', 'remount,ro', root]);

    const readOnly = await FileStore.open({ root });
    const again = await open(readOnly, words);
    const session = again.session();
    expect(await read(session, 'file')).toBe(1);
    const changes: (() => Promise<unknown>)[] = [
      () => session.write(['file'], content(2, 300_000)),
      () => session.write(['short'], Buffer.from('x')),
      () => session.mkdir(['directory']),
      () => session.rename(['file'], ['other']),
      () => session.setAttributes(['file'], { mode: 0o600 }),
      () => session.remove(['file']),
      () => again.addRecovery(),
    ];
    for (const change of changes) await expectFailure('read-only', change);
    expect(await read(session, 'file')).toBe(1);
    expect((await again.check({ readContent: true })).problems).toEqual([]);
    await again.close();
    await readOnly.close();
  });
});

describe('the directory of the store is taken away', () => {
  it('while a vault is open: every use fails in words, and nothing is made in its place', async () => {
    const place = temporaryPlace();
    const root = path.join(place, 'store');
    const store = await FileStore.open({ root, create: true });
    const words = await newVault(store);
    const vault = await open(store, words);
    const session = vault.session();
    await session.write(['file'], content(1, 300_000));
    rmSync(root, { recursive: true, force: true });
    const uses: (() => Promise<unknown>)[] = [
      () => session.list([]),
      () => session.stat(['file']),
      () => session.stat(['never there']),
      () => session.write(['file'], content(2, 300_000)),
      () => session.write(['short'], Buffer.from('x')),
      () => session.mkdir(['directory']),
      () => session.remove(['file']),
      () => vault.check(),
      () => vault.gc(),
      () => open(store, words),
    ];
    for (const use of uses) {
      const error = await failure(use);
      expect(['unavailable', 'damaged'], error.message).toContain(error.code);
    }
    await vault.close();
    await store.close();
    expect(existsSync(root)).toBe(false);
  });
});
