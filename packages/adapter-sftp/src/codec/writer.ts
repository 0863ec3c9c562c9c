const INITIAL_BYTES = 256;

/**
 * Builds one packet: the length field, the type and then the fields in order. The buffer grows by doubling;
 * {@link finish} fills in the length.
 */
export class PacketWriter {
  #buffer: Buffer;
  #length = 0;

  /** `capacity` in bytes spares growing when the size is roughly known. */
  constructor(type: number, capacity: number = INITIAL_BYTES) {
    this.#buffer = Buffer.allocUnsafe(Math.max(capacity, 16));
    this.#length = 4;
    this.uint8(type);
  }

  /** Bytes written so far, the length field included. */
  get length(): number {
    return this.#length;
  }

  /** Makes room and returns where it begins. May replace the buffer: call it before looking at that. */
  #reserve(count: number): number {
    const at = this.#length;
    const needed = at + count;
    if (needed > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
      this.#buffer.copy(grown, 0, 0, at);
      this.#buffer = grown;
    }
    this.#length = needed;
    return at;
  }

  uint8(value: number): this {
    const at = this.#reserve(1);
    this.#buffer.writeUInt8(value, at);
    return this;
  }

  uint32(value: number): this {
    const at = this.#reserve(4);
    this.#buffer.writeUInt32BE(value, at);
    return this;
  }

  /** `value` is a whole number from 0 to 2^53 - 1. */
  uint64(value: number): this {
    const at = this.#reserve(8);
    this.#buffer.writeUInt32BE(Math.floor(value / 0x1_0000_0000), at);
    this.#buffer.writeUInt32BE(value % 0x1_0000_0000, at + 4);
    return this;
  }

  bytes(value: Uint8Array): this {
    this.uint32(value.length);
    const at = this.#reserve(value.length);
    this.#buffer.set(value, at);
    return this;
  }

  /** A counted string in UTF-8. */
  text(value: string): this {
    const length = Buffer.byteLength(value);
    this.uint32(length);
    const at = this.#reserve(length);
    this.#buffer.write(value, at, 'utf8');
    return this;
  }

  /** Overwrites four bytes written earlier, such as a count that was not known yet. */
  patchUint32(at: number, value: number): void {
    this.#buffer.writeUInt32BE(value, at);
  }

  /** The packet. `following` counts bytes that the caller sends right behind it as part of the same packet. */
  finish(following: number = 0): Buffer {
    this.#buffer.writeUInt32BE(this.#length - 4 + following, 0);
    return this.#buffer.subarray(0, this.#length);
  }
}
