import type { Vault } from '@latchkey/vault';
import type { Log } from './log.js';

/** Milliseconds after the start until the first collection: a server that restarts every night must collect too. */
const FIRST_AFTER = 15 * 60_000;
/** Longest delay of a Node timer. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Frees space in the background, once every `every` milliseconds. */
export class PeriodicCollection {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    private readonly vault: Vault,
    private readonly schedule: { readonly every: number; readonly deadAfter: number },
    private readonly log: Log,
  ) {
    this.arm(Math.min(FIRST_AFTER, schedule.every));
  }

  /** Resolves when a collection that is under way has ended. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private arm(delay: number): void {
    if (this.stopped) return;
    this.timer = setTimeout(
      () => {
        this.running = this.collect().finally(() => this.arm(this.schedule.every));
      },
      Math.min(delay, LONGEST_TIMER),
    );
    this.timer.unref();
  }

  private async collect(): Promise<void> {
    try {
      const report = await this.vault.gc({ deadAfterMs: this.schedule.deadAfter });
      this.log('info', 'collected', { ...report });
    } catch (error) {
      this.log('error', 'the collection failed; nothing was deleted that is in use', { error });
    }
  }
}
