import { lend } from '../files/lend.js';
import { readHandle } from '../files/stream.js';
import type { ObjectEntry, ObjectReader } from '../object-session.js';
import type { FileHandle } from '../session.js';

/** A reader of an open file, which it closes. */
export function readerOf(handle: FileHandle, entry: ObjectEntry): ObjectReader {
  return {
    entry,
    stream: (offset = 0, length = entry.size) => readHandle(handle, entry.size, offset, length),
    lend: (offset = 0, length = entry.size - offset) => lend(handle, offset, length),
    close: () => handle.close(),
  };
}
