/**
 * What a file consists of: a list of pieces of segments, holes and short literals. Every change of content is a
 * change of this list; nothing stored is rewritten.
 */

/** A stored run of encrypted content. `root` and `size` are known once the segment has been finished. */
export interface Segment {
  readonly blob: Uint8Array;
  readonly key: Uint8Array;
  root: Uint8Array;
  /** Bytes of plaintext, padding included. */
  size: number;
}

export type Piece =
  | { readonly kind: 'data'; readonly segment: Segment; readonly offset: number; readonly length: number }
  | { readonly kind: 'hole'; readonly length: number }
  | { readonly kind: 'literal'; readonly bytes: Uint8Array; readonly length: number };

function cut(piece: Piece, from: number, to: number): Piece {
  const length = to - from;
  if (length === piece.length) return piece;
  if (piece.kind === 'hole') return { kind: 'hole', length };
  if (piece.kind === 'literal') return { kind: 'literal', bytes: piece.bytes.slice(from, to), length };
  return { kind: 'data', segment: piece.segment, offset: piece.offset + from, length };
}

/** The two as one piece, when the second goes on where the first ends. */
function join(first: Piece, second: Piece): Piece | undefined {
  if (first.kind === 'hole' && second.kind === 'hole') {
    return { kind: 'hole', length: first.length + second.length };
  }
  if (first.kind !== 'data' || second.kind !== 'data') return undefined;
  if (first.segment.blob !== second.segment.blob || first.offset + first.length !== second.offset)
    return undefined;
  return { ...first, length: first.length + second.length };
}

export class PieceList {
  #pieces: Piece[] = [];
  #starts: number[] = [];
  #size = 0;

  static of(pieces: Iterable<Piece>): PieceList {
    const list = new PieceList();
    for (const piece of pieces) list.#push(piece);
    return list;
  }

  get size(): number {
    return this.#size;
  }

  get pieces(): readonly Piece[] {
    return this.#pieces;
  }

  clone(): PieceList {
    const list = new PieceList();
    list.#pieces = this.#pieces.slice();
    list.#starts = this.#starts.slice();
    list.#size = this.#size;
    return list;
  }

  /** Puts `piece` at `offset`, over what is there; a gap before it becomes a hole. */
  write(offset: number, piece: Piece): void {
    if (piece.length === 0) return;
    if (offset > this.#size) this.#push({ kind: 'hole', length: offset - this.#size });
    if (offset === this.#size) {
      this.#push(piece);
      return;
    }
    const end = Math.min(offset + piece.length, this.#size);
    const first = this.#indexAt(offset);
    const last = this.#indexAt(end - 1);
    const firstStart = this.#starts[first] as number;
    const lastStart = this.#starts[last] as number;
    const lastPiece = this.#pieces[last] as Piece;
    const fresh: Piece[] = [];
    if (firstStart < offset) fresh.push(cut(this.#pieces[first] as Piece, 0, offset - firstStart));
    const joined = fresh.length > 0 ? join(fresh[0] as Piece, piece) : undefined;
    if (joined !== undefined) fresh[0] = joined;
    else fresh.push(piece);
    if (lastStart + lastPiece.length > end) fresh.push(cut(lastPiece, end - lastStart, lastPiece.length));
    let at = Math.min(firstStart, offset);
    const starts = fresh.map((one) => {
      const start = at;
      at += one.length;
      return start;
    });
    this.#pieces.splice(first, last - first + 1, ...fresh);
    this.#starts.splice(first, last - first + 1, ...starts);
    this.#size = Math.max(this.#size, offset + piece.length);
  }

  /** Cuts to `size` bytes, or grows to it with a hole. */
  truncate(size: number): void {
    if (size > this.#size) {
      this.#push({ kind: 'hole', length: size - this.#size });
      return;
    }
    if (size === this.#size) return;
    if (size === 0) {
      this.#pieces = [];
      this.#starts = [];
    } else {
      const last = this.#indexAt(size - 1);
      this.#pieces[last] = cut(this.#pieces[last] as Piece, 0, size - (this.#starts[last] as number));
      this.#pieces.length = last + 1;
      this.#starts.length = last + 1;
    }
    this.#size = size;
  }

  /** The parts of pieces that make up `length` bytes from `offset`, in order. */
  *range(offset: number, length: number): Generator<Piece> {
    const end = Math.min(offset + length, this.#size);
    if (offset >= end) return;
    for (let index = this.#indexAt(offset); index < this.#pieces.length; index++) {
      const start = this.#starts[index] as number;
      if (start >= end) return;
      const piece = this.#pieces[index] as Piece;
      yield cut(piece, Math.max(0, offset - start), Math.min(piece.length, end - start));
    }
  }

  #push(piece: Piece): void {
    if (piece.length === 0) return;
    const last = this.#pieces.length - 1;
    const joined = last >= 0 ? join(this.#pieces[last] as Piece, piece) : undefined;
    if (joined !== undefined) {
      this.#pieces[last] = joined;
    } else {
      this.#pieces.push(piece);
      this.#starts.push(this.#size);
    }
    this.#size += piece.length;
  }

  #indexAt(offset: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#starts[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
