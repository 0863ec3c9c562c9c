import { SLAB_PLAIN } from '../content/slabs.js';
import type { Borrowed, FileHandle } from '../session.js';

/** Steps that are fetched while the borrower works on one: many transfers share the memory of one process. */
const AHEAD = 2;

/**
 * A stretch of an open file in order, in steps of up to 256 KiB that have to be given back. The next ones are fetched while
 * the borrower works on one. Ends early where the file does. `length` in bytes.
 */
export async function* lend(
  file: Pick<FileHandle, 'borrow'>,
  offset: number,
  length: number,
): AsyncGenerator<Borrowed, void, void> {
  const end = offset + length;
  const fetching: Promise<Borrowed>[] = [];
  let asked = offset;
  const fetch = (): void => {
    // To the next boundary, so that no step but the first begins in the middle of a slab.
    const step = Math.min(SLAB_PLAIN - (asked % SLAB_PLAIN), end - asked);
    const borrowed = borrowAll(file, asked, step);
    // Whoever awaits it gets the error; nobody may when an earlier one fails.
    borrowed.catch(() => {});
    fetching.push(borrowed);
    asked += step;
  };
  for (let sent = offset; sent < end; ) {
    while (fetching.length <= AHEAD && asked < end) fetch();
    const step = await (fetching.shift() as Promise<Borrowed>);
    const bytes = bytesOf(step);
    if (bytes === 0) return;
    sent += bytes;
    yield step;
  }
}

/** All of a stretch of a file: what is borrowed at once may end earlier. */
async function borrowAll(
  file: Pick<FileHandle, 'borrow'>,
  offset: number,
  length: number,
): Promise<Borrowed> {
  const first = await file.borrow(offset, length);
  let had = bytesOf(first);
  if (had === length || had === 0) return first;
  const parts = [first];
  while (had < length) {
    const next = await file.borrow(offset + had, length - had);
    const bytes = bytesOf(next);
    if (bytes === 0) break;
    parts.push(next);
    had += bytes;
  }
  return {
    pieces: parts.flatMap(({ pieces }) => pieces),
    giveBack: () => {
      for (const part of parts) part.giveBack();
    },
  };
}

function bytesOf({ pieces }: Borrowed): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}
