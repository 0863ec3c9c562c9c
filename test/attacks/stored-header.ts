import { type CborMap, type CborValue, decodeCbor, encodeCbor, HEADER_PATHS } from '@latchkey/encryption';
import type { Victim } from './victim.js';

/** Field numbers of docs/format.md. */
export const FIELD = {
  format: 2,
  suite: 4,
  rootPublicKey: 8,
  revision: 10,
  escrowPublicKey: 14,
  slots: 16,
  ownerCertificate: 18,
  padding: 20,
  top: 22,
} as const;

export const SLOT_FIELD = { type: 0, memoryKiB: 6, passes: 8, lanes: 10, salt: 12, box: 14 } as const;

type Fields = Map<number | string, CborValue>;

/** The header's fields as stored, and its signature. */
export function storedHeader(victim: Victim): { fields: Fields; signature: Uint8Array } {
  const [body, signature] = decodeCbor(victim.bytes('vault')) as [Uint8Array, Uint8Array];
  return { fields: new Map(decodeCbor(body) as CborMap), signature };
}

/** Puts a header with these fields into both of its places, under the old signature unless another is given. */
export async function plantHeader(victim: Victim, fields: Fields, signature?: Uint8Array): Promise<void> {
  const bytes = encodeCbor([encodeCbor(fields), signature ?? storedHeader(victim).signature]);
  for (const key of HEADER_PATHS) await victim.plant(key, bytes);
}

/** Changes one header field in both places. */
export async function editHeader(
  victim: Victim,
  field: number,
  change: (old: CborValue) => CborValue,
): Promise<void> {
  const { fields } = storedHeader(victim);
  await plantHeader(victim, fields.set(field, change(fields.get(field) as CborValue)));
}

export function slotsOf(victim: Victim): Fields[] {
  const slots = storedHeader(victim).fields.get(FIELD.slots) as readonly CborMap[];
  return slots.map((slot) => new Map(slot));
}

/** Changes the key slot at `index` in both places. */
export async function editSlot(
  victim: Victim,
  index: number,
  change: (slot: Fields) => CborValue,
): Promise<void> {
  const slots: CborValue[] = slotsOf(victim);
  slots[index] = change(slots[index] as Fields);
  await editHeader(victim, FIELD.slots, () => slots);
}
