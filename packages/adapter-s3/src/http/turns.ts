import type { IncomingMessage } from 'node:http';
import type { S3Limits } from '../config.js';
import { S3Error } from '../errors.js';

/** Bytes of a request from which on it has buffers of its own on the way to the store, some MiB of them. */
const LARGE = 1024 * 1024;

/** Looks in a row at which a client has to be slow to lose its place. */
const SLOW_LOOKS = 3;
/** Bytes between two looks below which a client that is being waited for is slow. */
const SLOW_BYTES = 256 * 1024;

/** A request's body that is being read. */
export interface Read {
  /** Its reader has taken everything that has come, and waits for the client. */
  readonly starved: boolean;
}

export type TurnLimits = Pick<S3Limits, 'largeBodies' | 'turnMs' | 'slowMs' | 'idleMs'>;

interface Place {
  readonly body: Read;
  /** Bytes that had come at the last look. */
  seen: number;
  slow: number;
}

/**
 * Lets some requests with large bodies in at once; others wait for one of them to end, and their clients with them. Who sends
 * slowly fills few buffers: while others wait it loses its place to one of them, and goes on beside them.
 */
export class Turns {
  readonly #limits: TurnLimits;
  readonly #inside = new Map<IncomingMessage, Place>();
  /** In the order in which they came, with what lets them in. */
  readonly #waiting = new Map<IncomingMessage, () => void>();
  #looking: NodeJS.Timeout | undefined;

  constructor(limits: TurnLimits) {
    this.#limits = limits;
  }

  /**
   * Resolves when the request may be read. Throws `SlowDown` when that takes too long, and `IncompleteBody` when the client
   * goes away meanwhile.
   */
  async enter(request: IncomingMessage, body: Read): Promise<void> {
    const length = request.headers['content-length'];
    if (length !== undefined && Number(length) < LARGE) return;
    const place = { body, seen: 0, slow: 0 };
    if (this.#inside.size >= this.#limits.largeBodies) await this.#turn(request, place);
    else this.#inside.set(request, place);
  }

  /** To be called when the request is over, whether it has entered or not. */
  leave(request: IncomingMessage): void {
    if (!this.#inside.delete(request)) return;
    const [next] = this.#waiting.values();
    next?.();
  }

  async #turn(request: IncomingMessage, place: Place): Promise<void> {
    // It is for this server to go on.
    request.socket.setTimeout(0);
    this.#looking ??= setInterval(() => this.#look(), this.#limits.slowMs / SLOW_LOOKS).unref();
    let over: (() => void) | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => reject(new S3Error('SlowDown')), this.#limits.turnMs);
        const gone = (): void => reject(new S3Error('IncompleteBody'));
        over = () => {
          clearTimeout(timer);
          request.off('close', gone);
          this.#waiting.delete(request);
        };
        request.on('close', gone);
        this.#waiting.set(request, () => {
          this.#waiting.delete(request);
          this.#inside.set(request, place);
          resolve();
        });
      });
    } finally {
      over?.();
      request.socket.setTimeout(this.#limits.idleMs);
      if (this.#waiting.size === 0) {
        clearInterval(this.#looking);
        this.#looking = undefined;
      }
    }
  }

  #look(): void {
    for (const [request, place] of this.#inside) {
      const { bytesRead } = request.socket;
      place.slow = place.body.starved && bytesRead - place.seen < SLOW_BYTES ? place.slow + 1 : 0;
      place.seen = bytesRead;
      if (place.slow >= SLOW_LOOKS) this.leave(request);
    }
  }
}
