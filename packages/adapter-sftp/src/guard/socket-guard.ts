import type { Socket } from 'node:net';

/** Encrypted bytes waiting for a peer that does not read, after which nothing more is read from it. */
const STALLED_BYTES = 16 * 1024 * 1024;

/**
 * To be called before ssh2 has the socket. Stops reading from a peer that lets our answers pile up: every message of
 * SSH that wants an answer would otherwise grow the memory. Reading goes on when the socket has drained.
 * What ssh2 writes while it handles a chunk leaves in one system call.
 */
export function regulateSocket(socket: Socket): void {
  socket.on('data', () => {
    if (socket.writableLength > STALLED_BYTES) socket.pause();
    socket.cork();
    process.nextTick(() => socket.uncork());
  });
  socket.on('drain', () => socket.resume());
}

/** Ends a connection and, if the peer does not follow within `graceMs` milliseconds, cuts it. */
export function endSocket(socket: Socket, graceMs: number = 2_000): void {
  socket.end();
  const timer = setTimeout(() => socket.destroy(), graceMs);
  timer.unref();
  socket.once('close', () => clearTimeout(timer));
}
