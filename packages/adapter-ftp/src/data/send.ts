import type { Socket } from 'node:net';
import { type FileHandle, lend } from '@latchkey/vault';
import type { Transfer } from './transfer.js';

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
  const steps = lend(file, offset, size - offset);
  for (let sent = offset; sent < size; ) {
    transfer.waitsForVault = true;
    const step = await steps.next();
    transfer.waitsForVault = false;
    if (step.done === true) throw transfer.broken();
    const { pieces, giveBack } = step.value;
    const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
    sent += bytes;
    transfer.bytes += bytes;
    const room = convert === undefined ? outlet.write(pieces, giveBack) : outlet.write(pieces.map(convert));
    if (convert !== undefined) giveBack();
    if (room !== undefined) await room;
  }
  await outlet.end();
}
