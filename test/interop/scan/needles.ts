import { createHash } from 'node:crypto';

/** A needle shorter than this would be found in random bytes by chance. */
export const MIN_NEEDLE_BYTES = 8;

export interface Find {
  readonly label: string;
  /** Bytes from the start of what was searched. */
  readonly offset: number;
}

/**
 * Byte strings that must not occur in a store, found in one pass however many there are: a bit set over the first
 * three bytes leaves few places where the exact table is asked.
 */
export class Needles {
  readonly #beginnings = new Uint8Array(2 ** 21);
  readonly #byBeginning = new Map<number, { bytes: Uint8Array; label: string }[]>();
  #longest = 0;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Bytes of the longest needle: pieces of a stream are searched with this much overlap. */
  get longest(): number {
    return this.#longest;
  }

  add(bytes: Uint8Array, label: string): void {
    if (bytes.length < MIN_NEEDLE_BYTES) throw new RangeError(`needle too short to mean anything: ${label}`);
    const beginning = (bytes[0]! << 16) | (bytes[1]! << 8) | bytes[2]!;
    const same = this.#byBeginning.get(beginning) ?? [];
    if (same.some((other) => Buffer.compare(other.bytes, bytes) === 0)) return;
    this.#byBeginning.set(beginning, [...same, { bytes, label }]);
    this.#beginnings[beginning >> 3]! |= 1 << (beginning & 7);
    this.#longest = Math.max(this.#longest, bytes.length);
    this.#count += 1;
  }

  /** A text as UTF-8 and in the encodings in which a careless program might store it. */
  addText(text: string, label: string): void {
    const bytes = Buffer.from(text);
    this.add(bytes, label);
    this.addEncoded(bytes, label);
    if (/[^\x20-\x7e]/.test(text)) this.add(Buffer.from(text, 'utf16le'), `${label} in UTF-16`);
  }

  /** A digest, raw and in every usual encoding. */
  addDigest(digest: Uint8Array, label: string): void {
    this.add(digest, `${label}, raw`);
    this.addEncoded(digest, label);
  }

  /** The three digests that protocols speak of. */
  addDigestsOf(digests: ReadonlyMap<string, Uint8Array>, label: string): void {
    for (const [name, digest] of digests) this.addDigest(digest, `${name} of ${label}`);
  }

  private addEncoded(bytes: Uint8Array, label: string): void {
    const buffer = Buffer.from(bytes);
    const hex = buffer.toString('hex');
    this.add(Buffer.from(hex), `${label}, hexadecimal`);
    this.add(Buffer.from(hex.toUpperCase()), `${label}, hexadecimal`);
    // Whole groups of three bytes only: the last group also depends on what follows.
    const whole = buffer.subarray(0, buffer.length - (buffer.length % 3));
    if (whole.length < MIN_NEEDLE_BYTES) return;
    this.add(Buffer.from(whole.toString('base64')), `${label}, base64`);
    this.add(Buffer.from(whole.toString('base64url')), `${label}, base64url`);
  }

  /** Every needle that lies whole in `bytes`. */
  findIn(bytes: Uint8Array): Find[] {
    const found: Find[] = [];
    const beginnings = this.#beginnings;
    let window = bytes.length > 1 ? (bytes[0]! << 8) | bytes[1]! : 0;
    for (let end = 2; end < bytes.length; end += 1) {
      window = ((window << 8) | bytes[end]!) & 0xffffff;
      if ((beginnings[window >> 3]! & (1 << (window & 7))) === 0) continue;
      const offset = end - 2;
      for (const { bytes: needle, label } of this.#byBeginning.get(window) ?? []) {
        if (Buffer.compare(bytes.subarray(offset, offset + needle.length), needle) === 0)
          found.push({ label, offset });
      }
    }
    return found;
  }
}

/** MD5, SHA-1 and SHA-256 of the bytes. */
export function digestsOf(bytes: Uint8Array): Map<string, Uint8Array> {
  return new Map(['md5', 'sha1', 'sha256'].map((name) => [name, createHash(name).update(bytes).digest()]));
}
