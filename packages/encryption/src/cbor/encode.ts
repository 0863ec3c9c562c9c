import { EncryptionError } from '../errors.js';
import { compareKeys, utf8Length } from '../names.js';
import { type CborMap, type CborValue, MAX_CBOR_DEPTH } from './value.js';

const TEXT = new TextEncoder();

/** Memory that is used again for the next small value, since encoding is synchronous and very frequent. */
let scratch: Uint8Array = new Uint8Array(4096);

class Writer {
  bytes: Uint8Array = scratch;
  length = 0;

  #room(count: number): number {
    const start = this.length;
    const end = start + count;
    if (end > this.bytes.length) {
      const larger = new Uint8Array(Math.max(end, this.bytes.length * 2));
      larger.set(this.bytes.subarray(0, start));
      this.bytes.fill(0, 0, start);
      this.bytes = larger;
    }
    this.length = end;
    return start;
  }

  head(major: number, argument: number): void {
    const type = major << 5;
    if (argument < 24) {
      const at = this.#room(1);
      this.bytes[at] = type | argument;
    } else if (argument < 0x100) {
      const at = this.#room(2);
      this.bytes[at] = type | 24;
      this.bytes[at + 1] = argument;
    } else if (argument < 0x10000) {
      const at = this.#room(3);
      this.bytes[at] = type | 25;
      this.bytes[at + 1] = argument >>> 8;
      this.bytes[at + 2] = argument;
    } else if (argument < 0x100000000) {
      const at = this.#room(5);
      this.bytes[at] = type | 26;
      this.#digits(at + 1, 4, argument);
    } else {
      const at = this.#room(9);
      this.bytes[at] = type | 27;
      this.#digits(at + 1, 4, Math.floor(argument / 0x100000000));
      this.#digits(at + 5, 4, argument % 0x100000000);
    }
  }

  #digits(at: number, count: number, value: number): void {
    for (let i = 0; i < count; i++) this.bytes[at + i] = value >>> (8 * (count - 1 - i));
  }

  raw(value: Uint8Array): void {
    const at = this.#room(value.length);
    this.bytes.set(value, at);
  }

  text(value: string): void {
    const length = utf8Length(value);
    if (length < 0) throw new EncryptionError('malformed', 'string is not well-formed Unicode');
    this.head(3, length);
    const at = this.#room(length);
    if (length !== value.length) TEXT.encodeInto(value, this.bytes.subarray(at));
    else for (let i = 0; i < length; i++) this.bytes[at + i] = value.charCodeAt(i);
  }
}

/** The order of encoded keys (RFC 8949 section 4.2.1): numbers, then strings, shorter ones first. */
function compareMapKeys(a: number | string, b: number | string): number {
  if (typeof a === 'number') return typeof b === 'number' ? a - b : -1;
  if (typeof b === 'number') return 1;
  return utf8Length(a) - utf8Length(b) || compareKeys(a, b);
}

function writeKey(writer: Writer, key: number | string): void {
  if (typeof key === 'string') writer.text(key);
  else if (Number.isSafeInteger(key) && key >= 0) writer.head(0, key);
  else throw new EncryptionError('malformed', 'map key is not an unsigned integer');
}

function writeMap(writer: Writer, map: CborMap, depth: number): void {
  writer.head(5, map.size);
  for (const key of [...map.keys()].sort(compareMapKeys)) {
    writeKey(writer, key);
    write(writer, map.get(key) as CborValue, depth + 1);
  }
}

function write(writer: Writer, value: CborValue, depth: number): void {
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new EncryptionError('malformed', 'number is not a safe integer');
    if (value >= 0) writer.head(0, value);
    else writer.head(1, -1 - value);
  } else if (typeof value === 'string') {
    writer.text(value);
  } else if (value instanceof Uint8Array) {
    writer.head(2, value.length);
    writer.raw(value);
  } else if (typeof value === 'boolean') {
    writer.head(7, value ? 21 : 20);
  } else {
    if (depth >= MAX_CBOR_DEPTH) throw new EncryptionError('limit', 'value is nested too deeply');
    if (value instanceof Map) {
      writeMap(writer, value, depth);
    } else {
      const items = value as readonly CborValue[];
      writer.head(4, items.length);
      for (const item of items) write(writer, item, depth + 1);
    }
  }
}

/**
 * The deterministic encoding of `value` (RFC 8949 section 4.2.1): equal values have equal bytes.
 * Throws `malformed` for numbers that are no safe integers and strings that are not well-formed.
 */
export function encodeCbor(value: CborValue): Uint8Array {
  const writer = new Writer();
  try {
    write(writer, value, 0);
    return writer.bytes.slice(0, writer.length);
  } finally {
    // What was encoded may have been secret, so nothing of it stays in the shared memory.
    writer.bytes.fill(0, 0, writer.length);
    if (writer.bytes.length <= 65_536) scratch = writer.bytes;
  }
}
