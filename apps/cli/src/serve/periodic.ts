import type { Log } from './log.js';

/** Milliseconds after the start until a job runs first: a server that restarts every night must do its jobs, too. */
const FIRST_AFTER = 15 * 60_000;
/** Longest delay of a Node timer. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Something that is done in the background as long as the server runs. */
export interface Job {
  /** Milliseconds from the end of one run to the beginning of the next. */
  readonly every: number;
  /** What is logged after a run, with what the run returns. */
  readonly done: string;
  /** What is logged when a run fails, which the next run makes up for. */
  readonly failed: string;
  /** Aborted when the server stops. */
  run(signal: AbortSignal): Promise<object>;
}

/** Does a job again and again. */
export class Periodic {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private readonly end = new AbortController();

  constructor(
    private readonly job: Job,
    private readonly log: Log,
  ) {
    this.arm(Math.min(FIRST_AFTER, job.every));
  }

  /** Resolves when a run that is under way has ended. */
  async close(): Promise<void> {
    this.end.abort();
    clearTimeout(this.timer);
    await this.running;
  }

  private arm(delay: number): void {
    if (this.end.signal.aborted) return;
    this.timer = setTimeout(
      () => {
        this.running = this.once().finally(() => this.arm(this.job.every));
      },
      Math.min(delay, LONGEST_TIMER),
    );
    this.timer.unref();
  }

  private async once(): Promise<void> {
    try {
      this.log('info', this.job.done, { ...(await this.job.run(this.end.signal)) });
    } catch (error) {
      if (!this.end.signal.aborted) this.log('error', this.job.failed, { error });
    }
  }
}
