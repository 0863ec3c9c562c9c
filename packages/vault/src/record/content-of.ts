import type { PieceList } from '../content/pieces.js';
import { loadContent } from '../content/stored-content.js';
import type { VaultContext } from '../context.js';
import type { RecordFields } from './build.js';

/** The published content; the draft's while nothing is published. */
export function contentOf(context: VaultContext, { listing, content }: RecordFields): Promise<PieceList> {
  return loadContent(context, listing.draftOnly && content.draft !== undefined ? content.draft : content);
}
