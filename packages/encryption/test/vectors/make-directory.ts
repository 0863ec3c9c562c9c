import { padBox, writeEnvelope } from '../../src/box.js';
import { concatBytes } from '../../src/bytes.js';
import type { CborValue } from '../../src/cbor/value.js';
import {
  deriveListSecret,
  encodeCbor,
  encodeContent,
  newDirectory,
  openHead,
  type Piece,
  pageDigest,
  seal,
  sealEscrow,
  sealHead,
  sealLease,
  sealMap,
  sealPage,
  sealReleases,
  tombstone,
} from '../../src/index.js';
import { encodeMapRef } from '../../src/pieces.js';
import { editMap, flip, withByte } from '../bytes.js';
import type { VectorFile } from './vector.js';
import { HELLO, headOf, listingOf, recordOf, type World } from './world.js';
import { VectorWriter } from './writer.js';

export async function recordVectors(world: World, other: World): Promise<VectorFile> {
  const { p, author, root, vaultId, keys } = world;
  const w = new VectorWriter(p, 'Keys of a vault and a directory; records and what they hold.');
  await w.opens('root-keys', 'one key per purpose', 'root-keys', { vaultId, rootSecret: world.rootSecret });
  await w.opens('directory-keys', 'what comes from a read secret', 'derive-directory', {
    vaultId,
    uid: root.uid,
    generation: root.generation,
    readSecret: root.readSecret,
  });
  await w.opens('directory-generation', 'another generation has other keys', 'derive-directory', {
    vaultId,
    uid: root.uid,
    generation: 1,
    readSecret: root.readSecret,
  });
  const record = recordOf(world, 'hello.txt');
  const base = {
    vaultId,
    publicKey: author.publicKey,
    certificateId: author.certificateId,
    uid: root.uid,
    key: record.key,
    listing: record.listing,
    content: record.content,
    signature: record.signature,
  };
  await w.opens('record-by-signature', 'a record, by its signature', 'verify-record', base);
  await w.opens('record-by-self-tag', 'a record, by its self-tag', 'verify-record', {
    ...base,
    selfTagKey: keys.selfTagKey,
  });
  await w.opens('record-by-wrong-self-tag', 'a wrong self-tag only means: verify', 'verify-record', {
    ...base,
    selfTagKey: keys.selfTagKey,
    signature: flip(record.signature, -1),
  });
  const refuses = (id: string, comment: string, change: Record<string, Uint8Array | string>) =>
    w.refuses(`record-${id}`, comment, 'verify-record', 'damaged', { ...base, ...change });
  await refuses('key', 'under another name', { key: 'hello' });
  await refuses('directory-key', 'as a directory', { key: 'hello.txt/' });
  await refuses('uid', 'in another directory', { uid: other.root.uid });
  await refuses('vault', 'in another vault', { vaultId: other.vaultId });
  await refuses('author', 'by another author', { publicKey: other.author.publicKey });
  await refuses('certificate', 'under another certificate', { certificateId: other.author.certificateId });
  await refuses('listing', 'another size', { listing: listingOf(world, { size: 6 }) });
  await refuses('content', 'another content', {
    content: encodeContent({ pieces: [{ kind: 'hole', length: 5 }] }),
  });
  await refuses('signature', 'one bit of the signature', { signature: flip(record.signature, 3) });
  await refuses('signature-short', 'no self-tag', { signature: record.signature.subarray(0, 64) });
  await refuses('signature-none', 'no signature', { signature: '' });

  const { listing } = record;
  await w.opens('listing-odd', 'an unknown optional field', 'decode-listing', {
    listing: editMap(listing, { 51: 1 }),
  });
  const listings: readonly [
    string,
    string,
    'malformed' | 'limit' | 'unsupported',
    Record<number, CborValue | undefined>,
  ][] = [
    ['even', 'an unknown critical field', 'unsupported', { 50: 1 }],
    ['retention', 'a reserved critical field', 'unsupported', { 20: 1 }],
    ['kind', 'a delete marker, which is reserved', 'unsupported', { 0: 3 }],
    ['mode', 'more than permission bits', 'limit', { 14: 0o10000 }],
    ['nanoseconds', 'a whole second of nanoseconds', 'limit', { 11: 1_000_000_000 }],
    ['zero', 'a zero that should be absent', 'malformed', { 13: 0 }],
    ['size', 'a negative size', 'malformed', { 8: -1 }],
    ['certificate', 'a short certificate id', 'malformed', { 6: new Uint8Array(15) }],
    ['missing', 'no modification time', 'malformed', { 10: undefined }],
    ['flag', 'a flag that is false', 'malformed', { 26: false }],
    ['link', 'a file with a directory secret', 'malformed', { 36: new Uint8Array(32) }],
    ['no-link', 'a directory without a uid', 'malformed', { 0: 2 }],
    ['metadata', 'empty metadata', 'malformed', { 16: new Map() }],
    ['metadata-long', 'a value of 4097 bytes', 'limit', { 16: new Map([['k', 'v'.repeat(4097)]]) }],
    ['metadata-form', 'metadata that is not text', 'malformed', { 16: new Map([['k', 1]]) }],
    ['text-key', 'a map of strings', 'malformed', {}],
  ];
  for (const [id, comment, error, edits] of listings) {
    const bytes = id === 'text-key' ? encodeCbor(new Map([['a', 1]])) : editMap(listing, edits);
    if (id === 'text-key') {
      await w.refuses(`listing-${id}`, comment, 'decode-listing', 'malformed', { listing: bytes });
    } else {
      await w.refuses(`listing-${id}`, comment, 'decode-listing', error, { listing: bytes });
    }
  }

  const data: CborValue = [0, p.randomBytes(26), p.randomBytes(32), p.randomBytes(32), 100, 40, 60];
  const pieces = (...items: CborValue[]): Uint8Array => encodeCbor(new Map([[10, items]]));
  await w.opens('content-pieces', 'a stretch of a segment, a hole and a literal', 'decode-content', {
    content: pieces(data, [1, 4096], [2, HELLO]),
  });
  await w.opens('content-empty', 'nothing', 'decode-content', { content: encodeCbor(new Map()) });
  const beyond = [...(data as readonly CborValue[]).slice(0, 6), 61];
  const contents: readonly [string, string, 'malformed' | 'limit' | 'unsupported', Uint8Array][] = [
    ['beyond', 'a stretch past the end of its segment', 'limit', pieces(beyond)],
    [
      'huge-segment',
      'a segment of over 64 MiB',
      'limit',
      pieces([...(data as readonly CborValue[]).slice(0, 4), 67_108_865, 0, 1]),
    ],
    ['nine', 'nine pieces', 'limit', pieces(...Array.from({ length: 9 }, (): CborValue => [1, 1]))],
    ['literals', '1025 literal bytes', 'limit', pieces([2, new Uint8Array(1025)])],
    ['too-long', 'over 2^53 bytes in all', 'limit', pieces([1, 2 ** 53 - 1], [1, 1])],
    ['zero-hole', 'a hole of nothing', 'malformed', pieces([1, 0])],
    ['zero-literal', 'a literal of nothing', 'malformed', pieces([2, new Uint8Array(0)])],
    ['none', 'an empty list', 'malformed', pieces()],
    ['unknown-piece', 'an unknown kind of piece', 'unsupported', pieces([3, 1])],
    [
      'short-ref',
      'a blob reference of 25 bytes',
      'malformed',
      pieces([0, new Uint8Array(25), ...(data as readonly CborValue[]).slice(2)]),
    ],
    ['even', 'an unknown critical field', 'unsupported', encodeCbor(new Map([[20, 1]]))],
    ['nul-target', 'a link target with NUL', 'malformed', encodeCbor(new Map([[8, 'a\0b']]))],
    ['huge', 'over 8 KiB', 'limit', encodeCbor(new Map([[21, new Uint8Array(8192)]]))],
  ];
  for (const [id, comment, error, content] of contents) {
    await w.refuses(`content-${id}`, comment, 'decode-content', error, { content });
  }
  return w.file();
}

