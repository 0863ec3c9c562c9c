/**
 * A hybrid logical clock (Kulkarni et al., 2014): wall-clock milliseconds times 1,024 plus a counter, never going
 * back and always above every revision seen, so that a name made anew never repeats an old revision.
 */
export class HybridClock {
  /** Where in a millisecond this process counts from, so that two processes seldom draw the same number. */
  readonly #offset = Math.floor(Math.random() * 512);
  #last = 0;

  /** Learns of a revision made elsewhere. */
  observe(revision: number): void {
    if (revision > this.#last) this.#last = revision;
  }

  next(): number {
    this.#last = Math.max(Date.now() * 1024 + this.#offset, this.#last + 1);
    return this.#last;
  }
}
