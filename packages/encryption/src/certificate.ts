/*
 * A certificate lets a signing key write in a part of the tree. The root key issues them, and who holds one with the
 * right to share may issue narrower ones, offline. The wire form is CBOR [fields, signature]; the signature covers
 * the field bytes as they stand. Whether the scopes occur on the path to a record, in order, is checked by the
 * reader that knows the path; here it is only checked that a chain never widens.
 */

import { concatBytes, equalBytes } from './bytes.js';
import { decodeCbor } from './cbor/decode.js';
import { encodeCbor } from './cbor/encode.js';
import { type ExtraFields, Fields } from './cbor/fields.js';
import type { CborValue } from './cbor/value.js';
import { EncryptionError } from './errors.js';
import { checkName } from './names.js';
import type { CryptoProvider } from './provider.js';
import { readSigned, writeSigned } from './signed.js';

/** Bits of {@link CertificateFields.operations}. */
export const OPERATIONS = {
  list: 1,
  read: 2,
  add: 4,
  write: 8,
  delete: 16,
  share: 32,
  drop: 64,
  checkpoint: 128,
  admin: 256,
} as const;
export const ALL_OPERATIONS: number = 511;

export interface CertificateFields {
  /** 16 bytes. */
  readonly vaultId: Uint8Array;
  /** Ed25519 public key of who signs it. */
  readonly issuer: Uint8Array;
  /** Ed25519 public key that it speaks for. */
  readonly subject: Uint8Array;
  /** X25519 public key to which secrets for the subject are sealed. */
  readonly subjectExchange: Uint8Array;
  /** A directory and all below, or one name in it. */
  readonly scope: { readonly directory: Uint8Array; readonly name?: string };
  /** Set of {@link OPERATIONS}. */
  readonly operations: number;
  /** Seconds since 1970; 0: always. */
  readonly notBefore: number;
  /** Seconds since 1970; 0: for ever. */
  readonly notAfter: number;
  /** Longest life of what the subject writes, seconds; 0: no limit. */
  readonly objectLife: number;
  /** How many certificates may follow below this one, 0 to 16. */
  readonly depth: number;
  /** 16 random bytes. */
  readonly serial: Uint8Array;
  readonly extra?: ExtraFields;
}

export interface Certificate extends CertificateFields {
  /** First 16 bytes of the SHA-256 of the wire form. */
  readonly id: Uint8Array;
}

export const MAX_CERTIFICATE_BYTES: number = 4096;
export const MAX_CHAIN: number = 17;

const DOMAIN = 'latchkey/1/certificate';
const KNOWN: ReadonlySet<number> = new Set([0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20]);
const SCOPE_FIELDS: ReadonlySet<number> = new Set([0, 2]);
const MAX_DEPTH = 16;

export function encodeCertificate(fields: CertificateFields): Uint8Array {
  const scope = new Map<number, CborValue>([[0, fields.scope.directory]]);
  if (fields.scope.name !== undefined) scope.set(2, fields.scope.name);
  const map = new Map<number, CborValue>([
    [0, fields.vaultId],
    [2, fields.issuer],
    [4, fields.subject],
    [6, fields.subjectExchange],
    [8, scope],
    [10, fields.operations],
    [12, fields.notBefore],
    [14, fields.notAfter],
    [16, fields.objectLife],
    [18, fields.depth],
    [20, fields.serial],
    ...(fields.extra ?? []),
  ]);
  const bytes = encodeCbor(map);
  decodeFields(bytes);
  return bytes;
}

/** The wire form, signed by the issuer. Throws `malformed` when the seed is not the issuer's. */
export function signCertificate(
  p: CryptoProvider,
  fields: CertificateFields,
  issuerSeed: Uint8Array,
): Uint8Array {
  if (!equalBytes(p.ed25519PublicKey(issuerSeed), fields.issuer)) {
    throw new EncryptionError('malformed', 'certificate names another issuer');
  }
  return writeSigned(p, DOMAIN, encodeCertificate(fields), issuerSeed);
}

export function certificateId(p: CryptoProvider, wire: Uint8Array): Uint8Array {
  return p.sha256(wire).subarray(0, 16);
}

