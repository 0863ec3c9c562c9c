import { outputFailure } from '../failure.js';

/** Writes to standard output at the speed of whoever reads it. Throws a failure when it cannot be written. */
export function emit(data: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(data, (error?: NodeJS.ErrnoException | null) => {
      // When the reader went away the program is about to end, see main.ts.
      if (!error) resolve();
      else if (error.code !== 'EPIPE') reject(outputFailure(error));
    });
  });
}

let undo: () => Promise<unknown> = async () => undefined;

/** Runs `task`. When the reader of standard output goes away meanwhile, `undoing` is done before the program ends. */
export async function undoneUnlessRead(
  undoing: () => Promise<unknown>,
  task: () => Promise<void>,
): Promise<void> {
  const before = undo;
  undo = undoing;
  try {
    await task();
  } finally {
    undo = before;
  }
}

/** What `leave` ends the program with, once the reader of standard output has gone. */
export function leaveWhenUnread(leave: () => void): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') return;
    const undoing = undo;
    undo = async () => undefined;
    void undoing().then(leave, leave);
  });
}

export async function emitLine(line: string): Promise<void> {
  await emit(`${line}\n`);
}

/** One JSON value on one line. */
export async function emitJson(value: unknown): Promise<void> {
  await emit(`${JSON.stringify(value)}\n`);
}

/** A remark for the person at the terminal; scripts read standard output only. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

export function warn(line: string): void {
  process.stderr.write(`latchkey: warning: ${line}\n`);
}

/** Aligned `label  value` lines. */
export function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(0, ...rows.map(([label]) => label.length));
  return rows.map(([label, value]) => `${label.padEnd(width)}  ${value}`).join('\n');
}