export async function headVectors(world: World, other: World): Promise<VectorFile> {
  const { p, root, vaultId, author } = world;
  const w = new VectorWriter(p, 'Directory heads and pages.');
  const child = newDirectory(p);
  const directory = recordOf(
    world,
    'photos/',
    listingOf(world, {
      kind: 'directory',
      size: 0,
      mode: 0o755,
      directory: {
        uid: child.uid,
        generation: child.generation,
        linkId: p.randomBytes(16),
        listSecret: deriveListSecret(p, vaultId, child.readSecret),
        explicit: true,
      },
    }),
    encodeContent({ readSecret: child.readSecret }),
  );
  const pageBlob = p.randomBytes(26);
  const page = sealPage(
    p,
    root,
    vaultId,
    pageBlob,
    { level: 1, records: [recordOf(world, 'a'), recordOf(world, 'b')] },
    world.escrow,
  );
  const ref = { firstKey: 'a', blob: pageBlob, count: 2, sha256: pageDigest(p, page) };
  const head = headOf(world, {
    changes: [tombstone('b'), recordOf(world, 'hello.txt'), directory, recordOf(world, '\u{1f511}')],
    level: 1,
    tree: [ref],
    counters: { files: 3, directories: 1, bytes: 15 },
    operations: [p.randomBytes(16), p.randomBytes(16)],
    releases: [{ seconds: 1_790_000_000, blobs: [p.randomBytes(26)], kind: 'unshared' }],
    epoch: 3,
  });
  const bytes = sealHead(p, root, vaultId, head, author);
  const where = { vaultId, uid: root.uid, generation: root.generation, readSecret: root.readSecret };
  const base = { ...where, publicKey: author.publicKey, head: bytes };
  await w.opens('head-full', 'changes, a page, operations, a release', 'open-head', base);
  const empty = sealHead(p, root, vaultId, headOf(world, { state: 'dead' }), author);
  await w.opens('head-dead', 'an empty directory that was removed', 'open-head', { ...base, head: empty });

  const damaged = (id: string, comment: string, change: Record<string, Uint8Array | number>) =>
    w.refuses(`head-${id}`, comment, 'open-head', 'damaged', { ...base, ...change });
  const opened = openHead(p, root, vaultId, bytes, author.publicKey);
  const listingBytes =
    (bytes[8] as number) * 2 ** 24 +
    ((bytes[9] as number) << 16) +
    ((bytes[10] as number) << 8) +
    (bytes[11] as number);
  await damaged('listing-box', 'one bit of the listing box', { head: flip(bytes, 20 + 100) });
  await damaged('content-box', 'one bit of the content box', { head: flip(bytes, 20 + listingBytes + 70) });
  await damaged('escrow', 'one bit of the escrow box', { head: flip(bytes, -70) });
  await damaged('signature', 'one bit of the signature', { head: flip(bytes, -1) });
  await damaged('author', 'by another author', { publicKey: other.author.publicKey });
  await damaged('uid', 'another directory with the same secret', { uid: other.root.uid });
  await damaged('generation', 'another generation', { generation: 1 });
  await damaged('secret', 'another secret', { readSecret: other.root.readSecret });
  await damaged('vault', 'another vault', { vaultId: other.vaultId });
  const forged = sealHead(p, root, vaultId, head, other.author);
  await damaged('forged', 'made by who may read and not write', { head: forged });
  const mixed = concatBytes(empty.subarray(0, empty.length - 64), bytes.subarray(bytes.length - 64));
  await damaged('mixed', 'the boxes of one head with the signature of another', { head: mixed });

  const refuses = (
    id: string,
    comment: string,
    error: 'malformed' | 'limit' | 'unsupported',
    head: Uint8Array | { zeros: number },
  ) => w.refuses(`head-${id}`, comment, 'open-head', error, { ...base, head });
  await refuses('magic', 'another magic', 'unsupported', flip(bytes, 0));
  await refuses('version', 'a later version', 'unsupported', flip(bytes, 6, 3));
  await refuses('cut', 'a byte less', 'malformed', bytes.subarray(0, bytes.length - 1));
  await refuses('longer', 'a byte more', 'malformed', withByte(bytes));
  await refuses('length', 'a length past the end', 'malformed', flip(bytes, 8, 0x80));
  await refuses('tiny', 'shorter than its lengths', 'malformed', bytes.subarray(0, 19));
  await refuses('huge', 'over 256 KiB', 'limit', { zeros: 262_145 });
  const raw = rawHead(world);
  await refuses(
    'padding',
    'padding that is not zero',
    'malformed',
    raw({}, (box) => flip(box, -1)),
  );
  await refuses(
    'unpadded',
    'a box that is not a multiple of 256',
    'malformed',
    raw({}, (box) => box.subarray(0, 255)),
  );
  await refuses(
    'overpadded',
    'more padding than needed',
    'malformed',
    raw({}, (box) => concatBytes(box, new Uint8Array(256))),
  );
  await refuses('even', 'an unknown critical field', 'unsupported', raw({ 20: 1 }));
  await refuses('state', 'an unknown state', 'limit', raw({ 2: 2 }));
  await refuses(
    'order',
    'records out of order',
    'malformed',
    raw({ 6: ['b', new Uint8Array(0), 'a', new Uint8Array(0)] }),
  );
  await refuses(
    'twice',
    'a record twice',
    'malformed',
    raw({ 6: ['b', new Uint8Array(0), 'b', new Uint8Array(0)] }),
  );
  await refuses('slash', 'a name with a slash', 'malformed', raw({ 6: ['a/b', new Uint8Array(0)] }));
  await refuses(
    'long-name',
    'a name of 1025 bytes',
    'limit',
    raw({ 6: ['a'.repeat(1025), new Uint8Array(0)] }),
  );
  await refuses('halves', 'listings without contents', 'malformed', raw({ 6: ['a', new Uint8Array(0)] }));
  await refuses('operations', '257 operations', 'limit', raw({ 14: new Uint8Array(257 * 16) }));
  await refuses('operations-odd', 'half an operation', 'malformed', raw({ 14: new Uint8Array(8) }));
  await refuses('level', 'a level without pages', 'malformed', raw({ 8: 1 }));
  await refuses(
    'release',
    'an unknown kind of release',
    'unsupported',
    raw({ 16: [[0, new Uint8Array(26), 3]] }),
  );
  await refuses('counters', 'a negative counter', 'malformed', raw({ 12: [0, 0, -1] }));

  const pageBase = { ...where, blob: pageBlob, sha256: ref.sha256, page };
  await w.opens('page-leaf', 'two records', 'open-page', pageBase);
  const indexBlob = p.randomBytes(26);
  const index = sealPage(p, root, vaultId, indexBlob, { level: 2, refs: opened.tree }, world.escrow);
  const again = (bytes: Uint8Array, blob = pageBlob) => ({
    ...where,
    blob,
    sha256: pageDigest(p, bytes),
    page: bytes,
  });
  await w.opens('page-index', 'one reference', 'open-page', again(index, indexBlob));
  await w.refuses('page-digest', 'not the page that was signed', 'open-page', 'damaged', {
    ...pageBase,
    sha256: flip(ref.sha256, 0),
  });
  await w.refuses('page-flip', 'one bit of a page', 'open-page', 'damaged', {
    ...pageBase,
    page: flip(page, 200),
  });
  await w.refuses(
    'page-blob',
    'a page in the place of another',
    'open-page',
    'damaged',
    again(page, indexBlob),
  );
  await w.refuses('page-uid', 'a page of another directory', 'open-page', 'damaged', {
    ...pageBase,
    uid: other.root.uid,
  });
  await w.refuses(
    'page-box',
    'a content box that does not open',
    'open-page',
    'damaged',
    again(flip(page, -world.escrow.length - 1)),
  );
  await w.refuses('page-head', 'a head for a page', 'open-page', 'unsupported', again(bytes));
  await w.refuses(
    'page-cut',
    'a byte less',
    'open-page',
    'malformed',
    again(page.subarray(0, page.length - 1)),
  );
  await w.refuses('page-huge', 'over 512 KiB', 'open-page', 'limit', {
    ...pageBase,
    page: { zeros: 524_289 },
    sha256: pageDigest(p, new Uint8Array(524_289)),
  });
  const rawPage = (map: ReadonlyMap<number, CborValue>) => again(sealRawPage(world, pageBlob, map));
  await w.refuses(
    'page-tombstone',
    'a tombstone in a page',
    'open-page',
    'malformed',
    rawPage(
      new Map<number, CborValue>([
        [0, 1],
        [2, ['a', new Uint8Array(0)]],
      ]),
    ),
  );
  await w.refuses(
    'page-level-0',
    'level 0',
    'open-page',
    'malformed',
    rawPage(
      new Map<number, CborValue>([
        [0, 0],
        [2, []],
      ]),
    ),
  );
  await w.refuses(
    'page-both',
    'records and references',
    'open-page',
    'malformed',
    rawPage(
      new Map<number, CborValue>([
        [0, 1],
        [2, []],
        [4, []],
      ]),
    ),
  );
  const many = Array.from({ length: 257 }, (_, i) => [
    String(i).padStart(3, '0'),
    Uint8Array.of(0xa0),
  ]).flat();
  await w.refuses(
    'page-257',
    '257 records',
    'open-page',
    'limit',
    rawPage(
      new Map<number, CborValue>([
        [0, 1],
        [2, many],
      ]),
    ),
  );
  await w.refuses(
    'page-even',
    'an unknown critical field',
    'open-page',
    'unsupported',
    rawPage(
      new Map<number, CborValue>([
        [0, 1],
        [2, []],
        [6, 1],
      ]),
    ),
  );
  return w.file();
}

