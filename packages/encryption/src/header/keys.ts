import type { CryptoProvider } from '../provider.js';
import { kdf } from '../seal.js';

/** Everything that comes from the root secret, one key per purpose. 32 bytes each. */
export interface RootKeys {
  /** Ed25519 seed of the root key, which signs headers and certificates and nothing else. */
  readonly signSeed: Uint8Array;
  readonly signPublic: Uint8Array;
  /** Ed25519 seed of the owner's daily key, which signs heads and records. */
  readonly authorSeed: Uint8Array;
  readonly authorPublic: Uint8Array;
  /** X25519: opens the escrow boxes of heads. */
  readonly escrowSecret: Uint8Array;
  readonly escrowPublic: Uint8Array;
  /** X25519: what others seal to the owner. */
  readonly exchangeSecret: Uint8Array;
  readonly exchangePublic: Uint8Array;
  /** Seals the root directory's record. */
  readonly topKey: Uint8Array;
  /** Makes the self-tags of records. */
  readonly selfTagKey: Uint8Array;
  /** Seals leases. */
  readonly leaseKey: Uint8Array;
  /** Seals the register of moves. */
  readonly movesKey: Uint8Array;
}

export function deriveRootKeys(p: CryptoProvider, vaultId: Uint8Array, rootSecret: Uint8Array): RootKeys {
  const key = (label: string): Uint8Array => kdf(p, rootSecret, label, vaultId);
  const signSeed = key('sign');
  const authorSeed = key('author');
  const escrowSecret = key('escrow');
  const exchangeSecret = key('exchange');
  return {
    signSeed,
    signPublic: p.ed25519PublicKey(signSeed),
    authorSeed,
    authorPublic: p.ed25519PublicKey(authorSeed),
    escrowSecret,
    escrowPublic: p.x25519PublicKey(escrowSecret),
    exchangeSecret,
    exchangePublic: p.x25519PublicKey(exchangeSecret),
    topKey: key('top'),
    selfTagKey: key('self-tag'),
    leaseKey: key('lease'),
    movesKey: key('moves'),
  };
}
