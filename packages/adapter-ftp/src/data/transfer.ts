import type { Socket } from 'node:net';
import type { SecureContext, TLSSocket } from 'node:tls';
import { ReplyError } from '../errors.js';
import { secureSocket, watchedSecureSocket } from '../tls/secure-socket.js';
import { BufferedConnection } from './read-buffers.js';
import type { DataSetup } from './setup.js';

/** Milliseconds after the last byte in which the client has to close a data connection. */
const LINGER_MS = 10_000;

export interface TransferOptions {
  readonly setup: DataSetup;
  /** Absent for a data connection in clear. */
  readonly secureContext?: SecureContext | undefined;
  readonly requireReuse: boolean;
  /** Milliseconds for the connection, and as many again for its TLS handshake. */
  readonly connectMs: number;
  readonly idleMs: number;
}

/** One data connection and what is known about it, from the command to its last byte. */
export class Transfer {
  /** Bytes of content so far. */
  bytes = 0;
  readonly #options: TransferOptions;
  #reason: ReplyError | undefined;
  #refused = false;
  #openedAt = performance.now();
  #socket: Socket | TLSSocket | undefined;
  #buffered: BufferedConnection | undefined;
  #stopConnecting: ((reason: ReplyError) => void) | undefined;
  #closedProperly: () => boolean = () => true;
  /** The vault, and not the client, is being waited for. */
  waitsForVault = false;

  constructor(options: TransferOptions) {
    this.#options = options;
  }

  /** Why the transfer was stopped from outside, if it was. */
  get reason(): ReplyError | undefined {
    return this.#reason;
  }

  /** How the data connection is read, when it is not by its socket. */
  get buffered(): BufferedConnection | undefined {
    return this.#buffered;
  }

  /** Milliseconds since the data connection was there. */
  get elapsedMs(): number {
    return performance.now() - this.#openedAt;
  }

  get encrypted(): boolean {
    return this.#options.secureContext !== undefined;
  }

  /** Whether the client has ended its data on purpose; in clear nothing tells. */
  get closedProperly(): boolean {
    return this.#closedProperly();
  }

  /** Ends the transfer, which then fails with `reason`. */
  stop(reason: ReplyError): void {
    this.#reason ??= reason;
    this.#stopConnecting?.(this.#reason);
    this.#socket?.destroy();
  }

  /** The data connection, ready for bytes. Throws 425, 426 or 522. */
  async open(direction: 'in' | 'out'): Promise<Socket | TLSSocket> {
    const { setup, connectMs, secureContext } = this.#options;
    const connecting = setup.connection(connectMs, (stop) => {
      this.#stopConnecting = stop;
    });
    const raw = connecting instanceof Promise ? await connecting : connecting;
    if (this.#reason !== undefined) {
      raw.destroy();
      throw this.#reason;
    }
    this.#socket = raw;
    this.#openedAt = performance.now();
    if (secureContext !== undefined) await this.#secure(raw, secureContext, direction);
    else if (direction === 'in') this.#takeOver(raw);
    const socket = this.#socket;
    this.#limitIdleTime(socket);
    return socket;
  }

  /** The client has all it gets, or we have all it sends: it has to close soon. */
  finish(): void {
    const socket = this.#socket;
    if (socket === undefined || socket.destroyed) return;
    socket.setTimeout(LINGER_MS, () => socket.destroy());
    socket.resume();
  }

  /**
   * Nothing more is taken, but the client may send what it is sending for a while: bytes that nobody reads would reset
   * the connection, and of that clients make a failure of the network which is worth another try.
   */
  refuse(): void {
    const socket = this.#socket;
    if (socket === undefined || socket.destroyed) return;
    this.#refused = true;
    const timer = setTimeout(() => socket.destroy(), LINGER_MS).unref();
    socket.once('close', () => clearTimeout(timer));
    socket.resume();
  }

  /** Nothing more is sent or taken. */
  discard(): void {
    if (!this.#refused) this.#socket?.destroy();
  }

  /** What a transfer that broke off is answered with. */
  broken(): ReplyError {
    return this.#reason ?? new ReplyError(426, 'the data connection was lost; transfer aborted');
  }

  #takeOver(raw: Socket): void {
    this.#buffered = BufferedConnection.takeOver(raw);
    if (this.#buffered !== undefined) this.#socket = this.#buffered.socket;
  }

  async #secure(raw: Socket, context: SecureContext, direction: 'in' | 'out'): Promise<void> {
    let socket: TLSSocket;
    if (direction === 'in') {
      const watched = watchedSecureSocket(raw, context);
      this.#closedProperly = watched.closedProperly;
      socket = watched.socket;
    } else socket = secureSocket(raw, context);
    this.#socket = socket;
    this.#limitHandshake(socket);
    // What comes in waits for no one; nobody is shown anything before the session has been looked at.
    if (direction === 'in' && !this.#options.requireReuse) return;
    // Node ends a connection without a handshake when there is nothing to send, an empty listing say.
    await new Promise<void>((resolve, reject) => {
      const fail = (): void => {
        reject(this.broken());
        socket.destroy();
      };
      // A client that ends before the handshake leaves Node waiting for more of it.
      socket.once('end', fail);
      socket.once('close', fail);
      socket.once('secure', () => {
        socket.off('end', fail);
        socket.off('close', fail);
        // Not inside the handshake itself: what is written there overtakes its last messages.
        setImmediate(resolve);
      });
    });
    if (!this.#options.requireReuse) return;
    if (socket.isSessionReused()) return;
    socket.destroy();
    throw new ReplyError(522, 'the data connection must resume the TLS session of the control connection');
  }

  #limitHandshake(socket: TLSSocket): void {
    const late = new ReplyError(425, 'no TLS handshake on the data connection in time');
    const timer = setTimeout(() => this.stop(late), this.#options.connectMs);
    socket.once('secure', () => clearTimeout(timer));
    socket.once('close', () => clearTimeout(timer));
  }

  #limitIdleTime(socket: Socket): void {
    const { idleMs } = this.#options;
    socket.removeAllListeners('timeout');
    socket.setTimeout(idleMs, () => {
      if (this.waitsForVault) socket.setTimeout(idleMs);
      else this.stop(new ReplyError(426, 'the data connection was idle for too long; transfer aborted'));
    });
  }
}
