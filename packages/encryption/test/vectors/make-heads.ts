import { concatBytes } from '../../src/bytes.js';
import type { CborValue } from '../../src/cbor/value.js';
import {
  deriveListSecret,
  encodeContent,
  newDirectory,
  openHead,
  pageDigest,
  sealHead,
  sealPage,
  tombstone,
} from '../../src/index.js';
import { flip, withByte } from '../bytes.js';
import { rawHead, sealRawPage } from './raw-boxes.js';
import type { VectorFile } from './vector.js';
import { headOf, listingOf, recordOf, type World } from './world.js';
import { VectorWriter } from './writer.js';

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
