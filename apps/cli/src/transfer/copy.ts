import type { Outcome } from '../exit-codes.js';
import { describe, Failure } from '../failure.js';
import { printable } from '../terminal/printable.js';
import type { Progress } from '../terminal/progress.js';
import type { Found, Step, Target } from './found.js';
import { Lanes } from './parallel.js';

export interface CopyResult {
  files: number;
  directories: number;
  links: number;
  skipped: number;
  bytes: number;
  failed: number;
  /** Objects that S3 alone sees, for which the target has no place. */
  leftBehind: number;
  /** The outcome that all failures share; `failed` when they differ. */
  outcome: Outcome;
}

export interface CopyOptions {
  readonly jobs: number;
  readonly recursive: boolean;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  readonly onFile?: (found: Found) => void;
}

/** Copies what a walk yields. One failure is reported and counted, and the rest goes on. */
export class Copying {
  readonly result: CopyResult = {
    files: 0,
    directories: 0,
    links: 0,
    skipped: 0,
    bytes: 0,
    failed: 0,
    leftBehind: 0,
    outcome: 'ok',
  };

  constructor(private readonly options: CopyOptions) {}

  async run(steps: AsyncIterable<Step>, target: Target): Promise<void> {
    const lanes = new Lanes(this.options.jobs);
    let lost: readonly string[] | undefined;
    try {
      for await (const step of steps) {
        if (this.options.signal.aborted) break;
        if (!('found' in step)) {
          this.fail(step.label, step.error);
          continue;
        }
        const { found } = step;
        // A directory that could not be made has been reported; its children would only repeat that.
        if (lost && isBelow(found.below, lost)) continue;
        // One that is named becomes a file of the name that it is given.
        if (found.object !== undefined && (found.below.length > 0 || target.object !== undefined)) {
          await lanes.start(() => this.object(found, target));
        } else if (found.kind === 'directory') {
          if (!(await this.directory(found, target))) lost = found.below;
        } else {
          await lanes.start(() => this.leaf(found, target));
        }
      }
    } finally {
      await lanes.idle();
    }
    if (!this.options.signal.aborted) await this.attempt('directories', () => target.finish());
  }

  fail(label: string, error: unknown): void {
    if (this.options.signal.aborted) return;
    const { message, hint, outcome } = describe(error);
    const shown = printable(label);
    const text = message.startsWith(shown) ? message : `${shown}: ${message}`;
    this.options.progress.interject(`latchkey: ${text}\n${hint === undefined ? '' : `hint: ${hint}\n`}`);
    this.result.failed += 1;
    const earlier = this.result.outcome;
    this.result.outcome = earlier === 'ok' || earlier === outcome ? outcome : 'failed';
  }

  private async object(found: Found, target: Target): Promise<void> {
    const { object } = found;
    if (object === undefined) return;
    if (target.object === undefined) {
      if (object.kind === 'directory' && !object.explicit) return;
      const why = 'is an object of S3 that has no place in a local file system and was left behind';
      this.options.progress.interject(`latchkey: ${printable(found.label)} ${why}\n`);
      this.result.leftBehind += 1;
      if (this.result.outcome === 'ok') this.result.outcome = 'failed';
      return;
    }
    if (!(await this.attempt(found.label, async () => target.object?.(found.below, found, object)))) return;
    if (object.kind === 'directory') {
      if (object.explicit) this.result.directories += 1;
      return;
    }
    this.options.progress.advance(found.size);
    this.options.progress.finishFile();
    this.result.files += 1;
    this.result.bytes += found.size;
    this.options.onFile?.(found);
  }

  private async directory(found: Found, target: Target): Promise<boolean> {
    if (!this.options.recursive) {
      this.options.progress.interject(
        `latchkey: ${printable(found.label)} is a directory\nhint: add -r to copy it\n`,
      );
      this.result.failed += 1;
      this.result.outcome = 'refused';
      return false;
    }
    const made = await this.attempt(found.label, () => target.directory(found.below, found));
    if (made) this.result.directories += 1;
    return made;
  }

  private async leaf(found: Found, target: Target): Promise<void> {
    if (found.kind === 'special' && found.below.length === 0) {
      // Named by the person, who means to have it copied.
      const hint = 'pipe what it yields into `latchkey cp - TARGET`';
      return this.fail(found.label, new Failure('refused', 'is a socket or block device', { hint }));
    }
    if (found.kind === 'special' || found.kind === 'unfinished') {
      const what = found.kind === 'special' ? 'a device, socket or pipe' : 'an unfinished upload';
      this.options.progress.interject(
        `latchkey: warning: ${printable(found.label)} is ${what} and was skipped\n`,
      );
      this.result.skipped += 1;
      return;
    }
    if (found.kind === 'symlink') {
      if (await this.attempt(found.label, () => target.symlink(found.below, found))) this.result.links += 1;
      return;
    }
    let moved = 0;
    const count = (size: number): void => {
      moved += size;
      this.options.progress.advance(size);
    };
    const content = counted(found.content(), count);
    if (!(await this.attempt(found.label, () => target.file(found.below, found, content)))) return;
    // A copy inside the vault moves no bytes; the bar still has to reach its end.
    if (found.vaultPath && moved === 0) this.options.progress.advance(found.size);
    this.result.files += 1;
    this.result.bytes += moved === 0 ? found.size : moved;
    this.options.progress.finishFile();
    this.options.onFile?.(found);
  }

  private async attempt(label: string, action: () => Promise<unknown>): Promise<boolean> {
    try {
      await action();
      return true;
    } catch (error) {
      this.fail(label, error);
      return false;
    }
  }
}

async function* counted(
  content: AsyncIterable<Uint8Array>,
  count: (size: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of content) {
    yield chunk;
    count(chunk.length);
  }
}

function isBelow(below: readonly string[], directory: readonly string[]): boolean {
  return below.length > directory.length && directory.every((name, index) => below[index] === name);
}

/**
 * Counts a source ahead of its copy, so that the bar knows its end, objects that S3 alone sees if `objects` are copied.
 * Failures are the copy's to report.
 */
export async function measure(
  steps: AsyncIterable<Step>,
  objects: boolean,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  for await (const step of steps) {
    if (signal.aborted) return;
    if (!('found' in step) || step.found.kind !== 'file') continue;
    if (objects || step.found.object === undefined) progress.expect(1, step.found.size);
  }
}
