import { isHead, isPage } from '@latchkey/encryption';
import { type StoreKey, storeKey } from '@latchkey/store';
import { type Vault, VaultError } from '@latchkey/vault';
import { afterEach, describe, expect, it } from 'vitest';
import { REFUSALS } from './refusal.js';
import { smallVault } from './small-vault.js';
import { wholeTree } from './victim.js';

/** The long run changes every bit of a byte and starts anew for each; else it is one bit, another from byte to byte. */
const LONG = process.env.LATCHKEY_TEST_LONG === '1';
/** In the short run: what takes long to look at, as one copy of the header that the other has to make good. */
const EVERY_FOURTH = (at: number): boolean => LONG || at % 4 === 0;
/** A head with its operation ids is large, and every byte of it is under the same tag. */
const LARGE_BYTES = 2048;

const victim = await smallVault();
const sound = await victim.visit((session) => wholeTree(session));
const keys = victim.keys();
afterEach(() => victim.heal());

function kindOf(key: StoreKey): string {
  if (!key.startsWith('b/')) return key.split('/')[0] ?? '';
  const bytes = victim.bytes(key);
  if (isPage(bytes)) return 'page';
  return Buffer.from(bytes.subarray(0, 5)).toString() === 'LKMAP' ? 'map' : 'segment';
}

function flips(key: StoreKey): { at: number; mask: number }[] {
  return Array.from(victim.bytes(key), (_, at) =>
    LONG ? [0, 1, 2, 3, 4, 5, 6, 7].map((bit) => ({ at, mask: 1 << bit })) : [{ at, mask: 1 << (at % 8) }],
  ).flat();
}

type Look = (vault: Vault) => Promise<readonly string[]>;

const read: Look = (vault) => wholeTree(vault.session());

/** Leases and moves are read by who collects garbage; a refusal to collect deletes nothing. */
const readAndCollect: Look = async (vault) => {
  const lines = await wholeTree(vault.session());
  await vault.gc({ deadAfterMs: 0 });
  return lines;
};

/** What a program makes of the store: the whole tree, or a refusal with a type. */
async function verdict(work: () => Promise<readonly string[]>): Promise<readonly string[] | VaultError> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof VaultError) return error;
    throw error;
  }
}

/** A program that is started for one look. */
function fresh(look: Look): () => Promise<readonly string[]> {
  return () => victim.visit((_, vault) => look(vault));
}

/**
 * In the short run one program looks again and again at an object that it refuses: it knows nothing of it, and a
 * single acceptance is counted.
 */
async function again(look: Look): Promise<() => Promise<readonly string[]>> {
  if (LONG) return fresh(look);
  const vault = await victim.open();
  return () => look(vault);
}

interface Outcome {
  readonly refused: number;
  readonly harmless: number;
  readonly wrong: readonly string[];
}

async function flipEach(
  key: StoreKey,
  work: () => Promise<readonly string[]>,
  chosen: (at: number) => boolean = () => true,
): Promise<Outcome> {
  const original = victim.bytes(key);
  const others = victim.fingerprint().filter((line) => !line.startsWith(`${key} `));
  const wrong: string[] = [];
  let refused = 0;
  let harmless = 0;
  for (const { at, mask } of flips(key)) {
    if (!chosen(at)) continue;
    const flipped = original.slice();
    flipped[at] = (flipped[at] as number) ^ mask;
    victim.store.tamper(key, flipped);
    const seen = await verdict(work);
    if (seen instanceof VaultError) {
      refused++;
      if (!REFUSALS.includes(seen.code)) wrong.push(`${key} byte ${at}: ${seen.code}: ${seen.message}`);
    } else {
      harmless++;
      if (JSON.stringify(seen) !== JSON.stringify(sound)) wrong.push(`${key} byte ${at}: another tree`);
    }
    if (Buffer.compare(victim.bytes(key), flipped) !== 0) wrong.push(`${key} byte ${at}: was written over`);
  }
  victim.store.tamper(key, original);
  expect(victim.fingerprint().filter((line) => !line.startsWith(`${key} `))).toEqual(others);
  return { refused, harmless, wrong };
}

describe('attack 5: every byte of a vault is changed, one at a time', () => {
  it('has an object of every kind', () => {
    const kinds = new Set(keys.map(kindOf));
    expect([...kinds].sort()).toEqual(['h', 'm', 'map', 'page', 'segment', 'vault', 'vault.2', 'w']);
    expect(keys.filter((key) => key.startsWith('h/')).every((key) => isHead(victim.bytes(key)))).toBe(true);
    expect(sound.length).toBeGreaterThan(8);
  });

  it.each(keys.filter((key) => /^[hb]\//.test(key)))('%s: every flip is refused', async (key) => {
    const all = flips(key);
    const chosen = all.length > LARGE_BYTES ? EVERY_FOURTH : () => true;
    const outcome = await flipEach(key, await again(read), chosen);
    expect(outcome).toEqual({ refused: all.filter(({ at }) => chosen(at)).length, harmless: 0, wrong: [] });
  });

  it.each(['vault', 'vault.2'])('%s: every flip is survived by the other copy', async (key) => {
    const { refused, wrong } = await flipEach(storeKey(key), fresh(read), EVERY_FOURTH);
    expect(wrong).toEqual([]);
    expect(refused).toBe(0);
  });

  it.each(['vault', 'vault.2'])('%s: what is flipped in both copies is refused', async (key) => {
    const other = storeKey(key === 'vault' ? 'vault.2' : 'vault');
    await victim.erase(other);
    const { harmless, wrong } = await flipEach(storeKey(key), fresh(read));
    expect(wrong).toEqual([]);
    expect(harmless).toBe(0);
  });

  it.each(keys.filter((key) => /^(w\/|m$)/.test(key)))('%s: nothing is collected by it', async (key) => {
    const reading = await flipEach(key, await again(read));
    expect(reading).toEqual({ refused: 0, harmless: flips(key).length, wrong: [] });
    const collecting = await flipEach(key, await again(readAndCollect));
    expect(collecting).toEqual({ refused: flips(key).length, harmless: 0, wrong: [] });
  });

  it('refuses every object cut short by a byte, longer by one, and empty', async () => {
    for (const key of keys.filter((candidate) => /^[hb]\//.test(candidate))) {
      const original = victim.bytes(key);
      for (const bytes of [
        original.slice(0, -1),
        Buffer.concat([original, Buffer.alloc(1)]),
        Buffer.alloc(0),
      ]) {
        // A blob is read in ranges that its record knows, so what follows its end is never looked at.
        const beyond = bytes.length > original.length && key.startsWith('b/');
        victim.store.tamper(key, bytes);
        const seen = await verdict(fresh(read));
        if (seen instanceof VaultError) expect(REFUSALS).toContain(seen.code);
        else expect({ key, beyond, seen }).toEqual({ key, beyond: true, seen: sound });
      }
      victim.store.tamper(key, original);
    }
  });
});
