import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { type SecureContext, TLSSocket } from 'node:tls';

/**
 * Encrypted bytes held between socket and TLS, for every upload that waits for the vault. Node reads 64 KiB at once: less
 * than two of them would pause the socket at every chunk, and more make nothing faster.
 */
const TAP_BYTES = 128 * 1024;

/** The server's end of TLS over a socket. Failures of the handshake and later ones end the socket. */
export function secureSocket(socket: Socket, secureContext: SecureContext): TLSSocket {
  return finish(new TLSSocket(socket, { isServer: true, secureContext }));
}

export interface WatchedSocket {
  readonly socket: TLSSocket;
  /**
   * Whether the peer has ended its data with close_notify (RFC 8446, section 6.1), rather than been cut off. One that
   * came before the end of the handshake is in clear and may be anybody's: it counts for nothing.
   */
  closedProperly(): boolean;
}

/**
 * As {@link secureSocket}, and tells whether the data ended as the peer meant it to end. Node reports an end by
 * close_notify and one by TCP's FIN alone in the same way. What tells them apart is their order: TLS sees the first
 * before the socket beneath has ended, so the socket is read here and handed on, and its end is noted.
 */
export function watchedSecureSocket(socket: Socket, secureContext: SecureContext): WatchedSocket {
  const tap = new SocketTap(socket);
  const secure = new TLSSocket(tap, { isServer: true, secureContext });
  let established = false;
  let proper = false;
  secure.once('secure', () => {
    established = true;
  });
  const push = secure.push;
  secure.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
    if (chunk === null && established && !tap.ended) proper = true;
    return push.call(secure, chunk, encoding);
  };
  return { socket: finish(secure), closedProperly: () => proper };
}

function finish(socket: TLSSocket): TLSSocket {
  // A server-side socket without a tls.Server reports its failures here and does not end by itself.
  socket.on('_tlsError', () => socket.destroy());
  socket.on('error', () => socket.destroy());
  return socket;
}

/**
 * A socket as a plain stream, which notes when TLS has been handed everything. A client that closes with something of
 * ours unread, a TLS ticket say, resets the connection: that too is only the end of what it has sent.
 */
class SocketTap extends Duplex {
  readonly #socket: Socket;
  /** TLS has seen the end of the connection. */
  ended = false;
  #finished = false;

  constructor(socket: Socket) {
    super({ readableHighWaterMark: TAP_BYTES });
    this.#socket = socket;
    // The first listener: before TLS is told.
    this.once('end', () => {
      this.ended = true;
    });
    socket.on('data', (chunk) => {
      if (!this.push(chunk)) socket.pause();
    });
    const finish = (): void => {
      if (!this.#finished) this.push(null);
      this.#finished = true;
    };
    socket.on('end', finish);
    socket.on('close', finish);
    this.on('error', () => {});
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(
    chunk: Uint8Array,
    _encoding: BufferEncoding,
    callback: (error?: Error | null) => void,
  ): void {
    // A client that does not listen any more may still have sent all it had to.
    if (this.#socket.destroyed) callback();
    else this.#socket.write(chunk, () => callback());
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#socket.end(() => callback());
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#socket.destroy();
    callback(error);
  }
}
