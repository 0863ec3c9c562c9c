import { expect } from 'vitest';
import { seededRandom } from '../decorators/random.js';
import { StoreError, type StoreErrorCode } from '../errors.js';
import { storeKey } from '../keys.js';
import type { ETag, ListedObject, Store, StoreKey } from '../store.js';

/** Bytes that no two seeds share and no position repeats, so that a shifted or torn answer shows. */
export function sampleBytes(length: number, seed: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4));
  const random = seededRandom(seed);
  for (let i = 0; i < words.length; i += 1) words[i] = Math.floor(random() * 2 ** 32);
  return new Uint8Array(words.buffer, 0, length);
}

export const text = (value: string): Uint8Array => new TextEncoder().encode(value);
export const string = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

let made = 0;

/** A blob key of the shape that vaults use. */
export function blobKey(): StoreKey {
  made += 1;
  return storeKey(`b/conformance/${String(made % 7).padStart(2, '0')}/blob-${made}`);
}

/** A register key of the shape that vaults use. */
export function registerKey(): StoreKey {
  made += 1;
  return storeKey(`h/${String(made).padStart(6, '0')}-register`);
}

/** The call must reject with a `StoreError` of that code. */
export async function expectCode(code: StoreErrorCode, call: Promise<unknown>): Promise<void> {
  const outcome = await call.then(
    () => 'no error',
    (error: unknown) => (error instanceof StoreError ? error.code : error),
  );
  expect(outcome).toBe(code);
}

/** The value and tag of a register that must be there. */
export async function currentValue(store: Store, key: StoreKey): Promise<{ bytes: Uint8Array; etag: ETag }> {
  const state = await store.readRegister(key);
  if (state.status !== 'value') throw new Error(`register ${key} is ${state.status}`);
  return state;
}

export async function listAll(store: Store, prefix: string): Promise<ListedObject[]> {
  const objects: ListedObject[] = [];
  for await (const object of store.list(prefix)) objects.push(object);
  return objects.sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** Equality of long byte strings without printing them. */
export function expectSame(actual: Uint8Array, expected: Uint8Array): void {
  expect(actual.length).toBe(expected.length);
  expect(Buffer.compare(actual, expected)).toBe(0);
}
