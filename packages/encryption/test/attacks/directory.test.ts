import { beforeAll, describe, expect, test } from 'vitest';
import {
  type ContentFields,
  decodeContent,
  decodeListing,
  deriveDirectory,
  deriveListKeys,
  EncryptionError,
  encodeContent,
  type Head,
  newDirectory,
  openHead,
  openHeadListing,
  openMap,
  openPage,
  pageDigest,
  type SealedRecord,
  sealHead,
  sealMap,
  sealPage,
  verifyRecord,
} from '../../src/index.js';
import { nodeProvider as p } from '../../src/node/index.js';
import { editMap, flip, toHex } from '../bytes.js';
import { rawHead } from '../vectors/raw-boxes.js';
import { headOf, listingOf, makeWorld, recordOf, type World } from '../vectors/world.js';

let world: World;
let other: World;
let stored: Uint8Array;
let head: Head;

beforeAll(async () => {
  world = await makeWorld(p, 'attacked');
  other = await makeWorld(p, 'the attacker’s own');
  head = headOf(world, {
    changes: [recordOf(world, 'a'), recordOf(world, 'b')],
    counters: { files: 2, directories: 0, bytes: 10 },
  });
  stored = sealHead(p, world.root, world.vaultId, head, world.author);
});

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof EncryptionError) return error.code;
    throw error;
  }
  return 'accepted';
}

const open = (bytes: Uint8Array, directory = world.root) =>
  openHead(p, directory, world.vaultId, bytes, world.author.publicKey);

describe('attack 5: malleable cipher', () => {
  test('every byte of a head, flipped, is refused', () => {
    const open5: number[] = [];
    for (let at = 0; at < stored.length; at++)
      if (refusal(() => open(flip(stored, at))) === 'accepted') open5.push(at);
    expect(open5).toEqual([]);
  });

  test('every byte of a page and of a map, flipped, is refused by the digest in what refers to it', () => {
    const blob = p.randomBytes(26);
    const page = sealPage(
      p,
      world.root,
      world.vaultId,
      blob,
      { level: 1, records: [recordOf(world, 'a')] },
      world.escrow,
    );
    const digest = toHex(pageDigest(p, page));
    const { ref, bytes } = sealMap(p, world.vaultId, blob, {
      level: 0,
      pieces: [{ kind: 'hole', length: 9 }],
    });
    for (let at = 0; at < page.length; at++) expect(toHex(pageDigest(p, flip(page, at)))).not.toBe(digest);
    for (let at = 0; at < bytes.length; at++) {
      expect(refusal(() => openMap(p, world.vaultId, ref, flip(bytes, at)))).toBe('damaged');
    }
  });
});

describe('attack 7: names and places', () => {
  test('a head does not open at the place of another directory, or for another generation', () => {
    const elsewhere = deriveDirectory(p, world.vaultId, newDirectory(p));
    expect(refusal(() => open(stored, elsewhere))).toBe('damaged');
    const { root, top, vaultId } = world;
    expect(refusal(() => open(stored, { ...root, place: elsewhere.place }))).toBe('damaged');
    expect(refusal(() => open(stored, { ...root, uid: elsewhere.uid }))).toBe('damaged');
    expect(refusal(() => open(stored, deriveDirectory(p, vaultId, { ...top, generation: 1 })))).toBe(
      'damaged',
    );
  });

  test('two records of one directory cannot swap names, contents or signatures', () => {
    const [a, b] = [
      recordOf(world, 'a'),
      recordOf(
        world,
        'b',
        listingOf(world, { size: 6 }),
        encodeContent({ pieces: [{ kind: 'hole', length: 6 }] }),
      ),
    ];
    const swaps: SealedRecord[] = [
      { ...a, key: 'b' },
      { ...a, key: 'a/' },
      { ...a, listing: b.listing },
      { ...a, content: b.content },
      { ...a, signature: b.signature },
    ];
    const verdicts = swaps.map((record) =>
      refusal(() => verifyRecord(p, world.author, world.root.uid, record)),
    );
    expect(verdicts).toEqual(swaps.map(() => 'damaged'));
    expect(refusal(() => verifyRecord(p, world.author, newDirectory(p).uid, a))).toBe('damaged');
    expect(refusal(() => verifyRecord(p, world.author, world.root.uid, a))).toBe('accepted');
  });

  test('a page cannot stand in for another page of the same directory', () => {
    const [one, two] = [p.randomBytes(26), p.randomBytes(26)];
    const page = sealPage(p, world.root, world.vaultId, one, { level: 1, records: [] }, world.escrow);
    expect(refusal(() => openPage(p, world.root, world.vaultId, two, page))).toBe('damaged');
    expect(refusal(() => openPage(p, other.root, world.vaultId, one, page))).toBe('damaged');
  });

  test('a box of contents cannot be put beside other listings', () => {
    const second = sealHead(p, world.root, world.vaultId, { ...head, revision: 8 }, world.author);
    const view = new DataView(stored.buffer, stored.byteOffset);
    const start = 20 + view.getUint32(8);
    const end = start + view.getUint32(12);
    const mixed = stored.slice();
    mixed.set(second.subarray(start, end), start);
    expect(refusal(() => open(mixed))).toBe('damaged');
  });
});