/** Makes heads that no honest writer makes, sealed and signed as if one did. */
export function rawHead(
  world: World,
): (edits: Record<number, CborValue>, change?: (box: Uint8Array) => Uint8Array) => Uint8Array {
  const { p, root, vaultId, author } = world;
  const ad = encodeCbor(['head', root.place, root.uid, root.generation]);
  return (edits, change = (box) => box) => {
    const map = new Map<number, CborValue>([
      [0, 7],
      [2, 0],
      [4, world.top.linkId],
      [6, []],
      [8, 0],
      [10, []],
      [12, [0, 0, 0]],
      [14, new Uint8Array(0)],
      [16, []],
      [18, 0],
    ]);
    for (const [key, value] of Object.entries(edits)) map.set(Number(key), value);
    const listingBox = seal(p, root.listingKey, 'head-listing', vaultId, ad, change(padBox(map)));
    const contentBox = seal(p, root.contentKey, 'head-content', vaultId, ad, padBox(new Map([[0, []]])));
    const digests = [listingBox, contentBox, world.escrow].map((part) => p.sha256(part));
    const message = encodeCbor(['latchkey/1/head', vaultId, root.uid, root.generation, 7, ...digests]);
    const signature = p.ed25519Sign(author.seed, message);
    const magic = new TextEncoder().encode('LKHEAD1\0');
    return writeEnvelope(magic, { listingBox, contentBox, escrow: world.escrow, signature }, 262_144);
  };
}

