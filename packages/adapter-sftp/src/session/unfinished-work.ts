/** Work that goes on after its client has gone: requests that had arrived, and files being abandoned. */
export class UnfinishedWork {
  readonly #works = new Set<Promise<unknown>>();

  /** `work` must not reject. */
  add(work: Promise<unknown>): void {
    this.#works.add(work);
    void work.then(() => this.#works.delete(work));
  }

  /** Resolves when nothing is left, work that was added meanwhile included. */
  async done(): Promise<void> {
    while (this.#works.size > 0) await Promise.all(this.#works);
  }
}
