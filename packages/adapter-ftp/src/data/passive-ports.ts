import { randomInt } from 'node:crypto';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { plainAddress } from '@latchkey/server-guard';
import type { PassiveOptions } from '../config.js';

/** Listeners kept open between transfers. Opening one costs as much as a small file. */
const KEPT = 32;

/** From this many idle listeners on one is used again: fewer would make the next port easy to guess. */
const ROTATED = 8;

/**
 * How data sockets are made. A client may end its side of a download first. A mark of one byte stops the reading of a
 * paused socket at once: were it read on, an error could overtake what came before it.
 */
export const DATA_SOCKET = { allowHalfOpen: true, noDelay: true, highWaterMark: 1 } as const;

/** A listener, and whom its next connection is for. */
interface PassivePort {
  readonly server: Server;
  readonly port: number;
  lease: PassiveLease | undefined;
}

/** One client's right to the next connection on a port, from its own address only and once. */
export class PassiveLease {
  readonly port: number;
  readonly #peer: string;
  readonly #giveBack: () => void;
  #socket: Socket | undefined;
  #waiting: ((socket: Socket) => void) | undefined;
  #spent = false;

  constructor(port: number, peer: string, giveBack: () => void) {
    this.port = port;
    this.#peer = peer;
    this.#giveBack = giveBack;
  }

  /** The connection if it is there. Afterwards it is the caller's. */
  take(): Socket | undefined {
    const socket = this.#socket;
    this.#socket = undefined;
    return socket;
  }

  /** Calls back with the connection when it comes. */
  wait(callback: (socket: Socket) => void): void {
    this.#waiting = callback;
  }

  /** Whether this is the connection that the lease is for; if not, its socket is to be destroyed. */
  offer(socket: Socket): boolean {
    if (this.#spent || plainAddress(socket.remoteAddress ?? '') !== this.#peer) return false;
    this.#spent = true;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) this.#socket = socket;
    else waiting(socket);
    return true;
  }

  /** Harmless twice. Returns the connection if nobody took it; afterwards it is the caller's. */
  release(): Socket | undefined {
    this.#spent = true;
    this.#waiting = undefined;
    const unused = this.take();
    this.#giveBack();
    return unused;
  }
}

/** The ports on which clients open data connections. */
export class PassivePorts {
  readonly #host: string;
  readonly #range: PassiveOptions['ports'];
  readonly #idle: PassivePort[] = [];
  readonly #open = new Map<number, PassivePort>();
  readonly #opening = new Set<number>();
  #closed = false;

  constructor(host: string, range: PassiveOptions['ports']) {
    this.#host = host;
    this.#range = range;
  }

  /** Ports that are open or leased, for tests and reports. */
  get count(): { readonly open: number; readonly idle: number } {
    return { open: this.#open.size, idle: this.#idle.length };
  }

  /** A port for a client at `peer`, or undefined when none is free. */
  async lease(peer: string): Promise<PassiveLease | undefined> {
    const kept = this.#idle.length >= ROTATED ? this.#takeIdle() : undefined;
    const found = kept ?? (await this.#listen()) ?? this.#takeIdle();
    if (found === undefined) return undefined;
    const lease = new PassiveLease(found.port, plainAddress(peer), () => this.#giveBack(found, lease));
    found.lease = lease;
    return lease;
  }

  close(): void {
    this.#closed = true;
    for (const { server } of this.#open.values()) server.close();
    this.#open.clear();
    this.#idle.length = 0;
  }

  #takeIdle(): PassivePort | undefined {
    if (this.#idle.length === 0) return undefined;
    const at = randomInt(this.#idle.length);
    const port = this.#idle[at];
    const last = this.#idle.pop();
    if (last !== undefined && at < this.#idle.length) this.#idle[at] = last;
    return port;
  }

  #giveBack(port: PassivePort, lease: PassiveLease): void {
    if (port.lease !== lease) return;
    port.lease = undefined;
    if (this.#closed) return;
    if (this.#idle.length < KEPT) this.#idle.push(port);
    else {
      this.#open.delete(port.port);
      port.server.close();
    }
  }

  async #listen(): Promise<PassivePort | undefined> {
    if (this.#closed) return undefined;
    const range = this.#range;
    if (range === undefined) return this.#listenOn(0);
    const size = range.max - range.min + 1;
    const start = randomInt(size);
    for (let step = 0; step < size; step++) {
      const port = range.min + ((start + step) % size);
      if (this.#open.has(port) || this.#opening.has(port)) continue;
      const opened = await this.#listenOn(port);
      if (opened !== undefined) return opened;
    }
    return undefined;
  }

  /** Undefined when the port cannot be had: somebody else's. */
  #listenOn(wanted: number): Promise<PassivePort | undefined> {
    if (wanted !== 0) this.#opening.add(wanted);
    const server = createServer({ pauseOnConnect: true, ...DATA_SOCKET });
    return new Promise((resolve) => {
      server.once('error', () => {
        this.#opening.delete(wanted);
        resolve(undefined);
      });
      server.listen({ port: wanted, host: this.#host, backlog: 16, exclusive: true }, () => {
        this.#opening.delete(wanted);
        const { port } = server.address() as AddressInfo;
        const passive: PassivePort = { server, port, lease: undefined };
        server.removeAllListeners('error');
        server.on('error', () => {});
        server.on('connection', (socket) => {
          // A client may reset at any time, before anybody looks at its connection too.
          socket.on('error', () => {});
          if (passive.lease?.offer(socket) !== true) socket.destroy();
        });
        if (this.#closed) {
          server.close();
          resolve(undefined);
          return;
        }
        this.#open.set(port, passive);
        resolve(passive);
      });
    });
  }
}
