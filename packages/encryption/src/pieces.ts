import { Fields } from './cbor/fields.js';
import type { CborValue } from './cbor/value.js';
import { EncryptionError } from './errors.js';
import { BLOB_REF_BYTES, type BlobRef } from './places.js';
import { SEGMENT_MAX } from './segment/layout.js';

/** A stretch of a file's content. All numbers are bytes. */
export type Piece =
  | {
      readonly kind: 'data';
      /** The segment's blob, 26 bytes. */
      readonly segment: BlobRef;
      /** Of the segment, 32 bytes. */
      readonly key: Uint8Array;
      /** Root of the hash tree over the segment's ciphertext, 32 bytes. */
      readonly root: Uint8Array;
      /** Plaintext bytes of the whole segment. */
      readonly segmentSize: number;
      /** Where in the segment the stretch begins. */
      readonly offset: number;
      readonly length: number;
    }
  | { readonly kind: 'hole'; readonly length: number }
  | { readonly kind: 'literal'; readonly bytes: Uint8Array };

/** A map blob: a list of pieces that is too long for a record. */
export interface MapRef {
  /** 26 bytes. */
  readonly blob: BlobRef;
  /** 32 bytes. */
  readonly key: Uint8Array;
  /** 0: the blob holds pieces; n: it holds references to maps of level n-1. */
  readonly level: number;
  /** Items in the blob. */
  readonly count: number;
  /** Bytes of content that it describes. */
  readonly length: number;
  /** Of the stored blob. It brings the tree roots in the map under the signature of the record. */
  readonly sha256: Uint8Array;
}

/** Pieces in a record. */
export const MAX_RECORD_PIECES: number = 8;
/** Items of a map blob. */
export const MAX_MAP_ITEMS: number = 1024;
/** Literal bytes of one list of pieces. */
export const MAX_LITERAL_BYTES: number = 1024;
/** 1024^5 pieces are more than any file has. */
export const MAX_MAP_LEVEL: number = 4;

export function pieceLength(piece: Piece): number {
  return piece.kind === 'literal' ? piece.bytes.length : piece.length;
}

function encodePiece(piece: Piece): CborValue {
  switch (piece.kind) {
    case 'data':
      return [0, piece.segment, piece.key, piece.root, piece.segmentSize, piece.offset, piece.length];
    case 'hole':
      return [1, piece.length];
    case 'literal':
      return [2, piece.bytes];
  }
}

export function encodePieces(pieces: readonly Piece[]): CborValue {
  return pieces.map(encodePiece);
}

function refuse(): never {
  throw new EncryptionError('malformed', 'piece of content has the wrong form');
}

function isLength(value: CborValue | undefined): value is number {
  return typeof value === 'number' && value >= 1;
}

function isBytes(value: CborValue | undefined, length: number): value is Uint8Array {
  return value instanceof Uint8Array && value.length === length;
}

function decodePiece(value: CborValue): Piece {
  if (!Array.isArray(value)) return refuse();
  const items: readonly CborValue[] = value;
  const [kind, a, b, c, segmentSize, offset, length] = items;
  if (kind === 0 && items.length === 7) {
    if (!isBytes(a, BLOB_REF_BYTES) || !isBytes(b, 32) || !isBytes(c, 32)) return refuse();
    if (!isLength(segmentSize) || !isLength(length) || typeof offset !== 'number' || offset < 0)
      return refuse();
    if (segmentSize > SEGMENT_MAX || offset + length > segmentSize) {
      throw new EncryptionError('limit', 'piece of content is outside its segment');
    }
    return { kind: 'data', segment: a, key: b, root: c, segmentSize, offset, length };
  }
  if (kind === 1 && items.length === 2 && isLength(a)) return { kind: 'hole', length: a };
  if (kind === 2 && items.length === 2 && a instanceof Uint8Array && a.length > 0)
    return { kind: 'literal', bytes: a };
  if (typeof kind === 'number' && kind > 2) throw new EncryptionError('unsupported', 'unknown kind of piece');
  return refuse();
}

/** Checks each piece and that together they stay below 2^53 bytes, with at most 1 KiB of literals. */
export function decodePieces(value: CborValue, max: number): Piece[] {
  if (!Array.isArray(value)) return refuse();
  if (value.length > max) throw new EncryptionError('limit', 'too many pieces of content');
  const pieces = (value as readonly CborValue[]).map(decodePiece);
  let total = 0;
  let literal = 0;
  for (const piece of pieces) {
    total += pieceLength(piece);
    if (piece.kind === 'literal') literal += piece.bytes.length;
  }
  if (literal > MAX_LITERAL_BYTES) throw new EncryptionError('limit', 'too many literal bytes');
  if (total > Number.MAX_SAFE_INTEGER) throw new EncryptionError('limit', 'content is too long');
  return pieces;
}

export function encodeMapRef(ref: MapRef): CborValue {
  return new Map<number, CborValue>([
    [0, ref.blob],
    [2, ref.key],
    [4, ref.level],
    [6, ref.count],
    [8, ref.length],
    [10, ref.sha256],
  ]);
}

const MAP_REF_FIELDS: ReadonlySet<number> = new Set([0, 2, 4, 6, 8, 10]);

export function decodeMapRef(value: CborValue): MapRef {
  const fields = new Fields('map reference', value);
  fields.extra(MAP_REF_FIELDS);
  return {
    blob: fields.bytes(0, BLOB_REF_BYTES),
    key: fields.bytes(2, 32),
    level: fields.uint(4, MAX_MAP_LEVEL),
    count: fields.uint(6, MAX_MAP_ITEMS),
    length: fields.uint(8),
    sha256: fields.bytes(10, 32),
  };
}
