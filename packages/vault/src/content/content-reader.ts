import { concatBytes } from '../bytes.js';
import type { Borrowed } from '../session.js';
import type { PieceList } from './pieces.js';
import { isBulk, type SegmentReader, SPAN_CHUNKS } from './segment-reader.js';

/** A read this close to where the last one ended goes on from it, in bytes: clients send several and reorder a little. */
const NEARBY_BYTES = 1024 * 1024;
const ZEROS = new Uint8Array(64 * 1024);

/** Reads a list of pieces as one run of bytes, and asks ahead when it is read in order. */
export class ContentReader {
  readonly #segments: SegmentReader;
  #expected = 0;
  #ahead = 0;

  constructor(segments: SegmentReader) {
    this.#segments = segments;
  }

  /** Up to `length` bytes from `offset`; fewer only at the end of the content. The caller's own to keep. */
  async read(content: PieceList, offset: number, length: number): Promise<Uint8Array> {
    const { pieces, giveBack } = await this.readPieces(content, offset, length);
    const bytes = concatBytes(pieces);
    giveBack();
    return bytes;
  }

  /** The same without copying: parts of cached chunks, not to be changed. */
  async readPieces(content: PieceList, offset: number, length: number): Promise<Borrowed> {
    const available = Math.max(0, Math.min(length, content.size - offset));
    if (available === 0) return own([]);
    const inOrder = Math.abs(offset - this.#expected) <= NEARBY_BYTES;
    this.#ahead = inOrder ? Math.min(SPAN_CHUNKS, this.#ahead * 2 + 2) : 0;
    this.#expected = offset + available;
    const parts: (Promise<Borrowed> | Borrowed)[] = [];
    for (const piece of content.range(offset, available)) {
      if (piece.kind === 'literal') parts.push(own([piece.bytes]));
      else if (piece.kind === 'hole') parts.push(own(zeros(piece.length)));
      else parts.push(this.#segments.read(piece.segment, piece.offset, piece.length, this.#ahead));
    }
    if (parts.length === 1) return parts[0] as Promise<Borrowed>;
    const borrowed = await Promise.all(parts);
    return {
      pieces: borrowed.flatMap(({ pieces }) => pieces),
      giveBack: () => {
        for (const one of borrowed) one.giveBack();
      },
    };
  }

  /**
   * The same in memory that is used again when it is given back, past the cache and without reading ahead: who reads in
   * order asks for the next before it is done with this. May end early, but not at once.
   */
  async borrow(content: PieceList, offset: number, length: number): Promise<Borrowed> {
    const available = Math.max(0, Math.min(length, content.size - offset));
    const [piece] = available === 0 ? [] : content.range(offset, available);
    if (piece?.kind === 'data' && isBulk(piece.segment))
      return this.#segments.borrow(piece.segment, piece.offset, piece.length);
    return this.readPieces(content, offset, length);
  }
}

/** Pieces whose memory nobody wants back. */
function own(pieces: readonly Uint8Array[]): Borrowed {
  return { pieces, giveBack: () => undefined };
}

function zeros(length: number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let left = length; left > 0; left -= ZEROS.length) pieces.push(ZEROS.subarray(0, left));
  return pieces;
}