describe('attack 8: metadata', () => {
  test.each([
    ['size', { 8: 6 }],
    ['time', { 10: 1 }],
    ['kind', { 0: 1 }],
    ['mode', { 14: 0o777 }],
    ['user metadata', { 16: new Map([['k', 'v']]) }],
    ['revision', { 2: 1 }],
    ['an unknown field', { 77: 1 }],
  ] as const)('a record with another %s is refused', (_name, edit) => {
    const record = recordOf(world, 'a');
    const changed = { ...record, listing: editMap(record.listing, edit) };
    expect(refusal(() => verifyRecord(p, world.author, world.root.uid, changed))).toBe('damaged');
  });

  test.each<[string, ContentFields]>([
    ['content type', { contentType: 'text/html' }],
    ['extents', { pieces: [{ kind: 'hole', length: 5 }] }],
    ['digest', { digests: new Map([['md5', new Uint8Array(16)]]) }],
    ['shared flag', { shared: true }],
  ])('a record with another %s is refused', (_name, fields) => {
    const record = recordOf(world, 'a');
    const changed = { ...record, content: encodeContent({ ...decodeContent(record.content), ...fields }) };
    expect(refusal(() => verifyRecord(p, world.author, world.root.uid, changed))).toBe('damaged');
  });
});

describe('attack 9: directory injection', () => {
  test('the head of a directory of another vault is refused here, even with its secret', () => {
    const foreign = sealHead(p, other.root, other.vaultId, headOf(other), other.author);
    expect(refusal(() => openHead(p, other.root, world.vaultId, foreign, world.author.publicKey))).toBe(
      'damaged',
    );
    const here = deriveDirectory(p, world.vaultId, other.top);
    expect(refusal(() => openHead(p, here, world.vaultId, foreign, other.author.publicKey))).toBe('damaged');
  });

  test('a directory’s record from another directory of the same vault is refused', () => {
    const record = recordOf(
      world,
      'd/',
      directoryListing(world),
      encodeContent({ readSecret: p.randomBytes(32) }),
    );
    expect(refusal(() => verifyRecord(p, world.author, world.root.uid, record))).toBe('accepted');
    expect(refusal(() => verifyRecord(p, world.author, other.root.uid, record))).toBe('damaged');
  });
});

function directoryListing(where: World): Uint8Array {
  const { uid, generation } = newDirectory(p);
  const directory = {
    uid,
    generation,
    linkId: p.randomBytes(16),
    listSecret: p.randomBytes(32),
    explicit: true,
  };
  return listingOf(where, { kind: 'directory', size: 0, directory });
}

