import type { CryptoProvider } from '@latchkey/encryption';
import { afterEach, describe, expect, it } from 'vitest';
import { provider } from './insider.js';
import { expectRefused } from './refusal.js';
import { editHeader, editSlot, FIELD, SLOT_FIELD } from './stored-header.js';
import { CHEAPEST_KDF, PASSPHRASE, Victim } from './victim.js';

const victim = await Victim.make(async () => undefined);
afterEach(() => victim.heal());

const GIB_IN_KIB = 1024 * 1024;

/** Counts how often the costly function runs, and with how much memory. */
function watched(): { provider: CryptoProvider; runs: number[] } {
  const runs: number[] = [];
  const argon2id: CryptoProvider['argon2id'] = (passphrase, salt, cost) => {
    runs.push(cost.memoryKiB);
    return provider.argon2id(passphrase, salt, cost);
  };
  return { provider: { ...provider, argon2id }, runs };
}

describe('attack 3: the header asks for less than it was made with', () => {
  it.each([
    ['format 0', FIELD.format, 0],
    ['format 2', FIELD.format, 2],
    ['suite 0', FIELD.suite, 0],
    ['suite 2', FIELD.suite, 2],
    ['an unknown padding', FIELD.padding, 2],
  ])('refuses %s before it asks for a secret', async (_, field, value) => {
    await editHeader(victim, field, () => value);
    const { provider: counting, runs } = watched();
    await expectRefused(victim, () => victim.open({ passphrase: PASSPHRASE, provider: counting }), [
      'unsupported',
    ]);
    expect(runs).toEqual([]);
  });

  it.each([
    ['8 KiB of memory', SLOT_FIELD.memoryKiB, 8],
    ['one KiB less than the least', SLOT_FIELD.memoryKiB, 64 * 1024 - 1],
    ['1 GiB and a KiB', SLOT_FIELD.memoryKiB, GIB_IN_KIB + 1],
    ['64 GiB of memory', SLOT_FIELD.memoryKiB, 64 * GIB_IN_KIB],
    ['no memory', SLOT_FIELD.memoryKiB, 0],
    ['one pass', SLOT_FIELD.passes, 1],
    ['two passes', SLOT_FIELD.passes, 2],
    ['17 passes', SLOT_FIELD.passes, 17],
    ['four thousand million passes', SLOT_FIELD.passes, 2 ** 32 - 1],
    ['no lane', SLOT_FIELD.lanes, 0],
    ['five lanes', SLOT_FIELD.lanes, 5],
  ])('refuses a key slot with %s, and does none of the work', async (_, field, value) => {
    await editSlot(victim, 0, (slot) => slot.set(field, value));
    const { provider: counting, runs } = watched();
    await expectRefused(victim, () => victim.open({ passphrase: PASSPHRASE, provider: counting }));
    expect(runs).toEqual([]);
  });

  it.each([
    ['more memory', SLOT_FIELD.memoryKiB, 65 * 1024],
    ['more passes', SLOT_FIELD.passes, CHEAPEST_KDF.passes + 1],
    ['more lanes', SLOT_FIELD.lanes, 2],
  ])('refuses a key slot with %s than it was made with, within the bounds', async (_, field, value) => {
    await editSlot(victim, 0, (slot) => slot.set(field, value));
    await expectRefused(victim, () => victim.open({ passphrase: PASSPHRASE }), ['wrong-passphrase']);
  });

  it('refuses a change of padding, which the root key signed', async () => {
    await editHeader(victim, FIELD.padding, () => 1);
    await expectRefused(victim, () => victim.open());
  });

  it('refuses an unknown critical field and a header of nothing', async () => {
    await editHeader(victim, 24, () => true);
    await expectRefused(victim, () => victim.open(), ['unsupported']);
    for (const key of ['vault', 'vault.2']) await victim.plant(key, new Uint8Array(0));
    await expectRefused(victim, () => victim.open());
  });
});
