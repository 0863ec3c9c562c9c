import { MAX_ACCEPTED_PACKET_BYTES } from './constants.js';

/** The byte stream cannot be cut into packets any more. The session has to end. */
export class FramingError extends Error {
  override readonly name = 'FramingError';
}

/**
 * Takes one packet without its length field. `recycle` must be called once, when nothing refers to the bytes any more.
 */
export type PacketListener = (packet: Buffer, recycle: () => void) => void;

/** Packets that span chunks are assembled in buffers of one of these sizes, which are used again. Ascending. */
const BUFFER_BYTES: readonly number[] = [4 * 1024, 40 * 1024, MAX_ACCEPTED_PACKET_BYTES];
/** Of each size, for all sessions together: 11 MiB. What one session holds is bounded by its pending requests. */
const SPARE_BUFFERS = 32;
const spares: readonly Buffer[][] = BUFFER_BYTES.map(() => []);
const NOTHING = (): void => {};

/**
 * Cuts a stream of chunks into packets. Holds at most one incomplete packet, whose length was checked before memory
 * was taken for it. A packet that lies whole in a chunk is passed as a view of the chunk.
 */
export class PacketFramer {
  readonly #listener: PacketListener;
  readonly #header = Buffer.alloc(4);
  #headerLength = 0;
  #body: Buffer | undefined;
  #bodyLength = 0;
  #sizeClass = 0;

  constructor(listener: PacketListener) {
    this.#listener = listener;
  }

  /** Whether the stream stands between two packets. */
  get atBoundary(): boolean {
    return this.#headerLength === 0;
  }

  /**
   * Takes the next chunk, which must not be changed until every packet in it is recycled.
   * Throws {@link FramingError} for a length of zero or over {@link MAX_ACCEPTED_PACKET_BYTES}.
   */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#body === undefined) {
        const missing = 4 - this.#headerLength;
        if (missing > 0) {
          const taken = Math.min(missing, chunk.length - at);
          chunk.copy(this.#header, this.#headerLength, at, at + taken);
          this.#headerLength += taken;
          at += taken;
          if (taken < missing) return;
        }
        const length = this.#packetLength();
        if (chunk.length - at >= length) {
          this.#headerLength = 0;
          this.#listener(chunk.subarray(at, at + length), NOTHING);
          at += length;
          continue;
        }
        if (at === chunk.length) return;
        this.#body = this.#borrow(length);
        this.#bodyLength = 0;
      }
      const taken = Math.min(this.#body.length - this.#bodyLength, chunk.length - at);
      chunk.copy(this.#body, this.#bodyLength, at, at + taken);
      this.#bodyLength += taken;
      at += taken;
      if (this.#bodyLength === this.#body.length) this.#complete(this.#body);
    }
  }

  #packetLength(): number {
    const length = this.#header.readUInt32BE(0);
    if (length === 0) throw new FramingError('a packet of no bytes');
    if (length > MAX_ACCEPTED_PACKET_BYTES) {
      throw new FramingError(`a packet of ${length} bytes is over the limit of ${MAX_ACCEPTED_PACKET_BYTES}`);
    }
    return length;
  }

  #borrow(length: number): Buffer {
    this.#sizeClass = BUFFER_BYTES.findIndex((size) => length <= size);
    const buffer =
      spares[this.#sizeClass]?.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES[this.#sizeClass] ?? length);
    return buffer.subarray(0, length);
  }

  #complete(packet: Buffer): void {
    const spare = spares[this.#sizeClass];
    this.#body = undefined;
    this.#headerLength = 0;
    this.#listener(packet, () => {
      if (spare !== undefined && spare.length < SPARE_BUFFERS) spare.push(Buffer.from(packet.buffer));
    });
  }
}
