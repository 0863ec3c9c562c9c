import type { Dirent } from 'node:fs';
import { opendir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type ListedObject, type StoreKey, storeKey } from '@latchkey/store';
import { systemCode } from './errors.js';
import { generationName, generationNumber, VALUE_NAME, valueSize } from './generations.js';
import { type Layout, SHARD_SUFFIX } from './layout.js';

/** Every object under a prefix. What vanishes on the way is left out; foreign files are not listed. */
export async function* listObjects(layout: Layout, prefix: string): AsyncIterable<ListedObject> {
  yield* listBlobs(layout.blobs, '', prefix);
  yield* listRegisters(layout.registers, '', prefix);
}

/** Whether keys that begin with `start` can begin with `prefix`. */
function concerns(start: string, prefix: string): boolean {
  return start.startsWith(prefix) || prefix.startsWith(start);
}

async function* listBlobs(directory: string, start: string, prefix: string): AsyncIterable<ListedObject> {
  for await (const entry of entries(directory)) {
    const key = start + entry.name;
    const path = join(directory, entry.name);
    if (entry.isDirectory()) {
      if (concerns(`${key}/`, prefix)) yield* listBlobs(path, `${key}/`, prefix);
    } else if (entry.isFile() && key.startsWith(prefix) && isKey(key)) {
      const object = await describe(path, key as StoreKey);
      if (object !== undefined) yield object;
    }
  }
}

async function* listRegisters(directory: string, start: string, prefix: string): AsyncIterable<ListedObject> {
  for await (const entry of entries(directory)) {
    if (!entry.isDirectory() || generationNumber(entry.name) !== undefined) continue;
    const path = join(directory, entry.name);
    if (entry.name.endsWith(SHARD_SUFFIX)) {
      const shared = start + entry.name.slice(0, -SHARD_SUFFIX.length);
      if (concerns(shared, prefix)) yield* listRegisters(path, start, prefix);
      continue;
    }
    const key = start + entry.name;
    if (!concerns(key, prefix) && !concerns(`${key}/`, prefix)) continue;
    const newest = await newestGeneration(path);
    if (newest === undefined) {
      yield* listRegisters(path, `${key}/`, prefix);
    } else if (key.startsWith(prefix) && isKey(key)) {
      const object = await describeGeneration(join(path, generationName(newest)), key as StoreKey);
      if (object !== undefined) yield object;
    }
  }
}

async function newestGeneration(directory: string): Promise<number | undefined> {
  const names = await orMissing(() => readdir(directory));
  let newest: number | undefined;
  for (const name of names ?? []) {
    const number = generationNumber(name);
    if (number !== undefined && (newest === undefined || number > newest)) newest = number;
  }
  return newest;
}

async function describe(path: string, key: StoreKey): Promise<ListedObject | undefined> {
  const stats = await orMissing(() => stat(path));
  return stats === undefined ? undefined : { key, size: stats.size, modifiedAt: stats.mtimeMs };
}

async function describeGeneration(path: string, key: StoreKey): Promise<ListedObject | undefined> {
  const stats = await orMissing(() => stat(path));
  const file = stats?.isDirectory() === true ? await orMissing(() => stat(join(path, VALUE_NAME))) : stats;
  return file === undefined ? undefined : { key, size: valueSize(file.size), modifiedAt: file.mtimeMs };
}

async function* entries(directory: string): AsyncIterable<Dirent> {
  const handle = await orMissing(() => opendir(directory));
  if (handle !== undefined) yield* handle;
}

async function orMissing<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error))) return undefined;
    throw error;
  }
}

function isKey(text: string): boolean {
  try {
    storeKey(text);
    return true;
  } catch {
    return false;
  }
}
