import { type CborMap, encodeCbor } from '@latchkey/encryption';
import { describe, expect, it } from 'vitest';
import { ownerOf, provider } from './insider.js';
import { type KeyUse, recordingProvider } from './recording-provider.js';
import { expectRefused } from './refusal.js';
import { editHeader, FIELD, SLOT_FIELD, slotsOf } from './stored-header.js';
import { chachaUnderTwoKeys } from './two-keys.js';
import { CHEAPEST_KDF, Victim } from './victim.js';

/** What the adversary thinks that the passphrase may be. */
const GUESSES = ['hunter2', 'letmein', 'trustno1'] as const;

const victim = await Victim.make(async () => undefined);
const owner = ownerOf(victim);
const NONCE = new Uint8Array(12);

/** A slot whose box ChaCha20-Poly1305 alone would open under the keys of two guesses. */
async function craftedSlot(): Promise<{
  slot: CborMap;
  keys: Uint8Array[];
  context: Uint8Array;
  sealed: Uint8Array;
}> {
  const slot = new Map(slotsOf(victim)[0] as CborMap);
  slot.delete(SLOT_FIELD.box);
  const context = encodeCbor(slot);
  const boxSalt = provider.randomBytes(32);
  const derived: Uint8Array[] = [];
  for (const guess of GUESSES.slice(0, 2)) {
    const kek = await provider.argon2id(
      Buffer.from(guess),
      slot.get(SLOT_FIELD.salt) as Uint8Array,
      CHEAPEST_KDF,
    );
    derived.push(provider.hmacSha512(kek, encodeCbor(['latchkey/1/seal', 'slot', owner.vaultId, boxSalt])));
  }
  const keys = derived.map((bytes) => bytes.subarray(0, 32));
  const sealed = chachaUnderTwoKeys(keys as [Uint8Array, Uint8Array], NONCE, context);
  const box = Buffer.concat([boxSalt, (derived[0] as Uint8Array).subarray(32), sealed]);
  return { slot: slot.set(SLOT_FIELD.box, box), keys, context, sealed };
}

describe('attack 16: one key slot that tests several guesses', () => {
  it('is real: ChaCha20-Poly1305 alone opens the box under the keys of both guesses', async () => {
    const { keys, context, sealed } = await craftedSlot();
    for (const key of keys) expect(provider.chachaOpen(key, NONCE, context, sealed).length).toBe(32);
  });

  it('answers for the one guess that the slot commits to, and for no other', async () => {
    const { slot } = await craftedSlot();
    await editHeader(victim, FIELD.slots, () => [slot]);
    const opened: KeyUse[] = [];
    const watching = recordingProvider((use) => {
      if (use.primitive === 'chacha20-poly1305') opened.push(use);
    });
    const answers: string[] = [];
    for (const passphrase of GUESSES) {
      const error = await expectRefused(victim, () => victim.open({ passphrase, provider: watching }), [
        'wrong-passphrase',
        'damaged',
      ]);
      answers.push(error.code);
    }
    // The first guess opens the slot and finds a root secret that did not sign the header.
    expect(answers).toEqual(['damaged', 'wrong-passphrase', 'wrong-passphrase']);
    expect(new Set(opened.map((use) => use.key)).size).toBe(1);
  });
});
