import { base32Encode } from './base32.js';

/** A blob's name inside the format: 10 random bytes of its session and 16 of its own. */
export type BlobRef = Uint8Array;

export const SESSION_BYTES: number = 10;
export const BLOB_REF_BYTES: number = 26;

/** The store's key of a blob: `b/<session>/<first two characters of id>/<id>`. */
export function blobPath(ref: BlobRef): string {
  const id = base32Encode(ref.subarray(SESSION_BYTES));
  return `b/${base32Encode(ref.subarray(0, SESSION_BYTES))}/${id.slice(0, 2)}/${id}`;
}

/** The store's key of a directory's head. */
export function headPath(place: string): string {
  return `h/${place}`;
}

/** The store's key of a session's lease. */
export function leasePath(session: Uint8Array): string {
  return `w/${base32Encode(session)}`;
}

/** The header is kept twice. */
export const HEADER_PATHS: readonly [string, string] = ['vault', 'vault.2'];
export const MOVES_PATH: string = 'm';
