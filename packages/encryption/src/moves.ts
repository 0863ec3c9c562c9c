import { encodeCbor } from './cbor/encode.js';
import { Fields } from './cbor/fields.js';
import type { CborValue } from './cbor/value.js';
import type { DirectoryIdentity } from './directory.js';
import { EncryptionError } from './errors.js';
import type { CryptoProvider } from './provider.js';
import { open, seal } from './seal.js';

/*
 * What moves between directories leave behind for whoever has to go on when they do not: the register `m`, and the mark
 * on a file. Both name directories together with the secret that opens them, which the readers of the place where they
 * stand need not have, so both are sealed under a key of the owner alone, and a mark is bound to the record it stands in.
 */

/** The register `m` while a directory moves. */
export interface MoveRegister {
  /** Of the move, 16 bytes. */
  readonly id: Uint8Array;
  /** The directory that moves. */
  readonly child: DirectoryIdentity;
  /** Directories of earlier movers whose late swap has not been made impossible yet, at most {@link MAX_UNFENCED}. */
  readonly unfenced: readonly DirectoryIdentity[];
}

/** On a file whose move to another directory is under way. */
export interface MoveMark {
  /** Under which the target takes the file in, 16 bytes. */
  readonly operation: Uint8Array;
  readonly target: DirectoryIdentity;
  /** The newest operation in the target's head when the move began, 16 bytes; absent when there was none. */
  readonly newest?: Uint8Array;
}

export const MAX_UNFENCED: number = 64;
/** A sealed mark, in bytes. */
export const MAX_MARK_BYTES: number = 256;

const IDENTITY_FIELDS: ReadonlySet<number> = new Set([2, 4, 6]);
const REGISTER_FIELDS: ReadonlySet<number> = new Set([0, 2, 4, 6, 8]);

/** `undefined`: nobody moves a directory. */
export function sealMoves(
  p: CryptoProvider,
  vaultId: Uint8Array,
  movesKey: Uint8Array,
  move: MoveRegister | undefined,
): Uint8Array {
  const fields = new Map<number, CborValue>();
  if (move !== undefined) {
    if (move.unfenced.length > MAX_UNFENCED)
      throw new EncryptionError('limit', 'register of moves: too long');
    fields.set(0, move.id);
    setIdentity(fields, move.child);
    if (move.unfenced.length > 0)
      fields.set(
        8,
        move.unfenced.map((one) => setIdentity(new Map(), one)),
      );
  }
  return seal(p, movesKey, 'moves', vaultId, new Uint8Array(0), encodeCbor(fields));
}

/** Throws `damaged`, `malformed`, `limit` or `unsupported`. */
export function openMoves(
  p: CryptoProvider,
  vaultId: Uint8Array,
  movesKey: Uint8Array,
  bytes: Uint8Array,
): MoveRegister | undefined {
  const plaintext = open(p, movesKey, 'moves', vaultId, new Uint8Array(0), bytes);
  const fields = Fields.decode('register of moves', plaintext);
  fields.extra(REGISTER_FIELDS);
  if (![...REGISTER_FIELDS].some((key) => fields.has(key))) return undefined;
  const unfenced = fields.has(8) ? fields.array(8, MAX_UNFENCED) : undefined;
  if (unfenced?.length === 0)
    throw new EncryptionError('malformed', 'register of moves: field 8 is empty and should be absent');
  return {
    id: fields.bytes(0, 16),
    child: identity(fields),
    unfenced: (unfenced ?? []).map((value) => {
      const one = new Fields('register of moves: a directory', value);
      one.extra(IDENTITY_FIELDS);
      return identity(one);
    }),
  };
}

/** @param uid of the directory that the marked record stands in; `key` is the record's */
export function sealMark(
  p: CryptoProvider,
  vaultId: Uint8Array,
  movesKey: Uint8Array,
  place: { readonly uid: Uint8Array; readonly key: string },
  mark: MoveMark,
): Uint8Array {
  const fields = setIdentity(new Map<number, CborValue>([[0, mark.operation]]), mark.target);
  if (mark.newest !== undefined) fields.set(8, mark.newest);
  return seal(p, movesKey, 'mark', vaultId, encodeCbor([place.uid, place.key]), encodeCbor(fields));
}

/** Throws `damaged`, `malformed`, `limit` or `unsupported`. */
export function openMark(
  p: CryptoProvider,
  vaultId: Uint8Array,
  movesKey: Uint8Array,
  place: { readonly uid: Uint8Array; readonly key: string },
  bytes: Uint8Array,
): MoveMark {
  if (bytes.length > MAX_MARK_BYTES) throw new EncryptionError('limit', 'mark of a move is too long');
  const plaintext = open(p, movesKey, 'mark', vaultId, encodeCbor([place.uid, place.key]), bytes);
  const fields = Fields.decode('mark of a move', plaintext);
  fields.extra(REGISTER_FIELDS);
  return {
    operation: fields.bytes(0, 16),
    target: identity(fields),
    ...(fields.has(8) ? { newest: fields.bytes(8, 16) } : {}),
  };
}

function setIdentity(fields: Map<number, CborValue>, one: DirectoryIdentity): Map<number, CborValue> {
  return fields.set(2, one.uid).set(4, one.generation).set(6, one.readSecret);
}

function identity(fields: Fields): DirectoryIdentity {
  return { uid: fields.bytes(2, 16), generation: fields.uint(4), readSecret: fields.bytes(6, 32) };
}
