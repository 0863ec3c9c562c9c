import { connect, type Socket } from 'node:net';
import { ReplyError } from '../errors.js';
import { DATA_SOCKET, type PassiveLease, type PassivePorts } from './passive-ports.js';

/** Milliseconds in which a client closes a data connection that nothing was transferred over. */
const UNUSED_MS = 2_000;

/** How the next data connection comes about: what the last PASV, EPSV, PORT or EPRT has said. */
export class DataSetup {
  readonly #ports: PassivePorts;
  readonly #peer: string;
  #lease: PassiveLease | undefined;
  #target: { readonly host: string; readonly port: number } | undefined;
  #unused: Socket | undefined;
  #generation = 0;

  constructor(ports: PassivePorts, peer: string) {
    this.#ports = ports;
    this.#peer = peer;
  }

  get prepared(): boolean {
    return this.#lease !== undefined || this.#target !== undefined;
  }

  /** Opens a port for the client. Throws 425 when none is free. */
  async passive(): Promise<number> {
    this.release();
    const generation = this.#generation;
    const lease = await this.#ports.lease(this.#peer);
    if (lease === undefined) throw new ReplyError(425, 'no port for a data connection is free');
    if (generation !== this.#generation) {
      lease.release();
      throw new ReplyError(425, 'the connection has ended');
    }
    this.#lease = lease;
    return lease.port;
  }

  /** The client listens on this port of its own address. */
  active(port: number): void {
    this.release();
    this.#target = { host: this.#peer, port };
  }

  /** Gives up what was prepared. */
  release(): void {
    this.#generation += 1;
    this.#leave(this.#lease?.release());
    this.#lease = undefined;
    this.#target = undefined;
  }

  /** The client is gone: nothing is left open. */
  close(): void {
    this.release();
    this.#leave(undefined);
  }

  /**
   * A connection that no transfer used, because the file could not be had say, is left to the client: one that ends
   * before the reply has been read, or with a reset because of the handshake in it, counts as a broken session with
   * some. There is one at a time, and it is not waited for long.
   */
  #leave(socket: Socket | undefined): void {
    this.#unused?.destroy();
    this.#unused = socket;
    if (socket === undefined) return;
    socket.once('end', () => socket.destroy());
    socket.setTimeout(UNUSED_MS, () => socket.destroy());
    socket.resume();
  }

  /**
   * The data connection; what was prepared is used up. Rejects with 425 after `timeoutMs` milliseconds, when the
   * client's port refuses, or with the reason that `onStop`'s callback is given.
   */
  connection(
    timeoutMs: number,
    onStop: (stop: (reason: ReplyError) => void) => void,
  ): Promise<Socket> | Socket {
    const lease = this.#lease;
    const target = this.#target;
    this.#lease = undefined;
    this.#target = undefined;
    if (lease !== undefined) {
      const socket = lease.take();
      if (socket !== undefined) {
        lease.release();
        return socket;
      }
    }
    if (lease === undefined && target === undefined) throw new ReplyError(425, 'use PASV or PORT first');
    return new Promise((resolve, reject) => {
      let connecting: Socket | undefined;
      const settle = (): void => {
        clearTimeout(timer);
        lease?.release();
      };
      const stop = (reason: ReplyError): void => {
        settle();
        connecting?.destroy();
        reject(reason);
      };
      const timer = setTimeout(() => stop(new ReplyError(425, 'no data connection came')), timeoutMs);
      onStop(stop);
      if (target !== undefined) {
        connecting = connect({ ...target, ...DATA_SOCKET });
        connecting.on('error', () => stop(new ReplyError(425, 'the data connection was refused')));
        connecting.once('connect', () => {
          settle();
          if (connecting !== undefined) resolve(connecting);
        });
      }
      lease?.wait((socket) => {
        settle();
        resolve(socket);
      });
    });
  }
}
