import { EncryptionError } from '../errors.js';
import { utf8Length } from '../names.js';
import { decodeCbor } from './decode.js';
import type { CborMap, CborValue } from './value.js';

/** Odd fields that this program does not know and keeps when it writes the map again. */
export type ExtraFields = ReadonlyMap<number, CborValue>;

export const NO_EXTRA_FIELDS: ExtraFields = new Map();

/** One for all: most records have no metadata, tags or digests, and pages of them are kept in memory. */
const NO_TEXTS: ReadonlyMap<string, string> = new Map();
const NO_BYTES: ReadonlyMap<string, Uint8Array> = new Map();

/** Typed, bounded access to a CBOR map with integer keys. Every method throws `malformed`, `limit` or `unsupported`. */
export class Fields {
  readonly #what: string;
  readonly #map: CborMap;

  /** @param what names the map in errors */
  constructor(what: string, value: CborValue) {
    if (!(value instanceof Map)) throw new EncryptionError('malformed', `${what} is not a map`);
    this.#what = what;
    this.#map = value;
  }

  static decode(what: string, bytes: Uint8Array): Fields {
    return new Fields(what, decodeCbor(bytes));
  }

  #fail(key: number, why: string): never {
    throw new EncryptionError('malformed', `${this.#what}: field ${key} ${why}`);
  }

  #over(key: number): never {
    throw new EncryptionError('limit', `${this.#what}: field ${key} is over its limit`);
  }

  has(key: number): boolean {
    return this.#map.has(key);
  }

  value(key: number): CborValue {
    const value = this.#map.get(key);
    return value === undefined ? this.#fail(key, 'is missing') : value;
  }

  int(key: number): number {
    const value = this.value(key);
    return typeof value === 'number' ? value : this.#fail(key, 'is not a number');
  }

  uint(key: number, max: number = Number.MAX_SAFE_INTEGER): number {
    const value = this.int(key);
    if (value < 0) this.#fail(key, 'is negative');
    return value > max ? this.#over(key) : value;
  }

  /** A number that is left out when it is zero. */
  uintOrZero(key: number, max: number): number {
    if (!this.#map.has(key)) return 0;
    return this.uint(key, max) || this.#fail(key, 'is zero and should be absent');
  }

  bytes(key: number, length: number): Uint8Array {
    const value = this.value(key);
    if (!(value instanceof Uint8Array) || value.length !== length) this.#fail(key, `is not ${length} bytes`);
    return value;
  }

  bytesUpTo(key: number, max: number): Uint8Array {
    const value = this.value(key);
    if (!(value instanceof Uint8Array)) return this.#fail(key, 'is not a byte string');
    return value.length > max ? this.#over(key) : value;
  }

  /** @param max bytes of UTF-8 */
  text(key: number, max: number): string {
    const value = this.value(key);
    if (typeof value !== 'string') return this.#fail(key, 'is not a string');
    return utf8Length(value) > max ? this.#over(key) : value;
  }

  /** A flag is `true` or absent. */
  flag(key: number): boolean {
    if (!this.#map.has(key)) return false;
    return this.#map.get(key) === true || this.#fail(key, 'is not true');
  }

  /** @param max number of items */
  array(key: number, max: number): readonly CborValue[] {
    const value = this.value(key);
    if (!Array.isArray(value)) return this.#fail(key, 'is not an array');
    return value.length > max ? this.#over(key) : value;
  }

  /** A map of strings to strings that is left out when it is empty. */
  textMap(key: number, bounds: { entries: number; key: number; value: number }): ReadonlyMap<string, string> {
    if (!this.#map.has(key)) return NO_TEXTS;
    const map = new Map<string, string>();
    for (const [name, value] of this.#nonEmptyMap(key, bounds.entries)) {
      if (typeof name !== 'string' || typeof value !== 'string')
        return this.#fail(key, 'has other than strings');
      if (utf8Length(name) > bounds.key || utf8Length(value) > bounds.value) this.#over(key);
      map.set(name, value);
    }
    return map;
  }

  /** A map of strings to byte strings that is left out when it is empty. */
  bytesMap(
    key: number,
    bounds: { entries: number; key: number; value: number },
  ): ReadonlyMap<string, Uint8Array> {
    if (!this.#map.has(key)) return NO_BYTES;
    const map = new Map<string, Uint8Array>();
    for (const [name, value] of this.#nonEmptyMap(key, bounds.entries)) {
      if (typeof name !== 'string' || !(value instanceof Uint8Array))
        return this.#fail(key, 'has other values');
      if (utf8Length(name) > bounds.key || value.length > bounds.value) this.#over(key);
      map.set(name, value);
    }
    return map;
  }

  #nonEmptyMap(key: number, max: number): CborMap {
    const value = this.value(key);
    if (!(value instanceof Map)) return this.#fail(key, 'is not a map');
    if (value.size === 0) this.#fail(key, 'is empty and should be absent');
    return value.size > max ? this.#over(key) : value;
  }

  /** What is not in `known`: odd fields are optional and kept, even ones critical and so `unsupported`. */
  extra(known: ReadonlySet<number>): ExtraFields {
    let extra: Map<number, CborValue> | undefined;
    for (const [key, value] of this.#map) {
      if (typeof key !== 'number')
        throw new EncryptionError('malformed', `${this.#what} has a string for a key`);
      if (known.has(key)) continue;
      if (key % 2 === 0)
        throw new EncryptionError('unsupported', `${this.#what}: unknown critical field ${key}`);
      extra ??= new Map();
      extra.set(key, value);
    }
    return extra ?? NO_EXTRA_FIELDS;
  }
}
