/** Runs up to `width` tasks at once. A task handles its own failures. */
export class Lanes {
  private readonly running = new Set<Promise<void>>();

  constructor(private readonly width: number) {}

  /** Resolves when the task has started, which is when a lane was free. */
  async start(task: () => Promise<void>): Promise<void> {
    while (this.running.size >= this.width) await Promise.race(this.running);
    const promise = task().finally(() => this.running.delete(promise));
    this.running.add(promise);
  }

  async idle(): Promise<void> {
    await Promise.all(this.running);
  }
}
