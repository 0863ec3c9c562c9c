import type { Entry } from '@latchkey/vault';
import { type Owner, writeAttributes } from './attributes.js';
import { PACKET, STATUS, type StatusCode } from './constants.js';
import { longName } from './longname.js';
import { PacketWriter } from './writer.js';

/** One packet, in pieces that are sent one behind the other. */
export interface Reply {
  readonly pieces: readonly Uint8Array[];
  /** To be called when nothing reads `pieces` any more; if it is not, their memory is collected as any other. */
  readonly giveBack?: () => void;
}

export function statusReply(id: number, status: StatusCode, message: string): Reply {
  return {
    pieces: [
      new PacketWriter(PACKET.STATUS, 32 + message.length)
        .uint32(id)
        .uint32(status)
        .text(message)
        .text('')
        .finish(),
    ],
  };
}

export function okReply(id: number): Reply {
  return statusReply(id, STATUS.OK, '');
}

export function handleReply(id: number, handle: Uint8Array): Reply {
  return { pieces: [new PacketWriter(PACKET.HANDLE, 32).uint32(id).bytes(handle).finish()] };
}

/** `data` is not copied. */
export function dataReply(id: number, data: Reply): Reply {
  const length = data.pieces.reduce((sum, piece) => sum + piece.length, 0);
  const head = new PacketWriter(PACKET.DATA, 16).uint32(id).uint32(length).finish(length);
  return { ...data, pieces: [head, ...data.pieces] };
}

export function attributesReply(id: number, entry: Entry, owner: Owner): Reply {
  const writer = new PacketWriter(PACKET.ATTRS, 48).uint32(id);
  writeAttributes(writer, entry, owner);
  return { pieces: [writer.finish()] };
}

/** One name without attributes, the answer to REALPATH and READLINK. */
export function nameReply(id: number, name: string): Reply {
  return {
    pieces: [
      new PacketWriter(PACKET.NAME, 32 + name.length * 2)
        .uint32(id)
        .uint32(1)
        .text(name)
        .text(name)
        .uint32(0)
        .finish(),
    ],
  };
}

/** A page of a directory. */
export class ListingReply {
  readonly #writer: PacketWriter;
  readonly #countAt: number;
  readonly #owner: Owner;
  readonly #nowSeconds = Date.now() / 1000;
  #count = 0;

  constructor(id: number, owner: Owner, capacity: number) {
    this.#writer = new PacketWriter(PACKET.NAME, capacity).uint32(id);
    this.#countAt = this.#writer.length;
    this.#writer.uint32(0);
    this.#owner = owner;
  }

  get count(): number {
    return this.#count;
  }

  /** Bytes so far. */
  get length(): number {
    return this.#writer.length;
  }

  add(entry: Entry): void {
    this.#writer.text(entry.name).text(longName(entry, this.#owner, this.#nowSeconds));
    writeAttributes(this.#writer, entry, this.#owner);
    this.#count += 1;
  }

  finish(): Reply {
    this.#writer.patchUint32(this.#countAt, this.#count);
    return { pieces: [this.#writer.finish()] };
  }
}

/** An extended reply whose body the caller writes. */
export function extendedReply(id: number, write: (writer: PacketWriter) => void): Reply {
  const writer = new PacketWriter(PACKET.EXTENDED_REPLY, 128).uint32(id);
  write(writer);
  return { pieces: [writer.finish()] };
}
