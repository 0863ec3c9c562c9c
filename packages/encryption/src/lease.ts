import { encodeCbor } from './cbor/encode.js';
import { Fields } from './cbor/fields.js';
import type { CborValue } from './cbor/value.js';
import type { CryptoProvider } from './provider.js';
import { open, seal } from './seal.js';

/** The register `w/<session>`: while it is live, no blob of the session is swept. Sealed, so that only the vault's
 * clients can end a session; bound to the session, so that one lease cannot stand in for another. */
export interface Lease {
  /** When the session began, since 1970. */
  readonly started: number;
  readonly state: 'live' | 'ended';
}

const FIELDS: ReadonlySet<number> = new Set([0, 2]);

export function sealLease(
  p: CryptoProvider,
  vaultId: Uint8Array,
  leaseKey: Uint8Array,
  session: Uint8Array,
  lease: Lease,
): Uint8Array {
  const plaintext = encodeCbor(
    new Map<number, CborValue>([
      [0, lease.started],
      [2, lease.state === 'live' ? 0 : 1],
    ]),
  );
  return seal(p, leaseKey, 'lease', vaultId, encodeCbor([session]), plaintext);
}

/** Throws `damaged` or `malformed`. */
export function openLease(
  p: CryptoProvider,
  vaultId: Uint8Array,
  leaseKey: Uint8Array,
  session: Uint8Array,
  bytes: Uint8Array,
): Lease {
  const fields = Fields.decode('lease', open(p, leaseKey, 'lease', vaultId, encodeCbor([session]), bytes));
  fields.extra(FIELDS);
  return { started: fields.uint(0), state: fields.uint(2, 1) === 0 ? 'live' : 'ended' };
}
