import type { VaultContext } from '../context.js';
import { VaultError } from '../errors.js';
import { makeDirectory } from '../names/make-directory.js';
import { splitPath } from '../names/path.js';
import type { Entry, FileHandle, Path, WriteOptions } from '../session.js';
import { openFile } from './open.js';
import { checkRange } from './range.js';
import { WriteHandle } from './write-handle.js';

const READ_STEP = 1024 * 1024;
const WRITE_STEP = 1024 * 1024;

/** The caller's own stream failed: the caller is told in its own words, which are the `cause`. */
export class SourceFailed extends Error {}

export async function* fromCaller(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* source;
  } catch (cause) {
    throw new SourceFailed('the source failed', { cause });
  }
}

export async function* readAll(
  context: VaultContext,
  path: Path,
  range: { offset?: number; length?: number },
): AsyncGenerator<Uint8Array> {
  const handle = await openFile(context, path, { read: true });
  try {
    const { size } = await handle.stat();
    yield* readHandle(handle, size, range.offset ?? 0, range.length ?? size);
  } finally {
    await handle.close();
  }
}

/** Up to `length` bytes from `start` of an open file of `size` bytes. The handle stays open. */
export async function* readHandle(
  handle: FileHandle,
  size: number,
  start: number,
  length: number,
): AsyncGenerator<Uint8Array> {
  checkRange(start, length);
  const end = Math.min(size, start + length);
  // The next step is fetched while the consumer works on this one.
  let next = start < end ? handle.readPieces(start, Math.min(READ_STEP, end - start)) : undefined;
  for (let at = start; next !== undefined; ) {
    // Not given back: the consumer may keep them.
    const { pieces } = await next;
    for (const piece of pieces) at += piece.length;
    next = at < end && pieces.length > 0 ? handle.readPieces(at, Math.min(READ_STEP, end - at)) : undefined;
    next?.catch(() => undefined);
    yield* pieces;
  }
}

/** Replaces or makes a file. A source that throws changes nothing. */
export async function writeAll(
  context: VaultContext,
  path: Path,
  source: Uint8Array | AsyncIterable<Uint8Array>,
  options: WriteOptions,
): Promise<Entry> {
  if (options.parents === true) await makeDirectory(context, splitPath(path).parent, { recursive: true });
  const { attributes } = options;
  const handle = await openFile(
    context,
    path,
    {
      write: true,
      create: true,
      truncate: true,
      exclusive: options.exclusive === true,
      ...(attributes === undefined ? {} : { attributes }),
    },
    'at-publication',
  );
  if (!(handle instanceof WriteHandle))
    throw new VaultError('unsupported', 'the file could not be opened for writing');
  try {
    let at = 0;
    for await (const chunk of source instanceof Uint8Array ? [source] : fromCaller(source)) {
      for (let from = 0; from < chunk.length; from += WRITE_STEP)
        await handle.write(at + from, chunk.subarray(from, from + WRITE_STEP));
      at += chunk.length;
    }
    await handle.sync();
    return await handle.stat();
  } catch (error) {
    await handle.discard();
    throw error;
  } finally {
    await handle.close();
  }
}
