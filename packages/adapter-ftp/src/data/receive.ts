import type { Socket } from 'node:net';
import { isNoSpace } from '../errors.js';
import type { Transfer } from './transfer.js';

/** Bytes taken from the socket and not yet by the vault, after which the socket is not read. */
const HIGH_BYTES = 256 * 1024;
const LOW_BYTES = 128 * 1024;

/** Takes one piece; resolves when there is room for more. Pieces are given in order, before earlier ones resolve. */
export type Sink = (bytes: Buffer) => Promise<void>;

/**
 * Hands what the client sends to `sink` until it ends its data. Rejects when the connection breaks, with the reason if
 * it was stopped, or as `sink` does.
 */
export function receive(socket: Socket, transfer: Transfer, sink: Sink): Promise<void> {
  return new Promise((resolve, reject) => {
    let pending = 0;
    let ended = false;
    let settled = false;
    const fail = (error: unknown): void => {
      if (settled) return;
      settled = true;
      transfer.waitsForVault = false;
      reject(error);
      if (isNoSpace(error)) transfer.refuse();
      else socket.destroy();
    };
    const finishIfDone = (): void => {
      if (settled || !ended || pending > 0) return;
      settled = true;
      transfer.waitsForVault = false;
      resolve();
    };
    const take = (chunk: Buffer): Promise<void> => {
      if (settled) return Promise.resolve();
      transfer.bytes += chunk.length;
      pending += chunk.length;
      const taking = sink(chunk);
      // Whoever reads into few buffers stops by itself while they are all here.
      if (transfer.buffered !== undefined) transfer.waitsForVault = true;
      else if (pending > HIGH_BYTES) {
        transfer.waitsForVault = true;
        socket.pause();
      }
      return taking.then(() => {
        pending -= chunk.length;
        if (transfer.waitsForVault && !settled && !ended) relax();
        finishIfDone();
      }, fail);
    };
    const relax = (): void => {
      if (transfer.buffered !== undefined) transfer.waitsForVault = pending > 0;
      else if (pending < LOW_BYTES) {
        transfer.waitsForVault = false;
        socket.resume();
      }
    };
    if (transfer.buffered !== undefined) transfer.buffered.read(take);
    else socket.on('data', take);
    const end = (): void => {
      ended = true;
      transfer.waitsForVault = true;
      // Clients wait for our end before they look for the reply, which comes when the vault has everything.
      socket.end();
      finishIfDone();
    };
    socket.once('end', end);
    socket.once('close', () => {
      if (!ended) fail(transfer.broken());
    });
    // An empty file may have ended while the session was being looked at.
    if (socket.readableEnded) end();
    else if (socket.destroyed) fail(transfer.broken());
    else socket.resume();
  });
}
