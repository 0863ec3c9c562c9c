import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Reply } from '../codec/replies.js';

/** Bytes of one channel packet of SSH, to which small replies are packed together. */
const PACK_BYTES = 32 * 1024;

const NOTHING: readonly (() => void)[] = [];

/** Encrypted bytes that may wait in the socket before replies are held back. */
const SOCKET_HIGH_WATER_BYTES = 2 * 1024 * 1024;

/**
 * Sends replies: those of one turn of the event loop together, large ones without copying, none while the socket is
 * full. ssh2 by itself hands everything that the peer's window allows to the socket, whatever the socket does.
 */
export class ReplyStream {
  readonly #channel: Duplex;
  readonly #socket: Socket;
  readonly #onSent: () => void;
  #queue: Uint8Array[] = [];
  /** What takes the memory of queued pieces back. */
  #owed: (() => void)[] = [];
  #unsent = 0;
  #scheduled = false;
  #waiting = false;
  #dead = false;
  readonly #flushed: (() => void)[] = [];

  /** `onSent` is called when bytes have left and {@link unsent} has fallen. */
  constructor(channel: Duplex, socket: Socket, onSent: () => void) {
    this.#channel = channel;
    this.#socket = socket;
    this.#onSent = onSent;
  }

  /** Bytes that the channel has not taken yet. */
  get unsent(): number {
    return this.#unsent;
  }

  send(reply: Reply): void {
    if (this.#dead) return;
    for (const piece of reply.pieces) {
      this.#queue.push(piece);
      this.#unsent += piece.length;
    }
    if (reply.giveBack !== undefined) this.#owed.push(reply.giveBack);
    this.#schedule();
  }

  /** Resolves when everything was taken by the channel, or the connection is lost. */
  async flushed(): Promise<void> {
    if (this.#unsent === 0 || this.#dead) return;
    await new Promise<void>((resolve) => this.#flushed.push(resolve));
  }

  /** The connection is gone: drops what is queued. */
  destroy(): void {
    this.#dead = true;
    this.#queue = [];
    this.#owed = [];
    this.#unsent = 0;
    this.#settle();
  }

  #schedule(): void {
    if (this.#scheduled || this.#waiting) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#dead || this.#queue.length === 0) return;
    if (this.#socket.writableLength > SOCKET_HIGH_WATER_BYTES) {
      this.#waiting = true;
      this.#socket.once('drain', () => {
        this.#waiting = false;
        this.#flush();
      });
      return;
    }
    const queue = this.#queue;
    const owed = this.#owed;
    this.#queue = [];
    this.#owed = [];
    // One system call for all channel packets of this turn.
    this.#socket.cork();
    try {
      const parts = packed(queue);
      const last = parts.pop();
      for (const part of parts) this.#write(part, NOTHING);
      if (last !== undefined) this.#write(last, owed);
    } catch {
      // ssh2 throws when the connection went away meanwhile; its close event ends the session.
      this.destroy();
    } finally {
      this.#socket.uncork();
    }
  }

  /** `owed` is for the last part of a queue: when the channel has taken it, it has taken those before it. */
  #write(part: Buffer, owed: readonly (() => void)[]): void {
    this.#channel.write(part, (error) => {
      // A dying channel may have them still.
      if (!error) {
        giveBackPack(part);
        for (const giveBack of owed) giveBack();
      }
      if (this.#dead) return;
      this.#unsent -= part.length;
      if (this.#unsent === 0) this.#settle();
      this.#onSent();
    });
  }

  #settle(): void {
    for (const resolve of this.#flushed.splice(0)) resolve();
  }
}

/** Memory of packets that the channel has taken, all connections together: 2 MiB. */
const KEPT = 64;
const kept: ArrayBuffer[] = [];
const packs = new WeakSet<ArrayBufferLike>();

/** The pieces as one packet, in memory that is used again: fresh memory for each would keep the collector busy. */
function pack(pieces: readonly Uint8Array[], bytes: number): Buffer {
  if (bytes < PACK_BYTES) return Buffer.concat(pieces, bytes);
  const memory = kept.pop() ?? Buffer.allocUnsafeSlow(PACK_BYTES).buffer;
  packs.add(memory);
  const packet = Buffer.from(memory);
  let at = 0;
  for (const piece of pieces) {
    packet.set(piece, at);
    at += piece.length;
  }
  return packet;
}

/** To be called when ssh2 has copied a part into its own packets; parts that are not packs are nobody's to give. */
function giveBackPack(part: Buffer): void {
  if (kept.length < KEPT && packs.delete(part.buffer)) kept.push(part.buffer as ArrayBuffer);
}

/** Joins small pieces up to a packet and fills a packet from the front of a large piece; the rest is not copied. */
export function packed(pieces: readonly Uint8Array[]): Buffer[] {
  const parts: Buffer[] = [];
  let open: Uint8Array[] = [];
  let openBytes = 0;
  const closePart = (): void => {
    if (openBytes > 0) parts.push(open.length === 1 ? viewOf(open[0] as Uint8Array) : pack(open, openBytes));
    open = [];
    openBytes = 0;
  };
  for (const piece of pieces) {
    let rest = piece;
    while (rest.length > 0) {
      if (openBytes === 0 && rest.length >= PACK_BYTES) {
        const whole = rest.length - (rest.length % PACK_BYTES);
        parts.push(viewOf(rest.subarray(0, whole)));
        rest = rest.subarray(whole);
        continue;
      }
      const head = rest.subarray(0, PACK_BYTES - openBytes);
      open.push(head);
      openBytes += head.length;
      rest = rest.subarray(head.length);
      if (openBytes === PACK_BYTES) closePart();
    }
  }
  closePart();
  return parts;
}

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