function sealRawPage(world: World, blob: Uint8Array, map: ReadonlyMap<number, CborValue>): Uint8Array {
  const { p, root, vaultId } = world;
  const ad = encodeCbor(['page', root.place, root.uid, root.generation, blob]);
  const listingBox = seal(p, root.listingKey, 'page-listing', vaultId, ad, padBox(map));
  const contentBox = seal(p, root.contentKey, 'page-content', vaultId, ad, padBox(new Map([[0, []]])));
  const magic = new TextEncoder().encode('LKPAGE1\0');
  return writeEnvelope(
    magic,
    { listingBox, contentBox, escrow: world.escrow, signature: new Uint8Array(0) },
    524_288,
  );
}

export async function boxVectors(world: World, other: World): Promise<VectorFile> {
  const { p, root, vaultId, keys } = world;
  const w = new VectorWriter(p, 'Extent maps, escrow boxes, leases and spilled release notes.');
  const blob = p.randomBytes(26);
  const pieces: Piece[] = [
    {
      kind: 'data',
      segment: p.randomBytes(26),
      key: p.randomBytes(32),
      root: p.randomBytes(32),
      segmentSize: 100,
      offset: 0,
      length: 100,
    },
    { kind: 'hole', length: 900 },
  ];
  const leaf = sealMap(p, vaultId, blob, { level: 0, pieces });
  const refOf = (ref: typeof leaf.ref): Uint8Array => encodeCbor(encodeMapRef(ref));
  const base = { vaultId, ref: refOf(leaf.ref), map: leaf.bytes };
  await w.opens('map-leaf', 'two pieces', 'open-map', base);
  const above = sealMap(p, vaultId, p.randomBytes(26), { level: 1, refs: [leaf.ref] });
  await w.opens('map-above', 'a map of maps', 'open-map', {
    ...base,
    ref: refOf(above.ref),
    map: above.bytes,
  });
  const damaged = (id: string, comment: string, change: Record<string, Uint8Array>) =>
    w.refuses(`map-${id}`, comment, 'open-map', 'damaged', { ...base, ...change });
  await damaged('flip', 'one bit of the map', { map: flip(leaf.bytes, 100) });
  await damaged('blob', 'the map of another blob', { ref: refOf({ ...leaf.ref, blob: flip(blob, 0) }) });
  await damaged('key', 'another key', { ref: refOf({ ...leaf.ref, key: flip(leaf.ref.key, 0) }) });
  await damaged('length', 'another length than the record says', {
    ref: refOf({ ...leaf.ref, length: 999 }),
  });
  await damaged('count', 'another count than the record says', { ref: refOf({ ...leaf.ref, count: 3 }) });
  await damaged('level', 'another level than the record says', { ref: refOf({ ...leaf.ref, level: 1 }) });
  await damaged('vault', 'another vault', { vaultId: other.vaultId });
  // A reader knows the key and can seal another map under it; the digest is what the author signed.
  const forgedBox = seal(
    p,
    leaf.ref.key,
    'map',
    vaultId,
    encodeCbor([blob]),
    padBox(
      new Map<number, CborValue>([
        [0, 0],
        [
          2,
          [
            [1, 1],
            [1, 999],
          ],
        ],
      ]),
    ),
  );
  await damaged('forged', 'another map under the same key', {
    map: concatBytes(leaf.bytes.subarray(0, 8), forgedBox),
  });

  const fields = {
    uid: root.uid,
    generation: 2,
    readSecret: root.readSecret,
    parentUid: other.root.uid,
    name: 'photos',
  };
  const escrow = sealEscrow(p, keys.escrowPublic, vaultId, fields);
  const escrowBase = { escrowSecret: keys.escrowSecret, vaultId, escrow };
  await w.opens('escrow-box', 'a directory that can be brought back', 'open-escrow', escrowBase);
  const escrowRefuses = (
    id: string,
    comment: string,
    error: 'damaged' | 'malformed' | 'unsupported',
    change: object,
  ) => w.refuses(`escrow-${id}`, comment, 'open-escrow', error, { ...escrowBase, ...change });
  await escrowRefuses('flip', 'one bit', 'damaged', { escrow: flip(escrow, -1) });
  await escrowRefuses('secret', 'another secret', 'damaged', { escrowSecret: other.keys.escrowSecret });
  await escrowRefuses('vault', 'another vault', 'damaged', { vaultId: other.vaultId });
  await escrowRefuses('kem', 'another kem', 'unsupported', {
    escrow: encodeCbor([0x21, new Uint8Array(32), new Uint8Array(16)]),
  });
  await escrowRefuses('form', 'not three items', 'malformed', {
    escrow: encodeCbor([0x20, new Uint8Array(32)]),
  });
  await escrowRefuses('small-order', 'an ephemeral key of small order', 'damaged', {
    escrow: encodeCbor([0x20, new Uint8Array(32), new Uint8Array(16)]),
  });

  const session = p.randomBytes(10);
  const lease = sealLease(p, vaultId, keys.leaseKey, session, { started: 1_790_000_000, state: 'live' });
  const leaseBase = { vaultId, leaseKey: keys.leaseKey, session, lease };
  await w.opens('lease-live', 'a session at work', 'open-lease', leaseBase);
  await w.refuses('lease-session', 'the lease of another session', 'open-lease', 'damaged', {
    ...leaseBase,
    session: flip(session, 0),
  });
  await w.refuses('lease-flip', 'one bit', 'open-lease', 'damaged', { ...leaseBase, lease: flip(lease, -1) });
  await w.refuses('lease-cut', 'a byte less', 'open-lease', 'damaged', {
    ...leaseBase,
    lease: lease.subarray(1),
  });

  const notes = sealReleases(p, root, vaultId, blob, [
    { seconds: 9, blobs: [p.randomBytes(26), p.randomBytes(26)], kind: 'shared' },
  ]);
  const notesBase = {
    vaultId,
    uid: root.uid,
    generation: root.generation,
    readSecret: root.readSecret,
    blob,
    releases: notes,
  };
  await w.opens('releases-spilled', 'release notes in a blob of their own', 'open-releases', notesBase);
  await w.refuses('releases-blob', 'in the place of another blob', 'open-releases', 'damaged', {
    ...notesBase,
    blob: flip(blob, 25),
  });
  await w.refuses('releases-flip', 'one bit', 'open-releases', 'damaged', {
    ...notesBase,
    releases: flip(notes, 70),
  });
  return w.file();
}
