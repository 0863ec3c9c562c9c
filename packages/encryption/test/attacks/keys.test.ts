import { beforeAll, describe, expect, test } from 'vitest';
import {
  addRecoverySlot,
  createVault,
  deriveDirectory,
  deriveRootKeys,
  encodeHeader,
  newDirectory,
  openReleases,
  parseHeader,
  SegmentSealer,
  sealEscrow,
  sealHead,
  sealLease,
  sealMap,
  sealPage,
  sealReleases,
  unlockWithWords,
  verifyHeader,
} from '../../src/index.js';
import { nodeProvider } from '../../src/node/index.js';
import { toHex } from '../bytes.js';
import { headOf, makeWorld, recordOf, type World } from '../vectors/world.js';
import { type KeyUse, recording } from './recording.js';

let uses: KeyUse[];

/** One vault at work: overwrites, retries of the same write, a crash and a resumption, two writers at once. */
function work(world: World): void {
  const { p, root, vaultId, author, keys } = world;
  for (let attempt = 0; attempt < 5; attempt++) {
    const records = [recordOf(world, 'a'), recordOf(world, 'b')];
    const blob = p.randomBytes(26);
    sealHead(p, root, vaultId, headOf(world, { changes: records }), author);
    sealPage(p, root, vaultId, blob, { level: 1, records }, world.escrow);
    sealMap(p, vaultId, blob, { level: 0, pieces: [{ kind: 'hole', length: 1 }] });
    sealEscrow(p, keys.escrowPublic, vaultId, { ...world.top, parentUid: world.top.uid, name: 'a' });
    sealLease(p, vaultId, keys.leaseKey, new Uint8Array(10), { started: 0, state: 'live' });
    const notes = sealReleases(p, root, vaultId, blob, []);
    openReleases(p, root, vaultId, blob, notes);
    deriveDirectory(p, vaultId, newDirectory(p));
  }
  // The worst case: an attempt repeated with the same segment key and the same content, twice at the same time.
  const key = p.randomBytes(32);
  const sealers = [0, 1, 2].map(() => new SegmentSealer(p, vaultId, key));
  for (const sealer of sealers) sealer.seal(new Uint8Array(65_536), false);
  for (const sealer of sealers.slice(1)) sealer.seal(new Uint8Array(9), true);
  const { rootSecret, header } = createVault(p);
  const { header: slotted, words } = addRecoverySlot(p, header, rootSecret);
  const parsed = parseHeader(encodeHeader(p, slotted, deriveRootKeys(p, header.vaultId, rootSecret)));
  verifyHeader(p, parsed, unlockWithWords(p, parsed, words));
}

beforeAll(async () => {
  const noted = recording(nodeProvider);
  const world = await makeWorld(noted.provider, 'recorded');
  // From here on with real random bytes, as in the field.
  work({ ...world, p: noted.provider });
  uses = noted.uses;
});

describe('attack 12: nonce reuse', () => {
  test('no key and nonce occur together twice, whatever is repeated', () => {
    const pairs = uses.filter(({ nonce }) => nonce !== '').map(({ key, nonce }) => `${key} ${nonce}`);
    expect(pairs.length).toBeGreaterThan(30);
    expect(new Set(pairs).size).toBe(pairs.length);
  });
});

describe('attack 20: key separation', () => {
  test('no key is used by two algorithms', () => {
    const algorithms = new Map<string, Set<string>>();
    for (const { key, algorithm } of uses) {
      // HPKE's extraction takes an empty salt for a key, which is no secret.
      if (key === '') continue;
      algorithms.set(key, (algorithms.get(key) ?? new Set()).add(algorithm));
    }
    const shared = [...algorithms.values()]
      .filter((names) => names.size > 1)
      .map((names) => [...names].join(' and '));
    expect(shared).toEqual([]);
    expect(algorithms.size).toBeGreaterThan(50);
  });

  test('every derived key is another one, in another vault too', () => {
    const secret = nodeProvider.randomBytes(32);
    const derived = [1, 2].flatMap((id) => {
      const vaultId = new Uint8Array(16).fill(id);
      const root = deriveRootKeys(nodeProvider, vaultId, secret);
      const directory = [0, 1].flatMap((generation) => {
        const keys = deriveDirectory(nodeProvider, vaultId, {
          uid: new Uint8Array(16),
          generation,
          readSecret: secret,
        });
        return [toHex(keys.listingKey), toHex(keys.contentKey), keys.place];
      });
      return [...Object.values(root).map((key) => toHex(key as Uint8Array)), ...directory];
    });
    expect(new Set(derived).size).toBe(derived.length);
    expect(derived).not.toContain(toHex(secret));
  });
});
