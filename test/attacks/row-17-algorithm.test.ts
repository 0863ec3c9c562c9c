import { isPage } from '@latchkey/encryption';
import { afterEach, describe, expect, it } from 'vitest';
import { type KeyUse, recordingProvider } from './recording-provider.js';
import { expectRefused } from './refusal.js';
import { editHeader, editSlot, FIELD, SLOT_FIELD } from './stored-header.js';
import { collect, filler, Victim } from './victim.js';

const victim = await Victim.make(
  async (session) => void (await session.write(['file'], filler(5000, 'file'))),
);
const [segment] = victim.keys('b/').filter((key) => !isPage(victim.bytes(key)));
const [head] = victim.keys('h/');
afterEach(() => victim.heal());

const SUITE_AT = 8;
const CHUNK_EXPONENT_AT = 9;

async function change(key: string, at: number, value: number): Promise<void> {
  const bytes = victim.bytes(key);
  expect(bytes[at]).not.toBe(value);
  bytes[at] = value;
  await victim.plant(key, bytes);
}

describe('attack 17: an object names another algorithm', () => {
  it.each([
    ['suite 0', SUITE_AT, 0],
    ['suite 2', SUITE_AT, 2],
    ['another size of chunks', CHUNK_EXPONENT_AT, 12],
    ['another version', 5, 0x32],
  ])('refuses a segment of %s before it decrypts a byte', async (_, at, value) => {
    await change(segment as string, at, value);
    const opened: KeyUse[] = [];
    const provider = recordingProvider((use) => {
      if (use.primitive === 'aes-256-gcm') opened.push(use);
    });
    const read = () => victim.visit(async (session) => collect(session.read(['file'])), { provider });
    await expectRefused(victim, read, ['unsupported']);
    expect(opened).toEqual([]);
  });

  it('refuses a head of another version, and one that calls itself a page', async () => {
    const bytes = victim.bytes(head as string);
    for (const magic of ['LKHEAD2\0', 'LKPAGE1\0', 'LKSEG1\0\0']) {
      await victim.plant(head as string, Buffer.concat([Buffer.from(magic), bytes.subarray(8)]));
      await expectRefused(victim, () => victim.visit((session) => session.list([])), ['unsupported']);
    }
  });

  it('refuses a vault of another suite, and a key slot of an unknown type', async () => {
    await editHeader(victim, FIELD.suite, () => 7);
    await expectRefused(victim, () => victim.open(), ['unsupported']);
    victim.heal();
    await editSlot(victim, 0, (slot) => slot.set(SLOT_FIELD.type, 9));
    await expectRefused(victim, () => victim.open(), ['unsupported']);
  });
});
