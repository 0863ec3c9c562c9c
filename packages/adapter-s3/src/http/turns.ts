import type { IncomingMessage } from 'node:http';
import { S3Error } from '../errors.js';

/** Bytes of a request from which on it has buffers of its own on the way to the store, some MiB of them. */
const LARGE = 1024 * 1024;

/** Lets some requests with large bodies in at once; others wait for one of them to end, and their clients with them. */
export class Turns {
  readonly #most: number;
  readonly #waitMs: number;
  readonly #idleMs: number;
  readonly #inside = new Set<IncomingMessage>();
  /** In the order in which they came, with what lets them in. */
  readonly #waiting = new Map<IncomingMessage, () => void>();

  /** `waitMs`: milliseconds after which who waits is sent away. `idleMs`: the timeout of connections that do not wait. */
  constructor(most: number, waitMs: number, idleMs: number) {
    this.#most = most;
    this.#waitMs = waitMs;
    this.#idleMs = idleMs;
  }

  /**
   * Resolves when the request may be read. Throws `SlowDown` when that takes too long, and `IncompleteBody` when the client
   * goes away meanwhile.
   */
  async enter(request: IncomingMessage): Promise<void> {
    const length = request.headers['content-length'];
    if (length !== undefined && Number(length) < LARGE) return;
    if (this.#inside.size >= this.#most) await this.#turn(request);
    else this.#inside.add(request);
  }

  /** To be called when the request is over, whether it has entered or not. */
  leave(request: IncomingMessage): void {
    if (!this.#inside.delete(request)) return;
    const [next] = this.#waiting;
    if (next === undefined) return;
    const [other, enter] = next;
    this.#waiting.delete(other);
    this.#inside.add(other);
    enter();
  }

  async #turn(request: IncomingMessage): Promise<void> {
    // It is for this server to go on.
    request.socket.setTimeout(0);
    let over: (() => void) | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => reject(new S3Error('SlowDown')), this.#waitMs);
        const gone = (): void => reject(new S3Error('IncompleteBody'));
        over = () => {
          clearTimeout(timer);
          request.off('close', gone);
          this.#waiting.delete(request);
        };
        request.on('close', gone);
        this.#waiting.set(request, resolve);
      });
    } finally {
      over?.();
      request.socket.setTimeout(this.#idleMs);
    }
  }
}
