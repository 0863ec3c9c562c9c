import { blobKey } from '../content/blob-name.js';
import type { PieceList } from '../content/pieces.js';

/** Segments that open files of this process still read: the grace of a released one is extended while it is pinned. */
export class Pins {
  readonly #counts = new Map<string, number>();

  pin(content: PieceList): () => void {
    const names = new Set<string>();
    for (const piece of content.pieces) if (piece.kind === 'data') names.add(blobKey(piece.segment.blob));
    for (const name of names) this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    return () => {
      for (const name of names) {
        const left = (this.#counts.get(name) ?? 1) - 1;
        if (left === 0) this.#counts.delete(name);
        else this.#counts.set(name, left);
      }
      names.clear();
    };
  }

  has(blob: Uint8Array): boolean {
    return this.#counts.size > 0 && this.#counts.has(blobKey(blob));
  }
}
