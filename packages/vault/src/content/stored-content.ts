import {
  type ContentFields,
  type ExtentMap,
  MAX_MAP_BYTES,
  type MapContents,
  type MapRef,
  openMap,
  type Piece as StoredPiece,
  sealMap,
} from '@latchkey/encryption';
import { concatBytes } from '../bytes.js';
import type { VaultContext } from '../context.js';
import { VaultError } from '../errors.js';
import { INLINE_BYTES, MAP_ITEMS, RECORD_PIECES } from '../limits.js';
import { asVaultError, isStoreError } from '../translate.js';
import { blobKey } from './blob-name.js';
import { type Piece, PieceList, type Segment } from './pieces.js';
import { SegmentLog } from './segment-log.js';

/** How a record holds a list of pieces: itself, or in map blobs. */
export interface HeldContent {
  readonly pieces?: readonly StoredPiece[];
  readonly map?: MapRef;
}

export async function loadContent(context: VaultContext, held: HeldContent): Promise<PieceList> {
  const segments = new Map<string, Segment>();
  const pieces: Piece[] = [];
  for await (const piece of storedPieces(context, held)) pieces.push(fromStored(piece, segments));
  return PieceList.of(pieces);
}

/**
 * Puts a list into the form that a record can hold, storing map blobs as needed. `content` is the list as it was
 * stored: literals that were too many for a record have become a segment.
 */
export async function storeContent(
  context: VaultContext,
  content: PieceList,
): Promise<{ readonly held: HeldContent; readonly content: PieceList }> {
  const list = await boundLiterals(context, content);
  const stored = list.pieces.map(toStored);
  if (stored.length <= RECORD_PIECES) return { held: { pieces: stored }, content: list };
  let refs: MapRef[] = [];
  for (const pieces of groups(stored)) refs.push(await storeMap(context, { level: 0, pieces }));
  for (let level = 1; refs.length > 1; level++) {
    const above: MapRef[] = [];
    for (const below of groups(refs)) above.push(await storeMap(context, { level, refs: below }));
    refs = above;
  }
  return { held: { map: refs[0] as MapRef }, content: list };
}

/** What a record holds: its content, and beside it a draft and an appendix. */
export function heldBy(content: ContentFields): readonly HeldContent[] {
  const { draft, appendix } = content;
  return [content, ...(draft === undefined ? [] : [draft]), ...(appendix === undefined ? [] : [appendix])];
}

export function holdsBlobs(content: ContentFields): boolean {
  return heldBy(content).some(
    ({ map, pieces }) => map !== undefined || pieces?.some((piece) => piece.kind === 'data') === true,
  );
}

/** Every blob that a record needs. */
export async function contentBlobs(
  context: VaultContext,
  content: ContentFields,
): Promise<Map<string, Uint8Array>> {
  const blobs = new Map<string, Uint8Array>();
  const add = (blob: Uint8Array): void => {
    blobs.set(blobKey(blob), blob);
  };
  for (const held of heldBy(content)) {
    for await (const piece of storedPieces(context, held, (ref) => add(ref.blob))) {
      if (piece.kind === 'data') add(piece.segment);
    }
  }
  return blobs;
}

async function* storedPieces(
  context: VaultContext,
  held: HeldContent,
  visit?: (ref: MapRef) => void,
): AsyncGenerator<StoredPiece> {
  if (held.pieces !== undefined) yield* held.pieces;
  if (held.map !== undefined) yield* mapPieces(context, held.map, visit);
}

async function* mapPieces(
  context: VaultContext,
  ref: MapRef,
  visit: ((ref: MapRef) => void) | undefined,
): AsyncGenerator<StoredPiece> {
  visit?.(ref);
  const { store, provider, vaultId } = context;
  const name = blobKey(ref.blob);
  let map: ExtentMap;
  try {
    const bytes = await store.getBlob(name, { offset: 0, length: MAX_MAP_BYTES });
    map = openMap(provider, vaultId, ref, bytes);
  } catch (error) {
    if (isStoreError(error, 'not-found'))
      throw new VaultError('stale', `extent map ${name} is not in the store`, { cause: error });
    throw asVaultError(error, `extent map ${name}`);
  }
  yield* map.pieces;
  for (const child of map.refs) yield* mapPieces(context, child, visit);
}

async function storeMap(context: VaultContext, map: MapContents): Promise<MapRef> {
  const { provider, vaultId, writer } = context;
  const { ref, bytes } = sealMap(provider, vaultId, await writer.reserve(), map);
  await writer.put(ref.blob, bytes);
  return ref;
}

/** Short writes stay in the record as literals until they add up; then they become one segment. */
async function boundLiterals(context: VaultContext, content: PieceList): Promise<PieceList> {
  const literals = content.pieces.filter((piece) => piece.kind === 'literal');
  const total = literals.reduce((sum, piece) => sum + piece.length, 0);
  if (total <= INLINE_BYTES && (literals.length <= 1 || content.pieces.length <= RECORD_PIECES))
    return content;
  const log = new SegmentLog(context);
  await log.prepare(total);
  const moved = new Map<Piece, readonly Piece[]>();
  const adjacent = content.pieces.length === literals.length;
  if (adjacent && total <= INLINE_BYTES) {
    const bytes = concatBytes(
      literals.map((piece) => (piece.kind === 'literal' ? piece.bytes : new Uint8Array(0))),
    );
    return PieceList.of([{ kind: 'literal', bytes, length: bytes.length }]);
  }
  for (const piece of literals) if (piece.kind === 'literal') moved.set(piece, log.append(piece.bytes));
  log.cut();
  await log.stored();
  return PieceList.of(content.pieces.flatMap((piece) => moved.get(piece) ?? [piece]));
}

function fromStored(piece: StoredPiece, segments: Map<string, Segment>): Piece {
  if (piece.kind === 'hole') return { kind: 'hole', length: piece.length };
  if (piece.kind === 'literal') return { kind: 'literal', bytes: piece.bytes, length: piece.bytes.length };
  const name = blobKey(piece.segment);
  let segment = segments.get(name);
  if (segment === undefined) {
    segment = { blob: piece.segment, key: piece.key, root: piece.root, size: piece.segmentSize };
    segments.set(name, segment);
  }
  return { kind: 'data', segment, offset: piece.offset, length: piece.length };
}

function toStored(piece: Piece): StoredPiece {
  if (piece.kind === 'hole') return { kind: 'hole', length: piece.length };
  if (piece.kind === 'literal') return { kind: 'literal', bytes: piece.bytes };
  const { segment, offset, length } = piece;
  return {
    kind: 'data',
    segment: segment.blob,
    key: segment.key,
    root: segment.root,
    segmentSize: segment.size,
    offset,
    length,
  };
}

function groups<T>(items: readonly T[]): T[][] {
  const result: T[][] = [];
  for (let at = 0; at < items.length; at += MAP_ITEMS) result.push(items.slice(at, at + MAP_ITEMS));
  return result;
}
