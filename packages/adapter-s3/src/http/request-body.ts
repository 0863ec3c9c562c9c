import type { IncomingMessage } from 'node:http';
import { S3Error } from '../errors.js';

/**
 * The body of a request as it comes, once. Unlike a request's own iterator it leaves the connection alone when nobody
 * wants more, so that the answer still gets through, and it costs less for each piece.
 */
export class RequestBody implements AsyncIterableIterator<Uint8Array> {
  readonly #request: IncomingMessage;
  readonly #begin: () => Promise<void>;
  readonly #wake = (): void => this.#woken?.();
  #woken: (() => void) | undefined;
  #begun = false;

  /** `begin` is waited for when somebody starts to read. */
  constructor(request: IncomingMessage, begin: () => Promise<void>) {
    this.#request = request;
    this.#begin = begin;
  }

  /** Somebody has read all that has come, and waits for more. */
  get starved(): boolean {
    return this.#woken !== undefined;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Throws `IncompleteBody` when the connection breaks. */
  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const request = this.#request;
    if (!this.#begun) {
      this.#begun = true;
      request.on('error', this.#wake);
      await this.#begin();
      for (const event of EVENTS) request.on(event, this.#wake);
    }
    for (;;) {
      const piece = request.read() as Uint8Array | null;
      if (piece !== null) return { value: piece, done: false };
      if (request.readableEnded) return this.return();
      if (request.destroyed) throw new S3Error('IncompleteBody');
      await new Promise<void>((resolve) => {
        this.#woken = resolve;
      });
      this.#woken = undefined;
    }
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    // Somebody has to listen for errors as long as there can be any.
    for (const event of EVENTS) this.#request.off(event, this.#wake);
    return { value: undefined, done: true };
  }
}

const EVENTS = ['readable', 'end', 'close'] as const;
