/** What lies on the disk, who may read it, and what happens when it is not what it should be. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { type Store, storeKey } from '@latchkey/store';
import { FileStore } from '@latchkey/store-file';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freshDirectory, openStore } from './medium.js';

const blob = storeKey('b/session/ab/abcdef');
const register = storeKey('h/abcdef');
const all = { offset: 0, length: 1_000_000 };
const text = (value: string) => new TextEncoder().encode(value);

let folder: ReturnType<typeof freshDirectory>;
let root: string;
beforeEach(() => {
  folder = freshDirectory();
  root = join(folder.path, 'store');
});
afterEach(() => folder.remove());

function walk(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' });
}

describe('the directory', () => {
  test('has the layout of docs/stores.md, readable by its owner only', async () => {
    const store = await openStore(root);
    await store.putBlob(blob, text('content'));
    const etag = await store.swapRegister(register, null, text('value'));
    await store.close();
    const paths = walk(root);
    const files = [
      'latchkey-store',
      'reserve',
      'blobs/b/session/ab/abcdef',
      `registers/h/ab@/abcdef/@${etag}`,
    ];
    for (const file of files) {
      expect(paths).toContain(file);
      expect(statSync(join(root, file)).mode & 0o777).toBe(0o600);
    }
    expect(readFileSync(join(root, 'latchkey-store'), 'utf8')).toBe('latchkey file store, layout 1\n');
    expect(readFileSync(join(root, 'blobs/b/session/ab/abcdef'), 'utf8')).toBe('content');
    for (const directory of ['', 'blobs', 'blobs/b/session/ab', 'registers/h/ab@/abcdef', 'tmp']) {
      expect(statSync(join(root, directory)).mode & 0o777).toBe(0o700);
    }
    expect(readdirSync(join(root, 'tmp'))).toEqual([]);
  });

  test('can be copied with any tool, also one that leaves out empty directories', async () => {
    const store = await openStore(root);
    await store.putBlob(blob, text('content'));
    await store.swapRegister(register, null, text('value'));
    await store.close();
    const copy = join(folder.path, 'copy');
    cpSync(root, copy, { recursive: true });
    rmSync(join(copy, 'tmp'), { recursive: true });
    const opened = await FileStore.open({ root: copy });
    expect(await opened.getBlob(blob, all)).toEqual(text('content'));
    const state = await opened.readRegister(register);
    expect(state).toMatchObject({ status: 'value', bytes: text('value') });
    if (state.status === 'value') await opened.swapRegister(register, state.etag, text('next'));
    await opened.close();
  });

  test('loses the folders of deleted objects', async () => {
    const store = await openStore(root);
    await store.putBlob(blob, text('content'));
    await store.swapRegister(register, null, text('value'));
    await store.delete([blob, register]);
    await store.close();
    expect(readdirSync(join(root, 'blobs'))).toEqual([]);
    expect(readdirSync(join(root, 'registers'))).toEqual([]);
  });
});

describe('opening', () => {
  test('a missing directory is no-store, unless it is to be made', async () => {
    await expect(FileStore.open({ root })).rejects.toMatchObject({ code: 'no-store' });
    expect(existsSync(root)).toBe(false);
    await (await openStore(join(root, 'deep', 'below'))).close();
    await (await FileStore.open({ root: join(root, 'deep', 'below') })).close();
  });

  test('an empty directory is no-store, unless it is to be made', async () => {
    mkdirSync(join(root, 'lost+found'), { recursive: true });
    await expect(FileStore.open({ root })).rejects.toMatchObject({ code: 'no-store' });
    expect(readdirSync(root)).toEqual(['lost+found']);
    await (await openStore(root)).close();
  });

  test('a directory with other things, or a file, is never taken over', async () => {
    mkdirSync(root);
    writeFileSync(join(root, 'letter.txt'), 'mine');
    for (const create of [true, false]) {
      await expect(FileStore.open({ root, create })).rejects.toMatchObject({ code: 'no-store' });
      await expect(FileStore.open({ root: join(root, 'letter.txt'), create })).rejects.toMatchObject({
        code: 'no-store',
      });
    }
    expect(readdirSync(root)).toEqual(['letter.txt']);
  });

  test('a layout of a newer program is unsupported', async () => {
    await (await openStore(root)).close();
    writeFileSync(join(root, 'latchkey-store'), 'latchkey file store, layout 2\n');
    for (const create of [true, false]) {
      await expect(FileStore.open({ root, create })).rejects.toMatchObject({ code: 'unsupported' });
    }
  });

  test('making it twice at once, or after an interruption, is one store', async () => {
    mkdirSync(join(root, 'blobs'), { recursive: true });
    const stores = await Promise.all([openStore(root), openStore(root), openStore(root)]);
    await stores[0]!.putBlob(blob, text('content'));
    expect(await stores[2]!.getBlob(blob, all)).toEqual(text('content'));
    for (const store of stores) await store.close();
  });

  test('options out of bounds are refused', async () => {
    const wrong = [
      { reserveBytes: -1 },
      { reserveBytes: 2 ** 31 },
      { openFiles: 0 },
      { openFiles: 1.5 },
      { durability: 'some' as 'full' },
      { publication: 'luck' as 'detect' },
    ];
    for (const options of wrong)
      await expect(openStore(root, options)).rejects.toMatchObject({ code: 'unsupported' });
    await expect(openStore('')).rejects.toMatchObject({ code: 'no-store' });
    expect(existsSync(root)).toBe(false);
  });
});

describe('a store that goes away while it is open', () => {
  async function* source() {
    yield text('streamed');
  }
  const calls: Record<string, (store: Store) => Promise<unknown>> = {
    getBlob: (store) => store.getBlob(storeKey('b/session/ab/other'), all),
    putBlob: (store) => store.putBlob(storeKey('b/session/ab/new'), text('x')),
    'putBlob from a stream': (store) => store.putBlob(storeKey('b/session/ab/new'), source()),
    readRegister: (store) => store.readRegister(register),
    'swapRegister of nothing': (store) => store.swapRegister(storeKey('h/new'), null, text('x')),
    'swapRegister of something': async (store) => store.swapRegister(register, '1' as never, text('x')),
    delete: (store) => store.delete([blob]),
    list: async (store) => {
      for await (const _ of store.list(''));
    },
    freeSpace: (store) => store.freeSpace(),
    clock: (store) => store.clock(),
  };

  test.each(Object.keys(calls))('%s says so and makes nothing anew', async (name) => {
    const store = await openStore(root, { reserveBytes: 0 });
    await store.putBlob(blob, text('content'));
    await store.swapRegister(register, null, text('value'));
    renameSync(root, `${root}.away`);
    await expect(calls[name]!(store)).rejects.toMatchObject({ code: 'no-store' });
    expect(existsSync(root)).toBe(false);
    // As when a disk is unmounted: its mount point remains, empty.
    mkdirSync(root);
    await expect(calls[name]!(store)).rejects.toMatchObject({ code: 'no-store' });
    expect(readdirSync(root)).toEqual([]);
    rmSync(root, { recursive: true });
    renameSync(`${root}.away`, root);
    expect(await store.getBlob(blob, all)).toEqual(text('content'));
    await store.putBlob(storeKey('b/session/ab/new'), text('x'));
    await store.close();
  });

  test.each(Object.keys(calls))('%s on a closed store is unavailable', async (name) => {
    const store = await openStore(root);
    await store.close();
    await expect(calls[name]!(store)).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('files that another put there', () => {
  test('a pipe, a link or a directory under a key is no blob and never blocks', async () => {
    const store = await openStore(root);
    const directory = join(root, 'blobs/b/session/ab');
    mkdirSync(join(directory, 'directory'), { recursive: true });
    execFileSync('mkfifo', [join(directory, 'pipe')]);
    writeFileSync(join(folder.path, 'secret'), 'not of this store');
    symlinkSync(join(folder.path, 'secret'), join(directory, 'link'));
    for (const name of ['directory', 'pipe', 'link', 'directory/below']) {
      const key = storeKey(`b/session/ab/${name}`);
      await expect(store.getBlob(key, all)).rejects.toMatchObject({ code: 'not-found' });
    }
    await store.swapRegister(register, null, text('value'));
    const generations = join(root, 'registers/h/ab@/abcdef');
    execFileSync('mkfifo', [join(generations, '@9000000000000000')]);
    expect(await store.readRegister(register)).toMatchObject({ bytes: text('value') });
    await store.close();
  });

  test('names that are no keys are not listed and do not disturb', async () => {
    const store = await openStore(root);
    await store.putBlob(blob, text('content'));
    await store.swapRegister(register, null, text('value'));
    writeFileSync(join(root, 'blobs/b/session/.DS_Store'), '');
    writeFileSync(join(root, 'blobs/b/README'), '');
    writeFileSync(join(root, 'registers/h/ab@/abcdef/@007'), '');
    writeFileSync(join(root, 'registers/h/ab@/abcdef/@99999999999999999'), '');
    writeFileSync(join(root, 'registers/h/ab@/abcdef/note'), '');
    const keys: string[] = [];
    for await (const object of store.list('')) keys.push(object.key);
    expect(keys.sort()).toEqual([blob, register]);
    expect(await store.readRegister(register)).toMatchObject({ bytes: text('value') });
    await store.close();
  });

  test('a blob removed or replaced by another process is noticed although its file was open', async () => {
    const store = await openStore(root);
    await store.putBlob(blob, text('content'));
    expect(await store.getBlob(blob, all)).toEqual(text('content'));
    const path = join(root, 'blobs', blob);
    writeFileSync(`${path}.new`, 'replaced');
    renameSync(`${path}.new`, path);
    expect(await store.getBlob(blob, all)).toEqual(text('replaced'));
    rmSync(path);
    await expect(store.getBlob(blob, all)).rejects.toMatchObject({ code: 'not-found' });
    await store.close();
  });
});

describe('open files', () => {
  function openPaths(): string[] {
    const paths = readdirSync('/proc/self/fd').map((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`);
      } catch {
        return '';
      }
    });
    return paths.filter((path) => path.startsWith(root));
  }

  test.runIf(process.platform === 'linux')(
    'stay within their number, and none is left after closing',
    async () => {
      const store = await openStore(root, { openFiles: 8 });
      const keys = Array.from({ length: 100 }, (_, i) => storeKey(`b/s/aa/x${i}`));
      for (const key of keys) await store.putBlob(key, new Uint8Array(300_000).fill(key.length));
      await Promise.all(keys.map((key) => store.getBlob(key, all)));
      for (const key of keys) await store.getBlob(key, { offset: 5, length: 5 });
      expect(openPaths().length).toBeLessThanOrEqual(8);
      expect(openPaths().length).toBeGreaterThan(0);
      const reading = keys.map((key) => store.getBlob(key, all));
      await store.delete(keys);
      await Promise.allSettled(reading);
      expect(openPaths()).toEqual([]);
      await store.putBlob(blob, text('content'));
      await store.getBlob(blob, all);
      await store.close();
      expect(openPaths()).toEqual([]);
    },
  );

  test.runIf(process.platform === 'linux')('and temporary files do not outlive a failed put', async () => {
    const store = await openStore(root);
    const failing = async function* () {
      for (let i = 0; i < 5; i += 1) yield new Uint8Array(700_000);
      throw new Error('gone');
    };
    await Promise.allSettled(Array.from({ length: 10 }, () => store.putBlob(blob, failing())));
    await store.close();
    expect(openPaths()).toEqual([]);
    expect(readdirSync(join(root, 'tmp'))).toEqual([]);
    expect(readdirSync(join(root, 'blobs'))).toEqual([]);
  });
});

describe('temporary files', () => {
  test('of processes that are gone are removed after a day, no others', async () => {
    await (await openStore(root)).close();
    const host = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
    const ended = execFileSync(process.execPath, ['-p', 'process.pid'], { encoding: 'utf8' }).trim();
    const now = Date.now() / 1000;
    const day = 24 * 60 * 60;
    const put = (name: string, age: number) => {
      const path = join(root, 'tmp', name);
      writeFileSync(path, 'half');
      utimesSync(path, now - age, now - age);
      return name;
    };
    const young = put(`${host}-${ended}-aa-1`, day - 60);
    const living = put(`${host}-${process.pid}-aa-2`, 5 * day);
    put(`${host}-${ended}-aa-3`, day + 60);
    put(`00000000-${process.pid}-aa-4`, day + 60);
    put('what is this', day + 60);
    const directory = join(root, 'tmp', `${host}-${ended}-aa-5`);
    mkdirSync(directory);
    writeFileSync(join(directory, '@5'), 'half');
    utimesSync(directory, now - 2 * day, now - 2 * day);
    await (await openStore(root)).close();
    expect(readdirSync(join(root, 'tmp')).sort()).toEqual([living, young].sort());
  });
});
