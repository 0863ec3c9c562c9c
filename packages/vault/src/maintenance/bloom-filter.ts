/**
 * A set with false positives and no false negatives, of fixed size (Bloom, 1970). Marks of gc live in one: a false
 * positive keeps a piece of garbage until the next run, which uses another salt; nothing live is ever missed.
 */
export class BloomFilter {
  readonly #bits: Uint8Array;
  readonly #hash: (bytes: Uint8Array) => Uint8Array;
  readonly #salt: Uint8Array;

  /** `bytes`: size of the filter, a power of two; 16 bits an element give about one false positive in 2,000. */
  constructor(bytes: number, salt: Uint8Array, hash: (bytes: Uint8Array) => Uint8Array) {
    this.#bits = new Uint8Array(bytes);
    this.#salt = salt;
    this.#hash = hash;
  }

  add(text: string): void {
    for (const bit of this.#positions(text)) {
      const at = bit >>> 3;
      this.#bits[at] = (this.#bits[at] as number) | (1 << (bit & 7));
    }
  }

  has(text: string): boolean {
    return this.#positions(text).every((bit) => ((this.#bits[bit >>> 3] as number) & (1 << (bit & 7))) !== 0);
  }

  #positions(text: string): number[] {
    const bytes = new TextEncoder().encode(text);
    const salted = new Uint8Array(this.#salt.length + bytes.length);
    salted.set(this.#salt);
    salted.set(bytes, this.#salt.length);
    const digest = this.#hash(salted);
    const view = new DataView(digest.buffer, digest.byteOffset, digest.byteLength);
    const mask = Math.min(this.#bits.length * 8, 2 ** 32) - 1;
    return [0, 4, 8, 12, 16, 20, 24].map((at) => (view.getUint32(at) & mask) >>> 0);
  }
}
