import {
  addRecoverySlot,
  type CborMap,
  createVault,
  deriveRootKeys,
  encodeHeader,
  parseHeader,
} from '@latchkey/encryption';
import { describe, expect, it } from 'vitest';
import { provider } from './insider.js';
import { expectRefused, refusal } from './refusal.js';
import { editHeader, editSlot, FIELD, SLOT_FIELD, slotsOf } from './stored-header.js';
import { PASSPHRASE, Victim } from './victim.js';

const text = Buffer.from('what only the owner may read');
const victim = await Victim.make(async (session) => void (await session.write(['a'], text)));
const other = await Victim.make(async () => undefined);
const PASSPHRASE_SLOT = 0;
const WORDS_SLOT = 1;

/** A root secret of the adversary's, in a key slot that the adversary's words open under the victim's vault id. */
function foreignSlot(): { words: string; slot: CborMap } {
  const { unverified } = parseHeader(victim.bytes('vault'));
  const { header, words } = addRecoverySlot(provider, { ...unverified, slots: [] }, provider.randomBytes(32));
  const [slot] = header.slots;
  const fields = new Map<number, number | string | Uint8Array>([
    [0, 2],
    [2, slot?.id as Uint8Array],
    [4, slot?.label ?? ''],
    [14, slot?.box as Uint8Array],
  ]);
  return { words, slot: fields };
}

describe('attack 1: the keys in the header are exchanged', () => {
  it('opens, as long as nothing is exchanged', async () => {
    const names = await victim.visit(async (session) => (await session.list([])).entries.map((e) => e.name));
    expect(names).toEqual(['a']);
    await victim.visit(async (session) => session.stat(['a']), { passphrase: PASSPHRASE });
  });

  it('refuses the owner and adopts nothing when a slot is replaced by one of the adversary', async () => {
    const { slot, words } = foreignSlot();
    await editHeader(victim, FIELD.slots, () => [slot]);
    await expectRefused(victim, () => victim.open(), ['wrong-passphrase']);
    await expectRefused(victim, () => victim.open({ passphrase: PASSPHRASE }), ['wrong-passphrase']);
    // The words do open the slot; the secret in it is not the one that signed the header.
    await expectRefused(victim, () => victim.open({ words }), ['damaged']);
    victim.heal();
  });

  it('does not take a slot of the adversary beside the owner’s', async () => {
    const { slot, words } = foreignSlot();
    await editHeader(victim, FIELD.slots, (old) => [...(old as CborMap[]), slot]);
    await expectRefused(victim, () => victim.open({ words }), ['damaged']);
    // The owner learns that the header is not as it was signed.
    await expectRefused(victim, () => victim.open(), ['damaged']);
    victim.heal();
  });

  it('refuses the wrapped key of another vault', async () => {
    const [, foreign] = slotsOf(other);
    await editSlot(victim, WORDS_SLOT, () => foreign as CborMap);
    await expectRefused(victim, () => victim.open(), ['wrong-passphrase']);
    await expectRefused(victim, () => victim.open({ words: other.words }), ['wrong-passphrase']);
    victim.heal();
  });

  it('refuses the box of one slot in another', async () => {
    const box = slotsOf(victim)[PASSPHRASE_SLOT]?.get(SLOT_FIELD.box) as Uint8Array;
    await editSlot(victim, WORDS_SLOT, (slot) => slot.set(SLOT_FIELD.box, box));
    await expectRefused(victim, () => victim.open(), ['wrong-passphrase']);
    victim.heal();
  });

  it('refuses a whole header of the adversary with the victim’s vault id', async () => {
    const { unverified } = parseHeader(victim.bytes('vault'));
    const made = createVault(provider);
    const forged = { ...made.header, vaultId: unverified.vaultId, revision: unverified.revision + 1 };
    const added = addRecoverySlot(provider, forged, made.rootSecret);
    const keys = deriveRootKeys(provider, unverified.vaultId, made.rootSecret);
    const header = { ...added.header, rootPublicKey: keys.signPublic, escrowPublicKey: keys.escrowPublic };
    const bytes = encodeHeader(provider, header, keys);
    for (const key of ['vault', 'vault.2']) await victim.plant(key, bytes);
    await expectRefused(victim, () => victim.open(), ['wrong-passphrase']);
    await expectRefused(victim, () => victim.open({ passphrase: PASSPHRASE }), ['wrong-passphrase']);
    victim.heal();
  });

  it('never takes an emptied store for a new vault', async () => {
    await victim.erase('vault', 'vault.2');
    expect((await refusal(() => victim.open())).code).toBe('no-vault');
    victim.heal();
  });
});