describe('attack 10: file injection', () => {
  test('who may read and not write can seal a head but not sign it', () => {
    const planted = { ...head, changes: [recordOf({ ...world, author: other.author }, 'a')] };
    const forged = sealHead(p, world.root, world.vaultId, planted, other.author);
    expect(refusal(() => open(forged))).toBe('damaged');
  });

  test('a record signed by another key is refused, with a self-tag of any kind', () => {
    const foreign = { ...other.author, vaultId: world.vaultId, certificateId: world.author.certificateId };
    const forged = recordOf({ ...world, author: foreign }, 'a');
    expect(refusal(() => verifyRecord(p, world.author, world.root.uid, forged))).toBe('damaged');
    const zeroTag = forged.signature.slice();
    zeroTag.fill(0, 64);
    expect(
      refusal(() => verifyRecord(p, world.author, world.root.uid, { ...forged, signature: zeroTag })),
    ).toBe('damaged');
  });

  test('who may read a file knows the key of its map, and still cannot replace the map', () => {
    const blob = p.randomBytes(26);
    const { ref } = sealMap(p, world.vaultId, blob, { level: 0, pieces: [{ kind: 'hole', length: 9 }] });
    const fixed = { ...p, randomBytes: (n: number) => (n === 32 ? ref.key : p.randomBytes(n)) };
    const forged = sealMap(fixed, world.vaultId, blob, {
      level: 0,
      pieces: [{ kind: 'literal', bytes: new Uint8Array(9) }],
    });
    expect(forged.ref.key).toEqual(ref.key);
    expect(refusal(() => openMap(p, world.vaultId, ref, forged.bytes))).toBe('damaged');
  });
});

describe('attack 21: partial grant', () => {
  test('the list secret lists and opens no content', () => {
    const { uid, generation, listSecret, contentKey } = world.root;
    const lister = deriveListKeys(p, world.vaultId, { uid, generation, listSecret });
    const listed = openHeadListing(p, lister, world.vaultId, stored, world.author.publicKey);
    expect(listed.changes.map(({ key }) => key)).toEqual(['a', 'b']);
    const known = new Set(
      Object.values(lister)
        .filter((value) => value instanceof Uint8Array)
        .map(toHex),
    );
    expect(known.has(toHex(contentKey)) || known.has(toHex(world.root.readSecret))).toBe(false);
    const asContent = { ...lister, readSecret: listSecret, contentKey: lister.listingKey };
    expect(refusal(() => open(stored, asContent))).toBe('damaged');
    const blob = p.randomBytes(26);
    const page = sealPage(
      p,
      world.root,
      world.vaultId,
      blob,
      { level: 1, records: [recordOf(world, 'a')] },
      world.escrow,
    );
    const view = openPage(p, lister, world.vaultId, blob, page);
    expect(decodeListing(view.rows[0]?.listing ?? new Uint8Array(0)).size).toBe(5);
    expect(refusal(() => view.records())).toBe('unsupported');
    const pretending = openPage(p, asContent, world.vaultId, blob, page);
    expect(refusal(() => pretending.records())).toBe('damaged');
  });

  test('the secret of a subtree opens nothing beside it', () => {
    const child = deriveDirectory(p, world.vaultId, newDirectory(p));
    expect(refusal(() => open(stored, child))).toBe('damaged');
  });
});

describe('attack 22: hostile names', () => {
  test.each(['a/b', '/', '//', 'a\0', '\0/', 'x'.repeat(65_536)])(
    'a head with the name %j is refused',
    (name) => {
      const bytes = rawHead(world)({ 6: [name, new Uint8Array(0)] });
      expect(['malformed', 'limit']).toContain(refusal(() => open(bytes)));
    },
  );

  test('names that differ in case or Unicode form are different names', () => {
    const names = ['A', 'a', 'e\u0301', '\u00e9'];
    const records = names.map((name) => recordOf(world, name));
    const bytes = sealHead(p, world.root, world.vaultId, { ...head, changes: records }, world.author);
    expect(open(bytes).changes.map(({ key }) => key)).toEqual(names);
  });

  test('a writer cannot seal records out of order or twice', () => {
    for (const keys of [
      ['b', 'a'],
      ['a', 'a'],
    ]) {
      const changes = keys.map((key) => recordOf(world, key));
      expect(refusal(() => sealHead(p, world.root, world.vaultId, { ...head, changes }, world.author))).toBe(
        'malformed',
      );
    }
  });
});
