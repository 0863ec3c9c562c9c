import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';

/** Bytes read from a socket at once. */
const BUFFER_BYTES = 128 * 1024;
/** Buffers of one upload: one that the system fills, the others on their way to the vault. */
const BUFFERS = 4;
/** Idle buffers that are kept: 4 MiB. */
const KEPT = 32;

const idle: Buffer[] = [];

/** Takes what was read. Resolves when it is not needed any more. */
export type Reader = (bytes: Buffer) => Promise<void>;

/**
 * A connection that is read into a few buffers, used again and again. Node takes fresh memory for each read, and for a large
 * upload making and collecting it costs more than the reading.
 */
export class BufferedConnection {
  readonly socket: Socket;
  readonly #free: Buffer[] = [];
  #made = 1;
  #reader: Reader | undefined;
  #ended = false;

  /**
   * Takes a connection over from a socket that has not read from it yet, and which is of no use afterwards. Undefined where
   * that cannot be done: the socket is as it was.
   */
  static takeOver(from: Socket): BufferedConnection | undefined {
    const { _handle: handle } = from as Socket & { _handle?: Handle | null };
    const untouched = from.readableLength === 0 && !from.readableEnded && !from.destroyed;
    if (!untouched || typeof handle?.useUserBuffer !== 'function' || handle.reading !== false)
      return undefined;
    (from as unknown as { _handle: null })._handle = null;
    from.destroy();
    return new BufferedConnection(handle);
  }

  private constructor(handle: Handle) {
    let current = takeBuffer();
    let begun = false;
    const options: SocketConstructorOpts & Internal = {
      handle,
      allowHalfOpen: true,
      pauseOnCreate: true,
      onread: {
        // Asked for once at the beginning and then after each read.
        buffer: () => {
          if (begun) current = this.#free.pop() ?? current;
          begun = true;
          return current;
        },
        callback: (length: number) => this.#took(current, length),
      },
    };
    this.socket = new Socket(options);
    // The one who waits for its end hears of it.
    this.socket.on('error', () => {});
    this.socket.once('close', () => {
      this.#ended = true;
      for (const buffer of [...this.#free.splice(0), current]) giveBack(buffer);
    });
  }

  /** To be called once, before the socket is resumed. A reader that rejects gets nothing more. */
  read(reader: Reader): void {
    this.#reader = reader;
  }

  /** False when there is no buffer for what comes next but the one that is installed already. */
  #took(buffer: Buffer, length: number): boolean {
    if (this.#free.length === 0 && this.#made < BUFFERS) {
      this.#made += 1;
      this.#free.push(takeBuffer());
    }
    const bytes = buffer.subarray(0, length);
    if (this.#free.length === 0) {
      // Somebody has resumed the socket although all are in use: this one stays where it is.
      this.#hand(Buffer.from(bytes)).catch(() => {});
      return false;
    }
    const back = (): void => this.#release(buffer);
    this.#hand(bytes).then(back, back);
    return this.#free.length > 1 || this.#made < BUFFERS;
  }

  async #hand(bytes: Buffer): Promise<void> {
    await this.#reader?.(bytes);
  }

  #release(buffer: Buffer): void {
    if (this.#ended) {
      giveBack(buffer);
      return;
    }
    const dry = this.#free.length === 0;
    this.#free.push(buffer);
    if (dry) this.socket.resume();
  }
}

/** What of Node's own object for a connection is used. */
interface Handle {
  reading?: boolean;
  useUserBuffer?(buffer: Uint8Array): void;
}

/** Options of sockets that Node's own servers and clients use, and the types do not name. */
interface Internal {
  readonly onread: OnReadOpts;
  readonly handle: Handle;
  readonly pauseOnCreate: boolean;
}

function takeBuffer(): Buffer {
  return idle.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES);
}

function giveBack(buffer: Buffer): void {
  if (idle.length < KEPT) idle.push(buffer);
}
