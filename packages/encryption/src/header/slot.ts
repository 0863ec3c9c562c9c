/*
 * A key slot holds the root secret, sealed under a key from a passphrase or from recovery words. All public fields of
 * the slot are the box's associated data, so none can be changed, the cost of Argon2id among them; the cost is
 * bounded in both directions before any work is done. The box commits to its key, so a crafted slot answers for one
 * passphrase only and cannot be used to test many guesses at once. Whatever is wrong with a slot, the error is the
 * same: it does not open.
 */

import { encodeCbor } from '../cbor/encode.js';
import { type ExtraFields, Fields, NO_EXTRA_FIELDS } from '../cbor/fields.js';
import type { CborValue } from '../cbor/value.js';
import { EncryptionError } from '../errors.js';
import type { Argon2Cost } from '../provider.js';
import { SEAL_OVERHEAD } from '../seal.js';

interface SlotFields {
  /** 8 random bytes. */
  readonly id: Uint8Array;
  /** For people, 0 to 128 bytes. */
  readonly label: string;
  /** The root secret, sealed: 112 bytes. */
  readonly box: Uint8Array;
  readonly extra?: ExtraFields;
}

export interface PassphraseSlot extends SlotFields {
  readonly type: 'passphrase';
  readonly cost: Argon2Cost;
  /** 16 bytes. */
  readonly salt: Uint8Array;
}

export interface RecoverySlot extends SlotFields {
  readonly type: 'recovery';
}

export type KeySlot = PassphraseSlot | RecoverySlot;

export const MAX_SLOTS: number = 8;

/** Bounds of Argon2id, enforced on reading and on writing. RFC 9106 section 4 recommends 64 MiB and 3 passes. */
export const ARGON2_BOUNDS = {
  memoryKiB: { min: 64 * 1024, max: 1024 * 1024 },
  passes: { min: 3, max: 16 },
  lanes: { min: 1, max: 4 },
} as const;

/** The second recommended option of RFC 9106 section 4: 64 MiB, 3 passes, 4 lanes. */
export const DEFAULT_ARGON2: Argon2Cost = { memoryKiB: 64 * 1024, passes: 3, lanes: 4 };

const BOX_BYTES = 32 + SEAL_OVERHEAD;
const MAX_LABEL_BYTES = 128;
const PASSPHRASE_FIELDS: ReadonlySet<number> = new Set([0, 2, 4, 6, 8, 10, 12, 14]);
const RECOVERY_FIELDS: ReadonlySet<number> = new Set([0, 2, 4, 14]);

/** Throws `limit` for a cost outside {@link ARGON2_BOUNDS}. */
export function checkCost(cost: Argon2Cost): void {
  for (const name of ['memoryKiB', 'passes', 'lanes'] as const) {
    const { min, max } = ARGON2_BOUNDS[name];
    const value = cost[name];
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new EncryptionError('limit', `key slot: ${name} is outside ${min} to ${max}`);
    }
  }
}

export type Unsealed<Slot> = Slot extends KeySlot ? Omit<Slot, 'box'> : never;

function publicFields(slot: Unsealed<KeySlot>): Map<number, CborValue> {
  const map = new Map<number, CborValue>([
    [0, slot.type === 'passphrase' ? 1 : 2],
    [2, slot.id],
    [4, slot.label],
    ...(slot.extra ?? NO_EXTRA_FIELDS),
  ]);
  if (slot.type === 'passphrase') {
    map.set(6, slot.cost.memoryKiB).set(8, slot.cost.passes).set(10, slot.cost.lanes).set(12, slot.salt);
  }
  return map;
}

/** Associated data of the slot's box: every field but the box. */
export function slotContext(slot: Unsealed<KeySlot>): Uint8Array {
  return encodeCbor(publicFields(slot));
}

export function encodeSlot(slot: KeySlot): CborValue {
  return publicFields(slot).set(14, slot.box);
}

/** Throws `malformed`, `limit`, or `unsupported` for another type of slot. */
export function decodeSlot(value: CborValue): KeySlot {
  const fields = new Fields('key slot', value);
  const type = fields.uint(0);
  if (type !== 1 && type !== 2) throw new EncryptionError('unsupported', 'key slot of an unknown type');
  const extra = fields.extra(type === 1 ? PASSPHRASE_FIELDS : RECOVERY_FIELDS);
  const shared = {
    id: fields.bytes(2, 8),
    label: fields.text(4, MAX_LABEL_BYTES),
    box: fields.bytes(14, BOX_BYTES),
    ...(extra.size === 0 ? {} : { extra }),
  };
  if (type === 2) return { type: 'recovery', ...shared };
  const cost = { memoryKiB: fields.uint(6), passes: fields.uint(8), lanes: fields.uint(10) };
  checkCost(cost);
  return { type: 'passphrase', ...shared, cost, salt: fields.bytes(12, 16) };
}