function decodeFields(bytes: Uint8Array): CertificateFields {
  const fields = Fields.decode('certificate', bytes);
  const extra = fields.extra(KNOWN);
  return {
    vaultId: fields.bytes(0, 16),
    issuer: fields.bytes(2, 32),
    subject: fields.bytes(4, 32),
    subjectExchange: fields.bytes(6, 32),
    scope: decodeScope(fields.value(8)),
    operations: fields.uint(10, ALL_OPERATIONS),
    notBefore: fields.uint(12),
    notAfter: fields.uint(14),
    objectLife: fields.uint(16),
    depth: fields.uint(18, MAX_DEPTH),
    serial: fields.bytes(20, 16),
    ...(extra.size === 0 ? {} : { extra }),
  };
}

function decodeScope(value: CborValue): CertificateFields['scope'] {
  const fields = new Fields('scope', value);
  fields.extra(SCOPE_FIELDS);
  const directory = fields.bytes(0, 16);
  if (!fields.has(2)) return { directory };
  const name = fields.text(2, 1024);
  checkName(name);
  return { directory, name };
}

/** Throws `damaged` unless `issuer` signed it for this vault, else `malformed`, `limit` or `unsupported`. */
export function verifyCertificate(
  p: CryptoProvider,
  wire: Uint8Array,
  issuer: Uint8Array,
  vaultId: Uint8Array,
): Certificate {
  if (wire.length > MAX_CERTIFICATE_BYTES)
    throw new EncryptionError('limit', 'certificate is over its limit');
  const { body, verify } = readSigned('certificate', decodeCbor(wire));
  if (!verify(p, DOMAIN, issuer))
    throw new EncryptionError('damaged', 'certificate is not signed by its issuer');
  const fields = decodeFields(body);
  if (!equalBytes(fields.issuer, issuer) || !equalBytes(fields.vaultId, vaultId)) {
    throw new EncryptionError('damaged', 'certificate is of another issuer or vault');
  }
  return { ...fields, id: certificateId(p, wire) };
}

function withinTime(parent: CertificateFields, child: CertificateFields): boolean {
  const ends = child.notAfter === 0 ? Number.POSITIVE_INFINITY : child.notAfter;
  const parentEnds = parent.notAfter === 0 ? Number.POSITIVE_INFINITY : parent.notAfter;
  const life = child.objectLife === 0 ? Number.POSITIVE_INFINITY : child.objectLife;
  const parentLife = parent.objectLife === 0 ? Number.POSITIVE_INFINITY : parent.objectLife;
  return child.notBefore >= parent.notBefore && ends <= parentEnds && life <= parentLife;
}

/** Under a scope of one name there is only the same scope; under a directory, itself or something below. */
function withinScope(parent: CertificateFields, child: CertificateFields): boolean {
  if (parent.scope.name === undefined) return true;
  return equalBytes(parent.scope.directory, child.scope.directory) && parent.scope.name === child.scope.name;
}

/** Throws `damaged` unless `child` only narrows what `parent` grants. */
export function checkNarrows(parent: CertificateFields, child: CertificateFields): void {
  const narrows =
    equalBytes(parent.subject, child.issuer) &&
    (parent.operations & OPERATIONS.share) !== 0 &&
    (child.operations & ~parent.operations) === 0 &&
    child.depth < parent.depth &&
    withinTime(parent, child) &&
    withinScope(parent, child);
  if (!narrows) throw new EncryptionError('damaged', 'certificate grants more than its issuer has');
}

/** The certificates of a chain that begins at the root key. Throws as {@link verifyCertificate} does. */
export function verifyChain(
  p: CryptoProvider,
  vaultId: Uint8Array,
  rootPublicKey: Uint8Array,
  wires: readonly Uint8Array[],
): Certificate[] {
  if (wires.length === 0 || wires.length > MAX_CHAIN)
    throw new EncryptionError('limit', 'chain is empty or too long');
  const chain: Certificate[] = [];
  for (const wire of wires) {
    const parent = chain.at(-1);
    const certificate = verifyCertificate(p, wire, parent?.subject ?? rootPublicKey, vaultId);
    if (parent !== undefined) checkNarrows(parent, certificate);
    chain.push(certificate);
  }
  return chain;
}

/** Domain-separated identifier of a public key that people compare: base32 of 20 bytes of SHA-256. */
export function keyFingerprint(p: CryptoProvider, publicKey: Uint8Array): Uint8Array {
  return p.sha256(concatBytes(encodeCbor(['latchkey/1/fingerprint']), publicKey)).subarray(0, 20);
}
