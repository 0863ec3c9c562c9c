import { BLOB_REF_BYTES, type BlobRef, blobPath, leasePath, SESSION_BYTES } from '@latchkey/encryption';
import { type StoreKey, storeKey } from '@latchkey/store';

/** Bytes of a blob's own id; the writing session's id stands before it in a reference. */
export const BLOB_BYTES: number = BLOB_REF_BYTES - SESSION_BYTES;

/** References are shared by everything decoded from one record, so their keys are worth remembering. */
const known = new WeakMap<Uint8Array, StoreKey>();

/** The store key of a blob: `b/<session>/<2>/<id>`. */
export function blobKey(reference: BlobRef): StoreKey {
  let key = known.get(reference);
  if (key === undefined) {
    key = storeKey(blobPath(reference));
    known.set(reference, key);
  }
  return key;
}

export function leaseKey(session: Uint8Array): StoreKey {
  return storeKey(leasePath(session));
}
