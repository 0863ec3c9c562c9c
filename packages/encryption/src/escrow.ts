import { decodeCbor } from './cbor/decode.js';
import { encodeCbor } from './cbor/encode.js';
import { Fields } from './cbor/fields.js';
import type { CborValue } from './cbor/value.js';
import { EncryptionError } from './errors.js';
import { HPKE_KEM_ID, hpkeOpen, hpkeSeal } from './hpke.js';
import { checkName } from './names.js';
import type { CryptoProvider } from './provider.js';

/*
 * Every head carries its directory's secret sealed to the owner's escrow key, so that the owner can bring back a
 * subtree whose parent is lost. Only the root secret opens it. Anyone may make one: a repair trusts it only as far as
 * the directory that it names then opens and verifies.
 */

export interface EscrowFields {
  /** 16 bytes. */
  readonly uid: Uint8Array;
  readonly generation: number;
  /** R, 32 bytes. */
  readonly readSecret: Uint8Array;
  /** 16 bytes; of the root directory, its own uid. */
  readonly parentUid: Uint8Array;
  /** At the time of sealing. */
  readonly name: string;
}

const FIELDS: ReadonlySet<number> = new Set([0, 2, 4, 6, 8]);
const NO_AAD = new Uint8Array(0);

function info(vaultId: Uint8Array): Uint8Array {
  return encodeCbor(['latchkey/1/escrow', vaultId]);
}

/** CBOR [kem id, enc, ct]. */
export function sealEscrow(
  p: CryptoProvider,
  escrowPublicKey: Uint8Array,
  vaultId: Uint8Array,
  fields: EscrowFields,
): Uint8Array {
  checkName(fields.name);
  const plaintext = encodeCbor(
    new Map<number, CborValue>([
      [0, fields.uid],
      [2, fields.generation],
      [4, fields.readSecret],
      [6, fields.parentUid],
      [8, fields.name],
    ]),
  );
  const { enc, ct } = hpkeSeal(p, escrowPublicKey, info(vaultId), NO_AAD, plaintext);
  return encodeCbor([HPKE_KEM_ID, enc, ct]);
}

/** Throws `damaged`, `malformed`, or `unsupported` for another KEM. */
export function openEscrow(
  p: CryptoProvider,
  escrowSecret: Uint8Array,
  vaultId: Uint8Array,
  bytes: Uint8Array,
): EscrowFields {
  const value = decodeCbor(bytes);
  if (!Array.isArray(value) || value.length !== 3)
    throw new EncryptionError('malformed', 'escrow box: wrong form');
  const [kem, enc, ct] = value as readonly CborValue[];
  if (kem !== HPKE_KEM_ID) throw new EncryptionError('unsupported', 'escrow box: unknown kem');
  if (!(enc instanceof Uint8Array) || !(ct instanceof Uint8Array)) {
    throw new EncryptionError('malformed', 'escrow box: wrong form');
  }
  const fields = Fields.decode('escrow', hpkeOpen(p, escrowSecret, info(vaultId), NO_AAD, { enc, ct }));
  fields.extra(FIELDS);
  const name = fields.text(8, 1024);
  checkName(name);
  return {
    uid: fields.bytes(0, 16),
    generation: fields.uint(2),
    readSecret: fields.bytes(4, 32),
    parentUid: fields.bytes(6, 16),
    name,
  };
}
