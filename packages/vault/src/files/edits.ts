import { type Piece, PieceList } from '../content/pieces.js';

type Edit =
  | { readonly kind: 'write'; readonly offset: number | 'end'; content: PieceList }
  | { readonly kind: 'truncate'; readonly size: number };

/** What a handle did to the version that it opened, so that it can be done to a newer one as well. */
export class Edits {
  #edits: Edit[] = [];

  get empty(): boolean {
    return this.#edits.length === 0;
  }

  write(offset: number | 'end', pieces: readonly Piece[]): void {
    const last = this.#edits.at(-1);
    const follows =
      last?.kind === 'write' &&
      (offset === 'end'
        ? last.offset === 'end'
        : last.offset !== 'end' && last.offset + last.content.size === offset);
    const content = follows ? last.content : new PieceList();
    for (const piece of pieces) content.write(content.size, piece);
    if (!follows) this.#edits.push({ kind: 'write', offset, content });
  }

  truncate(size: number): void {
    this.#edits.push({ kind: 'truncate', size });
  }

  applyTo(content: PieceList): PieceList {
    const result = content.clone();
    for (const edit of this.#edits) {
      if (edit.kind === 'truncate') {
        result.truncate(edit.size);
        continue;
      }
      let at = edit.offset === 'end' ? result.size : edit.offset;
      for (const piece of edit.content.pieces) {
        result.write(at, piece);
        at += piece.length;
      }
    }
    return result;
  }

  /** Replaces pieces, for those that turn out to be short enough to be kept in the record. */
  map(change: (piece: Piece) => Piece): void {
    for (const edit of this.#edits) {
      if (edit.kind === 'write') edit.content = PieceList.of(edit.content.pieces.map(change));
    }
  }
}
