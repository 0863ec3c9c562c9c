import { segmentBlobSize } from '@latchkey/encryption';
import type { VaultContext } from '../context.js';
import { VaultError } from '../errors.js';
import { blobKey } from './blob-name.js';
import { PieceList, type Segment } from './pieces.js';
import { type HeldContent, storeContent } from './stored-content.js';

/** Bytes of a segment that are in memory while it is copied. */
const COPY_STEP = 1024 * 1024;

/** Segments under new names, in the session that blobs are written under now. */
export class SegmentCopies {
  readonly #context: VaultContext;
  readonly #copies = new Map<string, Uint8Array>();

  constructor(context: VaultContext) {
    this.#context = context;
  }

  /**
   * Copies a segment as it is: its bytes are bound to its key, and not to its name. Throws the store's `not-found`, or
   * `stale` when it is shorter than it should be.
   */
  async add({ blob, size }: Segment): Promise<void> {
    const { store, writer } = this.#context;
    const name = blobKey(blob);
    if (this.#copies.has(name)) return;
    const bytes = segmentBlobSize(size);
    const source = async function* (): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < bytes; at += COPY_STEP) {
        const length = Math.min(COPY_STEP, bytes - at);
        const part = await store.getBlob(name, { offset: at, length });
        if (part.length !== length) throw new VaultError('stale', `segment ${name} is cut short`);
        yield part;
      }
    };
    const copy = await writer.reserve();
    await writer.put(copy, source());
    this.#copies.set(name, copy);
  }

  /** A list of pieces as a record holds it, with the copies in the place of what was copied. */
  async held(list: PieceList = new PieceList()): Promise<HeldContent> {
    const pieces = list.pieces.map((piece) => {
      const copy = piece.kind === 'data' ? this.#copies.get(blobKey(piece.segment.blob)) : undefined;
      if (piece.kind !== 'data' || copy === undefined) return piece;
      return { ...piece, segment: { ...piece.segment, blob: copy } };
    });
    return (await storeContent(this.#context, PieceList.of(pieces))).held;
  }
}
