import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { isatty, ReadStream } from 'node:tty';
import type { Found } from './found.js';

/** Milliseconds between the end of the input and its publication. */
const AFTER_INPUT = 100;

export function standardInput(signal: AbortSignal): Found {
  return {
    kind: 'file',
    below: [],
    label: 'standard input',
    size: 0,
    modified: { seconds: Math.floor(Date.now() / 1000), nanoseconds: 0 },
    mode: 0o666 & ~process.umask(),
    content: () => readStream(process.stdin, signal),
    linkTarget: async () => '',
  };
}

/** A Ctrl-C ends the program that writes into the pipe too, and its end must not pass for the end of the data. */
async function* readStream(stream: Readable, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  // Without this an abort would wait for the next byte, which may never come.
  const stop = (): void => void stream.destroy(signal.reason as Error);
  signal.addEventListener('abort', stop, { once: true });
  try {
    yield* stream;
    await wait(AFTER_INPUT);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** The bytes of a pipe or character device that has a name, as of `<(command)`. */
export async function* readNamedStream(path: Buffer, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  // Not blocking: nobody may be writing yet, and a thread that waits for that could not be stopped.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  // These two close it themselves.
  if (fstatSync(fd).isFIFO()) return yield* readStream(new Socket({ fd, writable: false }), signal);
  if (isatty(fd)) return yield* readStream(new ReadStream(fd), signal);
  closeSync(fd);
  const file = await open(path, constants.O_RDONLY);
  try {
    yield* readHandle(file);
  } finally {
    await file.close();
  }
}

/** Bytes read from a local file at a time: large enough that the file system is not the limit. */
const READ_SIZE = 1024 * 1024;

export async function* readHandle(file: FileHandle): AsyncGenerator<Uint8Array> {
  for (;;) {
    const buffer = Buffer.allocUnsafe(READ_SIZE);
    const { bytesRead } = await file.read(buffer, 0, READ_SIZE);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}
