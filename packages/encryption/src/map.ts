/*
 * A map blob lists the pieces of a file that has too many for its record. It has its own random key, which the
 * record holds, and its box is bound to the blob's id. The key alone would not do: everybody who may read the file
 * knows it and could, together with the store, put another map in its place. So the reference also holds the SHA-256
 * of the stored blob, which brings every tree root in the map under the signature of the record's author.
 */

import { padBox, unpadBox } from './box.js';
import { asciiBytes, concatBytes, equalBytes } from './bytes.js';
import { encodeCbor } from './cbor/encode.js';
import { Fields } from './cbor/fields.js';
import type { CborValue } from './cbor/value.js';
import { EncryptionError } from './errors.js';
import {
  decodeMapRef,
  decodePieces,
  encodeMapRef,
  encodePieces,
  MAX_MAP_ITEMS,
  MAX_MAP_LEVEL,
  type MapRef,
  type Piece,
  pieceLength,
} from './pieces.js';
import type { BlobRef } from './places.js';
import type { CryptoProvider } from './provider.js';
import { open, seal } from './seal.js';

/** What goes into a map: pieces at level 0, references above. */
export interface MapContents {
  readonly level: number;
  readonly pieces?: readonly Piece[];
  readonly refs?: readonly MapRef[];
}

export interface ExtentMap {
  readonly level: number;
  /** Of a map of level 0. */
  readonly pieces: readonly Piece[];
  /** Of a map above, each to a map of the level below. */
  readonly refs: readonly MapRef[];
}

/** Of the stored object, in bytes: room for 1,024 pieces. */
export const MAX_MAP_BYTES: number = 256 * 1024;

const MAGIC = asciiBytes('LKMAP1\0\0');
const FIELDS: ReadonlySet<number> = new Set([0, 2]);

function summary({ pieces, refs }: ExtentMap): { count: number; length: number } {
  const lengths = [...pieces.map(pieceLength), ...refs.map((ref) => ref.length)];
  return { count: lengths.length, length: lengths.reduce((sum, length) => sum + length, 0) };
}

function checkLevels({ level, pieces, refs }: ExtentMap): void {
  const fits =
    level === 0 ? refs.length === 0 : pieces.length === 0 && refs.every((ref) => ref.level === level - 1);
  if (!fits || level > MAX_MAP_LEVEL) throw new EncryptionError('malformed', 'map: levels do not fit');
}

/** Draws a fresh key and returns the blob with the reference to it. Throws `limit` for over 1,024 items. */
export function sealMap(
  p: CryptoProvider,
  vaultId: Uint8Array,
  blob: BlobRef,
  contents: MapContents,
): { ref: MapRef; bytes: Uint8Array } {
  const map: ExtentMap = { level: contents.level, pieces: contents.pieces ?? [], refs: contents.refs ?? [] };
  checkLevels(map);
  const { count, length } = summary(map);
  if (count > MAX_MAP_ITEMS || !Number.isSafeInteger(length))
    throw new EncryptionError('limit', 'map is too long');
  const items = map.level === 0 ? encodePieces(map.pieces) : map.refs.map(encodeMapRef);
  const key = p.randomBytes(32);
  const plaintext = padBox(
    new Map<number, CborValue>([
      [0, map.level],
      [2, items],
    ]),
  );
  const box = seal(p, key, 'map', vaultId, encodeCbor([blob]), plaintext);
  const bytes = concatBytes(MAGIC, box);
  return { ref: { blob, key, level: map.level, count, length, sha256: p.sha256(bytes) }, bytes };
}

/** Throws `damaged` unless this is the map that `ref` means, else `malformed`, `limit` or `unsupported`. */
export function openMap(p: CryptoProvider, vaultId: Uint8Array, ref: MapRef, bytes: Uint8Array): ExtentMap {
  if (bytes.length > MAX_MAP_BYTES) throw new EncryptionError('limit', 'map is over its limit');
  if (!equalBytes(p.sha256(bytes), ref.sha256)) {
    throw new EncryptionError('damaged', 'map is not the one that was signed');
  }
  if (!equalBytes(bytes.subarray(0, MAGIC.length), MAGIC))
    throw new EncryptionError('unsupported', 'not a map');
  const padded = open(p, ref.key, 'map', vaultId, encodeCbor([ref.blob]), bytes.subarray(MAGIC.length));
  const fields = Fields.decode('map', unpadBox(padded));
  fields.extra(FIELDS);
  const level = fields.uint(0, MAX_MAP_LEVEL);
  const map: ExtentMap = {
    level,
    pieces: level === 0 ? decodePieces(fields.value(2), MAX_MAP_ITEMS) : [],
    refs: level === 0 ? [] : fields.array(2, MAX_MAP_ITEMS).map(decodeMapRef),
  };
  checkLevels(map);
  const { count, length } = summary(map);
  if (level !== ref.level || count !== ref.count || length !== ref.length) {
    throw new EncryptionError('damaged', 'map does not fit the reference to it');
  }
  return map;
}
