import { concatBytes } from '../../src/bytes.js';
import { type CryptoProvider, type DirectoryKeys, deriveDirectory } from '../../src/index.js';
import { flip, fromHex } from '../bytes.js';
import { segmentFile } from './segment-file.js';
import type { Json } from './vector.js';

/** Reads the inputs of a vector, and fails the test when one is missing. */
export class Inputs {
  readonly #values: { readonly [key: string]: Json };

  constructor(values: { readonly [key: string]: Json }) {
    this.#values = values;
  }

  text(name: string): string {
    const value = this.#values[name];
    if (typeof value !== 'string') throw new TypeError(`input ${name} is missing`);
    return value;
  }

  /** Hexadecimal, or `{ "zeros": n }` for what is refused for its size alone. */
  bytes(name: string): Uint8Array {
    const value = this.#values[name];
    if (typeof value === 'object' && 'zeros' in value) return new Uint8Array(value.zeros as number);
    return fromHex(this.text(name));
  }

  number(name: string): number {
    const value = this.#values[name];
    if (typeof value !== 'number') throw new TypeError(`input ${name} is missing`);
    return value;
  }

  list(name: string): readonly Uint8Array[] {
    const value = this.#values[name];
    if (!Array.isArray(value)) throw new TypeError(`input ${name} is missing`);
    return (value as readonly string[]).map(fromHex);
  }

  /** Ranges of the published segment, joined, with single bits changed. */
  segment(): Uint8Array {
    const { parts, flips } = this.#values as unknown as {
      parts: readonly [number, number][];
      flips: readonly number[];
    };
    const file = segmentFile();
    const blob = concatBytes(...parts.map(([from, to]) => file.subarray(from, to)));
    return flips.reduce((bytes, at) => flip(bytes, at), blob);
  }

  has(name: string): boolean {
    return this.#values[name] !== undefined;
  }

  directory(p: CryptoProvider): DirectoryKeys {
    const identity = {
      uid: this.bytes('uid'),
      generation: this.number('generation'),
      readSecret: this.bytes('readSecret'),
    };
    return deriveDirectory(p, this.bytes('vaultId'), identity);
  }
}
