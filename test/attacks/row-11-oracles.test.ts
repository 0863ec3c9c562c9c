import { afterEach, describe, expect, it } from 'vitest';
import { directoryAt, headKey, ownerOf } from './insider.js';
import { expectRefused, refusal } from './refusal.js';
import { editSlot, SLOT_FIELD, slotsOf } from './stored-header.js';
import { PASSPHRASE, Victim } from './victim.js';

const victim = await Victim.make(async (session) => void (await session.write(['a'], Buffer.from('b'))));
const other = await Victim.make(async () => undefined);
afterEach(() => victim.heal());

/** Offsets in a sealed box: salt 32, commitment 32, ciphertext, tag 16. */
const PARTS: [string, (length: number) => number][] = [
  ['salt', () => 3],
  ['commitment', () => 40],
  ['ciphertext', () => 70],
  ['tag', (length) => length - 1],
];

function mutated(box: Uint8Array, part: (length: number) => number): Uint8Array {
  const copy = Uint8Array.from(box);
  const at = part(copy.length);
  copy[at] = (copy[at] as number) ^ 0x80;
  return copy;
}

describe('attack 11: errors tell nothing', () => {
  it.each([
    ['passphrase', 0, { passphrase: PASSPHRASE }],
    ['recovery words', 1, {}],
  ])('answers a mutated slot exactly as a wrong %s', async (_, index, secret) => {
    const wrong =
      index === 0
        ? await refusal(() => victim.open({ passphrase: 'not the passphrase' }))
        : await refusal(() => victim.open({ words: other.words }));
    expect(wrong.code).toBe('wrong-passphrase');
    for (const [, part] of PARTS) {
      const box = slotsOf(victim)[index]?.get(SLOT_FIELD.box) as Uint8Array;
      await editSlot(victim, index, (slot) => slot.set(SLOT_FIELD.box, mutated(box, part)));
      const error = await expectRefused(victim, () => victim.open(secret), ['wrong-passphrase']);
      expect(error.message).toBe(wrong.message);
      victim.heal();
    }
  });

  it('answers alike whatever part of a box of a head is mutated', async () => {
    const owner = ownerOf(victim);
    const key = headKey(directoryAt(victim, owner, []));
    const bytes = Buffer.from(victim.bytes(key));
    const [listingBytes, contentBytes] = [bytes.readUInt32BE(8), bytes.readUInt32BE(12)];
    const boxes = [
      { start: 20, length: listingBytes },
      { start: 20 + listingBytes, length: contentBytes },
    ];
    for (const { start, length } of boxes) {
      const messages = new Set<string>();
      for (const [, part] of PARTS) {
        const box = mutated(bytes.subarray(start, start + length), part);
        await victim.plant(
          key,
          Buffer.concat([bytes.subarray(0, start), box, bytes.subarray(start + length)]),
        );
        messages.add(
          (await expectRefused(victim, () => victim.visit((session) => session.list([])))).message,
        );
        victim.heal();
      }
      expect([...messages].length).toBe(1);
    }
  });
});
