import type { PieceList } from './pieces.js';
import { type SegmentReader, SPAN_CHUNKS } from './segment-reader.js';

/** Reads a list of pieces as one run of bytes, and asks ahead when it is read in order. */
export class ContentReader {
  readonly #segments: SegmentReader;
  #expected = 0;
  #ahead = 0;

  constructor(segments: SegmentReader) {
    this.#segments = segments;
  }

  /** Up to `length` bytes from `offset`; fewer only at the end of the content. */
  async read(content: PieceList, offset: number, length: number): Promise<Uint8Array> {
    const available = Math.max(0, Math.min(length, content.size - offset));
    const target = new Uint8Array(available);
    if (available === 0) return target;
    if (offset === this.#expected) this.#ahead = Math.min(SPAN_CHUNKS, this.#ahead * 2 + 2);
    else this.#ahead = 0;
    this.#expected = offset + available;
    const ahead = this.#ahead;
    const reads: Promise<void>[] = [];
    let at = 0;
    for (const piece of content.range(offset, available)) {
      if (piece.kind === 'literal') target.set(piece.bytes, at);
      else if (piece.kind === 'data') {
        reads.push(this.#segments.read(piece.segment, piece.offset, piece.length, target, at, ahead));
      }
      at += piece.length;
    }
    if (reads.length === 1) await reads[0];
    else await Promise.all(reads);
    return target;
  }
}
