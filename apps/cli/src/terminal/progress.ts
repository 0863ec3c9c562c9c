import { bytes, duration } from './figures.js';

/** Milliseconds between two drawings. */
const REDRAW = 200;
/** Milliseconds over which the rate is averaged. */
const WINDOW = 5000;

/** Counts a transfer and, at a terminal, draws one line of standard error with rate and time left. */
export class Progress {
  private done = 0;
  private files = 0;
  private totalBytes = 0;
  private totalFiles = 0;
  private measured = false;
  private timer: NodeJS.Timeout | undefined;
  private readonly samples: { at: number; done: number }[] = [];

  get transferredBytes(): number {
    return this.done;
  }

  /** Starts drawing. */
  show(): void {
    this.timer = setInterval(() => this.draw(), REDRAW);
    this.timer.unref();
  }

  /** More of the whole became known while the sources are walked. */
  expect(files: number, size: number): void {
    this.totalFiles += files;
    this.totalBytes += size;
  }

  /** The whole is known: a percentage and a time left make sense now. */
  settle(): void {
    this.measured = true;
  }

  advance(count: number): void {
    this.done += count;
  }

  finishFile(): void {
    this.files += 1;
  }

  /** Clears the line, prints `text` above it, and goes on. */
  interject(text: string): void {
    if (this.timer !== undefined) process.stderr.write('\r\u001b[K');
    process.stderr.write(text);
  }

  hide(): void {
    if (this.timer === undefined) return;
    clearInterval(this.timer);
    this.timer = undefined;
    process.stderr.write('\r\u001b[K');
  }

  /** The line as it is drawn, at `now` milliseconds, for a terminal of `width` columns. */
  line(now: number, width: number): string {
    const rate = this.rate(now);
    const parts = [`${this.files}${this.measured ? `/${this.totalFiles}` : ''} files`, bytes(this.done)];
    if (this.measured && this.totalBytes > 0) {
      const share = Math.min(1, this.done / this.totalBytes);
      parts[1] += ` of ${bytes(this.totalBytes)}`;
      parts.unshift(`${bar(share)} ${String(Math.floor(share * 100)).padStart(3)}%`);
    }
    parts.push(`${bytes(rate)}/s`);
    if (this.measured && rate > 0) parts.push(`${duration((this.totalBytes - this.done) / rate)} left`);
    return parts.join('  ').slice(0, Math.max(10, width - 1));
  }

  private draw(): void {
    process.stderr.write(`\r\u001b[K${this.line(Date.now(), process.stderr.columns || 80)}`);
  }

  private rate(now: number): number {
    this.samples.push({ at: now, done: this.done });
    while (this.samples.length > 2 && (this.samples[0]?.at ?? now) < now - WINDOW) this.samples.shift();
    const first = this.samples[0];
    const elapsed = first === undefined ? 0 : now - first.at;
    return first === undefined || elapsed <= 0 ? 0 : ((this.done - first.done) * 1000) / elapsed;
  }
}

function bar(share: number): string {
  const cells = 20;
  const full = Math.round(share * cells);
  return `[${'#'.repeat(full)}${'-'.repeat(cells - full)}]`;
}
