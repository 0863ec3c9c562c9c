import { entropyToMnemonic } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { beforeAll, describe, expect, test } from 'vitest';
import { concatBytes } from '../../src/bytes.js';
import { encodeCbor } from '../../src/cbor/encode.js';
import { slotContext } from '../../src/header/slot.js';
import {
  addPassphraseSlot,
  addRecoverySlot,
  createVault,
  deriveRootKeys,
  EncryptionError,
  encodeHeader,
  kdf,
  MAX_SLOTS,
  parseHeader,
  removeSlot,
  unlockWithPassphrase,
  unlockWithWords,
  verifyHeader,
} from '../../src/index.js';
import { nodeProvider as p } from '../../src/node/index.js';
import { flip } from '../bytes.js';
import { resign, slotsWith } from '../vectors/make-header.js';
import { makeWorld, PASSPHRASE, type World } from '../vectors/world.js';

let world: World;
let other: World;

beforeAll(async () => {
  world = await makeWorld(p, 'attacked');
  other = await makeWorld(p, 'the attacker’s own');
});

function errorOf(run: () => unknown): EncryptionError {
  try {
    run();
  } catch (error) {
    if (error instanceof EncryptionError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

/** What somebody with the recovery words meets, from the stored bytes to a trusted header. */
function openWithWords(bytes: Uint8Array): unknown {
  const parsed = parseHeader(bytes);
  return verifyHeader(p, parsed, unlockWithWords(p, parsed, world.words));
}

describe('attack 1: own keys not authenticated', () => {
  test('a slot of the attacker’s vault in this header is refused', () => {
    const [, theirs] = other.header.slots;
    const bytes = resign(world, { 16: slotsWith(world, 1, { 14: theirs?.box ?? new Uint8Array(112) }) });
    expect(errorOf(() => openWithWords(bytes)).code).toBe('wrong-secret');
  });

  test('a slot that the attacker made for known words yields the attacker’s secret, and the header is refused with it', () => {
    const planted = addRecoverySlot(p, { ...world.header, slots: [] }, other.rootSecret);
    const parsed = parseHeader(encodeHeader(p, planted.header, other.keys));
    const secret = unlockWithWords(p, parsed, planted.words);
    expect(errorOf(() => verifyHeader(p, parsed, secret)).code).toBe('damaged');
  });

  test('the whole header of another vault does not open with this vault’s words', () => {
    expect(errorOf(() => openWithWords(other.headerBytes)).code).toBe('wrong-secret');
  });
});

describe('attack 2: public keys not authenticated', () => {
  test.each([
    ['root key', 8, () => other.keys.signPublic],
    ['escrow key', 14, () => other.keys.escrowPublic],
    ['owner certificate', 18, () => other.header.ownerCertificate],
    ['root directory', 22, () => other.header.top],
  ] as const)('a foreign %s is refused, whoever signed', (_name, field, value) => {
    for (const seed of [world.keys.signSeed, other.keys.signSeed]) {
      expect(errorOf(() => openWithWords(resign(world, { [field]: value() }, seed))).code).toBe('damaged');
    }
  });
});

describe('attack 3: downgrade', () => {
  test.each([
    ['format', { 2: 0 }],
    ['suite', { 4: 0 }],
  ] as const)('a lower %s is refused before any secret is asked for', (_name, edit) => {
    expect(errorOf(() => parseHeader(resign(world, edit))).code).toBe('unsupported');
  });

  test.each([
    ['memory', 6, 65_535],
    ['memory', 6, 64 * 1024 * 1024],
    ['passes', 8, 1],
    ['passes', 8, 1_000_000],
    ['lanes', 10, 0],
    ['lanes', 10, 255],
  ] as const)('a slot whose %s (%i) is %i is refused before any work is done', (_name, field, value) => {
    const error = errorOf(() => parseHeader(resign(world, { 16: slotsWith(world, 0, { [field]: value }) })));
    expect(error.code).toBe('limit');
  });

  test('a slot with a lower cost cannot be written either', async () => {
    const cost = { memoryKiB: 1024, passes: 3, lanes: 1 };
    await expect(addPassphraseSlot(p, world.header, world.rootSecret, 'pass', cost)).rejects.toMatchObject({
      code: 'limit',
    });
  });
});

describe('attack 5: malleable cipher', () => {
  test('every byte of a header, flipped, is refused', () => {
    const open: number[] = [];
    for (let at = 0; at < world.headerBytes.length; at++) {
      try {
        openWithWords(flip(world.headerBytes, at));
        open.push(at);
      } catch (error) {
        expect(error).toBeInstanceOf(EncryptionError);
      }
    }
    expect(open).toEqual([]);
  });
});

describe('attack 11: oracles', () => {
  test('whatever is wrong with a slot, the error is the same', () => {
    const box = world.header.slots[1]?.box ?? new Uint8Array(112);
    const edits = [0, 31, 32, 63, 64, 95, 96, 111].map((at) => ({ 14: flip(box, at) }));
    const errors = [...edits, { 4: 'x' }, { 2: new Uint8Array(8) }, { 14: new Uint8Array(112) }].map((edit) =>
      errorOf(() => openWithWords(resign(world, { 16: slotsWith(world, 1, edit) }))),
    );
    expect(new Set(errors.map(({ code, message }) => `${code}: ${message}`)).size).toBe(1);
    expect(errors[0]?.code).toBe('wrong-secret');
  });

  test('a wrong passphrase and a damaged slot cannot be told apart', async () => {
    const slot = world.header.slots[0]?.box ?? new Uint8Array(112);
    const damaged = parseHeader(resign(world, { 16: slotsWith(world, 0, { 14: flip(slot, 70) }) }));
    const failures = await Promise.allSettled([
      unlockWithPassphrase(p, parseHeader(world.headerBytes), 'not it'),
      unlockWithPassphrase(p, damaged, PASSPHRASE),
      unlockWithPassphrase(p, damaged, ''),
    ]);
    expect(
      new Set(failures.map((failure) => (failure.status === 'rejected' ? String(failure.reason) : 'opened')))
        .size,
    ).toBe(1);
  });
});

describe('attack 16: partitioning oracle', () => {
  test('a crafted slot answers for one guess, never for a second', () => {
    const parsed = parseHeader(world.headerBytes);
    const { vaultId } = parsed.unverified;
    const slot = { type: 'recovery', id: new Uint8Array(8), label: '' } as const;
    const guesses = Array.from({ length: 16 }, (_, i) =>
      kdf(p, new Uint8Array(32).fill(i), 'recovery', vaultId),
    );
    // The attacker knows both guesses' keys for a salt of their choice, and mixes commitment and ciphertext.
    const salt = new Uint8Array(32);
    const halves = guesses.map((key) =>
      p.hmacSha512(key, encodeCbor(['latchkey/1/seal', 'slot', vaultId, salt])),
    );
    const sealed = halves.map((half) =>
      p.chachaSeal(half.subarray(0, 32), new Uint8Array(12), slotContext(slot), world.rootSecret),
    );
    const openedBy = (commitment: number, ciphertext: number): number[] => {
      const box = concatBytes(salt, halves[commitment]?.subarray(32) ?? salt, sealed[ciphertext] ?? salt);
      const crafted = { ...parsed, unverified: { ...parsed.unverified, slots: [{ ...slot, box }] } };
      return guesses.flatMap((_, guess) => (unlocks(crafted, guess) ? [guess] : []));
    };
    expect(openedBy(3, 3)).toEqual([3]);
    expect(openedBy(3, 5)).toEqual([]);
    expect(openedBy(5, 3)).toEqual([]);
  });
});

function unlocks(parsed: ReturnType<typeof parseHeader>, guess: number): boolean {
  try {
    unlockWithWords(p, parsed, entropyToMnemonic(new Uint8Array(32).fill(guess), wordlist));
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'wrong-secret' });
    return false;
  }
}

describe('attack 17: in-band algorithm change', () => {
  test('a header that names another suite, padding or slot type is refused', () => {
    for (const edit of [{ 4: 2 }, { 20: 9 }, { 16: slotsWith(world, 0, { 0: 9 }) }]) {
      expect(errorOf(() => parseHeader(resign(world, edit))).code).toBe('unsupported');
    }
  });
});

describe('key slots', () => {
  test('are added up to eight and removed down to one', () => {
    const created = createVault(p);
    let header = created.header;
    expect(
      errorOf(() => encodeHeader(p, header, deriveRootKeys(p, header.vaultId, created.rootSecret))).code,
    ).toBe('limit');
    for (let i = 0; i < MAX_SLOTS; i++) header = addRecoverySlot(p, header, created.rootSecret).header;
    expect(header.revision).toBe(MAX_SLOTS);
    expect(errorOf(() => addRecoverySlot(p, header, created.rootSecret)).code).toBe('limit');
    while (header.slots.length > 1) header = removeSlot(header, header.slots[0]?.id ?? new Uint8Array(8));
    expect(errorOf(() => removeSlot(header, header.slots[0]?.id ?? new Uint8Array(8))).code).toBe('limit');
    expect(errorOf(() => removeSlot(header, new Uint8Array(8))).code).toBe('malformed');
  });

  test('a passphrase is changed without the root secret changing, and the old one opens the new header no more', async () => {
    const added = await addPassphraseSlot(p, world.header, world.rootSecret, 'the new one');
    const changed = removeSlot(added, world.header.slots[0]?.id ?? new Uint8Array(8));
    const parsed = parseHeader(encodeHeader(p, changed, world.keys));
    expect(await unlockWithPassphrase(p, parsed, 'the new one')).toEqual(world.rootSecret);
    await expect(unlockWithPassphrase(p, parsed, PASSPHRASE)).rejects.toMatchObject({ code: 'wrong-secret' });
    expect(verifyHeader(p, parsed, world.rootSecret).header.slots.length).toBe(2);
  });
});
