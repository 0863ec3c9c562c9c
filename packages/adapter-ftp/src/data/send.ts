import type { Socket } from 'node:net';
import type { Borrowed, FileHandle } from '@latchkey/vault';
import type { Transfer } from './transfer.js';

/** Bytes read from the vault and written to the socket at once. The vault's memory for reading has this size. */
const STEP_BYTES = 256 * 1024;
/** Steps that are on their way from the vault while one is on its way to the client. */
const AHEAD = 2;

/** Writes to a data connection at the pace of the client. */
export class Outlet {
  readonly #socket: Socket;
  readonly #transfer: Transfer;
  #drained: (() => void) | undefined;
  #failed: ((error: unknown) => void) | undefined;
  #closed = false;

  constructor(socket: Socket, transfer: Transfer) {
    this.#socket = socket;
    this.#transfer = transfer;
    this.#closed = socket.destroyed;
    socket.on('drain', () => this.#drained?.());
    socket.once('close', () => {
      this.#closed = true;
      this.#failed?.(transfer.broken());
    });
    // What a client sends on a download is nobody's; reading it notices when the client goes.
    socket.resume();
  }

  /**
   * Resolves when there is room for more; at once, with undefined, if there is. Rejects when the client is gone. `sent` is
   * called when everything is the operating system's, so that the memory of `pieces` can be used for something else.
   */
  write(pieces: readonly (Uint8Array | string)[], sent?: () => void): Promise<void> | undefined {
    if (this.#closed) throw this.#transfer.broken();
    // Together, in one system call.
    this.#socket.cork();
    const last = pieces.length - 1;
    pieces.forEach((piece, index) => {
      // After a failure the system may have it still.
      if (index < last || sent === undefined) this.#socket.write(piece);
      else this.#socket.write(piece, (error) => error ?? sent());
    });
    this.#socket.uncork();
    if (!this.#socket.writableNeedDrain) return undefined;
    return new Promise((resolve, reject) => {
      this.#drained = resolve;
      this.#failed = reject;
    });
  }

  /** Ends the data after `bytes`. Resolves when everything is the operating system's. */
  end(bytes?: Uint8Array | string): Promise<void> {
    if (this.#closed) return Promise.reject(this.#transfer.broken());
    return new Promise((resolve, reject) => {
      this.#failed = reject;
      if (bytes === undefined) this.#socket.end(() => resolve());
      else this.#socket.end(bytes, () => resolve());
    });
  }
}

/** Sends a file from `offset` to its end, `size`, each piece through `convert` if there is one. */
export async function sendFile(
  file: FileHandle,
  offset: number,
  size: number,
  outlet: Outlet,
  transfer: Transfer,
  convert?: (bytes: Uint8Array) => Uint8Array,
): Promise<void> {
  const fetching: Promise<Borrowed>[] = [];
  let asked = offset;
  const fetch = (): void => {
    // To the next boundary, so that no step but the first begins in the middle of the vault's memory.
    const length = Math.min(STEP_BYTES - (asked % STEP_BYTES), size - asked);
    const step = borrowAll(file, asked, length);
    // Whoever awaits it gets the error; nobody may when an earlier one fails.
    step.catch(() => {});
    fetching.push(step);
    asked += length;
  };
  for (let sent = offset; sent < size; ) {
    // A few steps are read while the socket drains: many transfers share the memory of one process.
    while (fetching.length <= AHEAD && asked < size) fetch();
    transfer.waitsForVault = true;
    const { pieces, giveBack } = await (fetching.shift() as Promise<Borrowed>);
    transfer.waitsForVault = false;
    const bytes = bytesOf(pieces);
    if (bytes === 0) throw transfer.broken();
    sent += bytes;
    transfer.bytes += bytes;
    const room = convert === undefined ? outlet.write(pieces, giveBack) : outlet.write(pieces.map(convert));
    if (convert !== undefined) giveBack();
    if (room !== undefined) await room;
  }
  await outlet.end();
}

/** All of a stretch of a file: what is borrowed at once may end earlier. */
async function borrowAll(file: FileHandle, offset: number, length: number): Promise<Borrowed> {
  const first = await file.borrow(offset, length);
  let had = bytesOf(first.pieces);
  if (had === length || had === 0) return first;
  const parts = [first];
  while (had < length) {
    const next = await file.borrow(offset + had, length - had);
    const bytes = bytesOf(next.pieces);
    if (bytes === 0) break;
    parts.push(next);
    had += bytes;
  }
  return {
    pieces: parts.flatMap(({ pieces }) => pieces),
    giveBack: () => {
      for (const part of parts) part.giveBack();
    },
  };
}

function bytesOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}
