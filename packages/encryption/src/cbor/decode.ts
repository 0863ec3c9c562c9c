import { EncryptionError } from '../errors.js';
import { type CborValue, MAX_CBOR_DEPTH } from './value.js';

const TEXT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function refuse(why: string): never {
  throw new EncryptionError('malformed', `not canonical cbor: ${why}`);
}

/** Reads one value and checks on the way that its bytes are the only ones {@link encodeCbor} makes for it. */
class Reader {
  position = 0;
  /** Major type of the head that was read last. */
  #major = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The argument of the next head. Longer forms of a short number are refused. */
  #head(): number {
    const bytes = this.#bytes;
    if (this.position >= bytes.length) refuse('it ends early');
    const first = bytes[this.position++] as number;
    this.#major = first >>> 5;
    const info = first & 31;
    if (info < 24) return info;
    if (info > 27) refuse('indefinite length or reserved');
    const count = 1 << (info - 24);
    const end = this.position + count;
    if (end > bytes.length) refuse('it ends early');
    let value = 0;
    while (this.position < end) value = value * 256 + (bytes[this.position++] as number);
    if (this.#major === 7) refuse('float or simple value');
    if (value < (count === 1 ? 24 : 256 ** (count / 2))) refuse('number is not in its shortest form');
    if (value > Number.MAX_SAFE_INTEGER) refuse('number is too large');
    return value;
  }

  #take(length: number): Uint8Array {
    const start = this.position;
    if (length > this.#bytes.length - start) refuse('it ends early');
    this.position = start + length;
    return this.#bytes.subarray(start, this.position);
  }

  #text(length: number): string {
    const bytes = this.#take(length);
    if (length <= 128) {
      let high = 0;
      for (let i = 0; i < length; i++) high |= bytes[i] as number;
      if (high < 0x80) return String.fromCharCode.apply(null, bytes as unknown as number[]);
    }
    try {
      return TEXT.decode(bytes);
    } catch {
      return refuse('string is not utf-8');
    }
  }

  #array(count: number, depth: number): CborValue[] {
    // Every item takes at least a byte, so a count cannot ask for more memory than a small multiple of the input.
    if (count > this.#bytes.length - this.position) refuse('it ends early');
    const items: CborValue[] = [];
    for (let i = 0; i < count; i++) items.push(this.value(depth + 1));
    return items;
  }

  #map(count: number, depth: number): Map<number | string, CborValue> {
    if (count * 2 > this.#bytes.length - this.position) refuse('it ends early');
    const map = new Map<number | string, CborValue>();
    let lastStart = -1;
    let lastEnd = -1;
    for (let i = 0; i < count; i++) {
      const start = this.position;
      const argument = this.#head();
      let key: number | string;
      if (this.#major === 0) key = argument;
      else if (this.#major === 3) key = this.#text(argument);
      else return refuse('map key is neither an unsigned integer nor a string');
      if (lastStart >= 0 && !this.#ascends(lastStart, lastEnd, start)) refuse('map keys are not in order');
      lastStart = start;
      lastEnd = this.position;
      map.set(key, this.value(depth + 1));
    }
    return map;
  }

  /** Whether the encoded key at `lastStart` is below the one from `start` to here. No encoded key begins another. */
  #ascends(lastStart: number, lastEnd: number, start: number): boolean {
    const length = Math.min(lastEnd - lastStart, this.position - start);
    for (let i = 0; i < length; i++) {
      const last = this.#bytes[lastStart + i] as number;
      const next = this.#bytes[start + i] as number;
      if (last !== next) return last < next;
    }
    return false;
  }

  value(depth: number): CborValue {
    const argument = this.#head();
    switch (this.#major) {
      case 0:
        return argument;
      case 1:
        if (argument === Number.MAX_SAFE_INTEGER) refuse('number is too large');
        return -1 - argument;
      case 2:
        return this.#take(argument);
      case 3:
        return this.#text(argument);
      case 4:
      case 5:
        if (depth >= MAX_CBOR_DEPTH) refuse('it is nested too deeply');
        return this.#major === 4 ? this.#array(argument, depth) : this.#map(argument, depth);
      case 7:
        if (argument === 20 || argument === 21) return argument === 21;
        return refuse('simple value');
      default:
        return refuse('tag');
    }
  }
}

/**
 * The value of `bytes`, or `malformed` when they are not exactly what the encoder makes for some value: so a value
 * has one byte string and a signature one meaning. Byte strings are views of `bytes`, not copies.
 * Time and memory are linear in the input.
 */
export function decodeCbor(bytes: Uint8Array): CborValue {
  const reader = new Reader(bytes);
  const value = reader.value(0);
  if (reader.position !== bytes.length) refuse('bytes behind the value');
  return value;
}
