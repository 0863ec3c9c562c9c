/** A packet that does not have the form its type demands. The request is answered with BAD_MESSAGE. */
export class MalformedPacketError extends Error {
  override readonly name = 'MalformedPacketError';
}

/** Reads the fields of one packet in order. Every method throws {@link MalformedPacketError} when bytes are missing. */
export class PacketReader {
  readonly #packet: Buffer;
  #position = 0;

  constructor(packet: Buffer) {
    this.#packet = packet;
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.#packet.length - this.#position;
  }

  #take(count: number): number {
    if (count > this.remaining) {
      throw new MalformedPacketError(`the packet ends ${count - this.remaining} bytes early`);
    }
    const at = this.#position;
    this.#position += count;
    return at;
  }

  uint8(): number {
    return this.#packet.readUInt8(this.#take(1));
  }

  uint32(): number {
    return this.#packet.readUInt32BE(this.#take(4));
  }

  /** An unsigned 64-bit number, 0 to 2^64 - 1. Above 2^53 - 1 the nearest number that JavaScript has. */
  uint64(): number {
    const at = this.#take(8);
    return this.#packet.readUInt32BE(at) * 0x1_0000_0000 + this.#packet.readUInt32BE(at + 4);
  }

  /** A counted string as a view into the packet, not a copy. */
  bytes(): Buffer {
    const length = this.uint32();
    const at = this.#take(length);
    return this.#packet.subarray(at, at + length);
  }

  /** A counted string of ASCII, such as the name of an extension. */
  ascii(): string {
    return this.bytes().toString('latin1');
  }
}
