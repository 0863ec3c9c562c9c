import type { Socket } from 'node:net';
import type { FileHandle } from '@latchkey/vault';
import type { Transfer } from './transfer.js';

/** Bytes read from the vault and written to the socket at once. */
const STEP_BYTES = 256 * 1024;

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

  /** Resolves when there is room for more; at once, with undefined, if there is. Rejects when the client is gone. */
  write(pieces: readonly (Uint8Array | string)[]): Promise<void> | undefined {
    if (this.#closed) throw this.#transfer.broken();
    // Together, in one system call.
    this.#socket.cork();
    for (const piece of pieces) this.#socket.write(piece);
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
  const fetch = (from: number): Promise<readonly Uint8Array[]> => {
    const step = file.readPieces(from, Math.min(STEP_BYTES, size - from));
    // Whoever awaits it gets the error; nobody may when an earlier one fails.
    step.catch(() => {});
    return step;
  };
  let next = offset < size ? fetch(offset) : undefined;
  for (let sent = offset; next !== undefined; ) {
    transfer.waitsForVault = true;
    const pieces = await next;
    transfer.waitsForVault = false;
    const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
    if (bytes === 0) throw transfer.broken();
    sent += bytes;
    transfer.bytes += bytes;
    // One step is read while the socket drains: many transfers share the memory of one process.
    next = sent < size ? fetch(sent) : undefined;
    const room = outlet.write(convert === undefined ? pieces : pieces.map(convert));
    if (room !== undefined) await room;
  }
  await outlet.end();
}
