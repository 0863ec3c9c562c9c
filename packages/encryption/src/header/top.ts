import { encodeCbor } from '../cbor/encode.js';
import { Fields } from '../cbor/fields.js';
import type { CborValue } from '../cbor/value.js';
import type { DirectoryIdentity } from '../directory.js';
import type { CryptoProvider } from '../provider.js';
import { open, seal } from '../seal.js';

/** The root directory as the header holds it, sealed under the top key and bound to the vault. */
export interface TopDirectory extends DirectoryIdentity {
  /** 16 bytes. */
  readonly linkId: Uint8Array;
}

const FIELDS: ReadonlySet<number> = new Set([0, 2, 4, 6]);

export function sealTop(
  p: CryptoProvider,
  vaultId: Uint8Array,
  topKey: Uint8Array,
  top: TopDirectory,
): Uint8Array {
  const plaintext = encodeCbor(
    new Map<number, CborValue>([
      [0, top.uid],
      [2, top.generation],
      [4, top.readSecret],
      [6, top.linkId],
    ]),
  );
  return seal(p, topKey, 'top', vaultId, encodeCbor([vaultId]), plaintext);
}

/** Throws `damaged` or `malformed`. */
export function openTop(
  p: CryptoProvider,
  vaultId: Uint8Array,
  topKey: Uint8Array,
  box: Uint8Array,
): TopDirectory {
  const fields = Fields.decode('top', open(p, topKey, 'top', vaultId, encodeCbor([vaultId]), box));
  fields.extra(FIELDS);
  return {
    uid: fields.bytes(0, 16),
    generation: fields.uint(2),
    readSecret: fields.bytes(4, 32),
    linkId: fields.bytes(6, 16),
  };
}
