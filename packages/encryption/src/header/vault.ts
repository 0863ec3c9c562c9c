/*
 * The header is where trust begins, and the store can replace it. A slot yields the root secret to who knows the
 * passphrase; from the root secret alone come the root public key and the escrow key, and everything in the header
 * must agree with them and be signed. So a foreign public key, an exchanged owner certificate or root directory, or a
 * header of another vault is refused, never adopted.
 */

import { equalBytes } from '../bytes.js';
import { ALL_OPERATIONS, certificateId, signCertificate, verifyCertificate } from '../certificate.js';
import { newDirectory, newLinkId } from '../directory.js';
import { EncryptionError } from '../errors.js';
import type { CryptoProvider } from '../provider.js';
import type { Author } from '../record.js';
import { writeSigned } from '../signed.js';
import {
  encodeHeaderFields,
  HEADER_DOMAIN,
  MAX_HEADER_BYTES,
  type Padding,
  type ParsedHeader,
  type VaultHeader,
} from './fields.js';
import { deriveRootKeys, type RootKeys } from './keys.js';
import { openTop, sealTop, type TopDirectory } from './top.js';

/** How many certificates may follow below the owner's. */
const OWNER_DEPTH = 16;

/** A new vault: its root secret, and a header that still needs a key slot and to be encoded. */
export function createVault(
  p: CryptoProvider,
  options: { padding?: Padding } = {},
): { rootSecret: Uint8Array; header: VaultHeader } {
  const rootSecret = p.randomBytes(32);
  const vaultId = p.randomBytes(16);
  const keys = deriveRootKeys(p, vaultId, rootSecret);
  const top: TopDirectory = { ...newDirectory(p), linkId: newLinkId(p) };
  const ownerCertificate = signCertificate(
    p,
    {
      vaultId,
      issuer: keys.signPublic,
      subject: keys.authorPublic,
      subjectExchange: keys.exchangePublic,
      scope: { directory: top.uid },
      operations: ALL_OPERATIONS,
      notBefore: 0,
      notAfter: 0,
      objectLife: 0,
      depth: OWNER_DEPTH,
      serial: p.randomBytes(16),
    },
    keys.signSeed,
  );
  const header: VaultHeader = {
    vaultId,
    rootPublicKey: keys.signPublic,
    revision: 0,
    epoch: 0,
    escrowPublicKey: keys.escrowPublic,
    slots: [],
    ownerCertificate,
    padding: options.padding ?? 'none',
    top: sealTop(p, vaultId, keys.topKey, top),
  };
  return { rootSecret, header };
}

/** The stored bytes of a header, signed by the root key. Throws `limit` over 64 KiB or without a slot. */
export function encodeHeader(p: CryptoProvider, header: VaultHeader, keys: RootKeys): Uint8Array {
  if (header.slots.length === 0) throw new EncryptionError('limit', 'vault header has no key slot');
  const bytes = writeSigned(p, HEADER_DOMAIN, encodeHeaderFields(header), keys.signSeed);
  if (bytes.length > MAX_HEADER_BYTES) throw new EncryptionError('limit', 'vault header is over its limit');
  return bytes;
}

export interface VerifiedHeader {
  readonly header: VaultHeader;
  readonly keys: RootKeys;
  readonly top: TopDirectory;
  /** The owner, as author of heads and records. */
  readonly author: Author;
}

/** Throws `damaged` unless everything in the header belongs to `rootSecret`. */
export function verifyHeader(
  p: CryptoProvider,
  parsed: ParsedHeader,
  rootSecret: Uint8Array,
): VerifiedHeader {
  const { unverified: header, signed } = parsed;
  const { vaultId } = header;
  const keys = deriveRootKeys(p, vaultId, rootSecret);
  if (
    !equalBytes(header.rootPublicKey, keys.signPublic) ||
    !equalBytes(header.escrowPublicKey, keys.escrowPublic) ||
    !signed.verify(p, HEADER_DOMAIN, keys.signPublic)
  ) {
    throw new EncryptionError('damaged', 'vault header is not signed by the vault’s root key');
  }
  const top = openTop(p, vaultId, keys.topKey, header.top);
  const certificate = verifyCertificate(p, header.ownerCertificate, keys.signPublic, vaultId);
  if (
    !equalBytes(certificate.subject, keys.authorPublic) ||
    !equalBytes(certificate.scope.directory, top.uid)
  ) {
    throw new EncryptionError('damaged', 'owner certificate is for another key or directory');
  }
  return { header, keys, top, author: ownerAuthor(p, header, keys) };
}

/** The owner, as author of heads and records. */
export function ownerAuthor(p: CryptoProvider, header: VaultHeader, keys: RootKeys): Author {
  return {
    vaultId: header.vaultId,
    seed: keys.authorSeed,
    publicKey: keys.authorPublic,
    selfTagKey: keys.selfTagKey,
    certificateId: certificateId(p, header.ownerCertificate),
  };
}
