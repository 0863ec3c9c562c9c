import type { Socket } from 'node:net';
import type { FileHandle } from '@latchkey/vault';
import type { Transfer } from './transfer.js';

/** Bytes read from the vault and written to the socket at once. */
const STEP_BYTES = 256 * 1024;

/** Reads under way while the socket drains: many transfers share the memory of one process. */
const AHEAD = 1;

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
  write(bytes: Uint8Array | string): Promise<void> | undefined {
    if (this.#closed) throw this.#transfer.broken();
    if (this.#socket.write(bytes)) return undefined;
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
  const reads: Promise<Uint8Array>[] = [];
  let asked = offset;
  const readAhead = (): void => {
    while (reads.length < AHEAD && asked < size) {
      const length = Math.min(STEP_BYTES, size - asked);
      const read = file.read(asked, length);
      // Whoever awaits it gets the error; nobody may when an earlier one fails.
      read.catch(() => {});
      reads.push(read);
      asked += length;
    }
  };
  for (let sent = offset; sent < size; ) {
    readAhead();
    transfer.waitsForVault = true;
    const bytes = await reads.shift();
    transfer.waitsForVault = false;
    if (bytes === undefined || bytes.length === 0) throw transfer.broken();
    sent += bytes.length;
    // A short read moves those that follow.
    if (bytes.length < STEP_BYTES && sent < size) {
      reads.length = 0;
      asked = sent;
    }
    transfer.bytes += bytes.length;
    readAhead();
    const piece = convert === undefined ? bytes : convert(bytes);
    if (sent === size) return outlet.end(piece);
    const room = outlet.write(piece);
    if (room !== undefined) await room;
  }
  await outlet.end();
}
