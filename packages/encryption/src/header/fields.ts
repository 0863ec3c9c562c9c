import { decodeCbor } from '../cbor/decode.js';
import { encodeCbor } from '../cbor/encode.js';
import { type ExtraFields, Fields, NO_EXTRA_FIELDS } from '../cbor/fields.js';
import type { CborValue } from '../cbor/value.js';
import { MAX_CERTIFICATE_BYTES } from '../certificate.js';
import { EncryptionError } from '../errors.js';
import { readSigned, type Signed } from '../signed.js';
import { decodeSlot, encodeSlot, type KeySlot, MAX_SLOTS } from './slot.js';

export type Padding = 'none' | 'padme';

/** What a vault says about itself, in clear but for `top` and the slots' boxes, and signed by the root key. */
export interface VaultHeader {
  /** 16 bytes. */
  readonly vaultId: Uint8Array;
  /** Ed25519, 32 bytes. */
  readonly rootPublicKey: Uint8Array;
  /** The highest valid revision wins. */
  readonly revision: number;
  /** Of the authority log. */
  readonly epoch: number;
  /** X25519, 32 bytes. */
  readonly escrowPublicKey: Uint8Array;
  readonly slots: readonly KeySlot[];
  /** Wire form of the owner's certificate for the root directory. */
  readonly ownerCertificate: Uint8Array;
  readonly padding: Padding;
  /** Sealed record of the root directory. */
  readonly top: Uint8Array;
  /** Unknown optional fields, kept when the header is written again. */
  readonly extra?: ExtraFields;
}

/** A header whose form and bounds are checked, and nothing else: do not act on it before `verifyHeader`. */
export interface ParsedHeader {
  readonly unverified: VaultHeader;
  readonly signed: Signed;
}

/** Of the stored header, in bytes. */
export const MAX_HEADER_BYTES: number = 64 * 1024;
export const HEADER_DOMAIN: string = 'latchkey/1/header';

const MAGIC = 'latchkey-vault';
const FORMAT = 1;
const SUITE = 1;
const PADDINGS: readonly Padding[] = ['none', 'padme'];
const KNOWN: ReadonlySet<number> = new Set([0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22]);
const MAX_TOP_BYTES = 1024;

export function encodeHeaderFields(header: VaultHeader): Uint8Array {
  const map = new Map<number, CborValue>([
    [0, MAGIC],
    [2, FORMAT],
    [4, SUITE],
    [6, header.vaultId],
    [8, header.rootPublicKey],
    [10, header.revision],
    [12, header.epoch],
    [14, header.escrowPublicKey],
    [16, header.slots.map(encodeSlot)],
    [18, header.ownerCertificate],
    [20, PADDINGS.indexOf(header.padding)],
    [22, header.top],
    ...(header.extra ?? NO_EXTRA_FIELDS),
  ]);
  const bytes = encodeCbor(map);
  decodeHeaderFields(bytes);
  return bytes;
}

function decodeHeaderFields(bytes: Uint8Array): VaultHeader {
  const fields = Fields.decode('vault header', bytes);
  if (fields.text(0, 64) !== MAGIC) throw new EncryptionError('malformed', 'not a vault header');
  // Before anything else, so that a later format is called unsupported whatever else it changes.
  if (fields.uint(2) !== FORMAT)
    throw new EncryptionError('unsupported', 'vault is of another format version');
  if (fields.uint(4) !== SUITE)
    throw new EncryptionError('unsupported', 'vault uses another suite of algorithms');
  const extra = fields.extra(KNOWN);
  const padding = PADDINGS[fields.uint(20)];
  if (padding === undefined) throw new EncryptionError('unsupported', 'vault uses another padding');
  return {
    vaultId: fields.bytes(6, 16),
    rootPublicKey: fields.bytes(8, 32),
    revision: fields.uint(10),
    epoch: fields.uint(12),
    escrowPublicKey: fields.bytes(14, 32),
    slots: fields.array(16, MAX_SLOTS).map(decodeSlot),
    ownerCertificate: fields.bytesUpTo(18, MAX_CERTIFICATE_BYTES),
    padding,
    top: fields.bytesUpTo(22, MAX_TOP_BYTES),
    ...(extra.size === 0 ? {} : { extra }),
  };
}

/**
 * Checks form, versions and bounds of a stored header, before any secret is asked for. Throws `malformed`, `limit`
 * (a slot that wants too much or too little work among them) or `unsupported`.
 */
export function parseHeader(bytes: Uint8Array): ParsedHeader {
  if (bytes.length > MAX_HEADER_BYTES) throw new EncryptionError('limit', 'vault header is over its limit');
  const signed = readSigned('vault header', decodeCbor(bytes));
  return { unverified: decodeHeaderFields(signed.body), signed };
}
