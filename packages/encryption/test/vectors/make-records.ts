import type { CborValue } from '../../src/cbor/value.js';
import { encodeCbor, encodeContent } from '../../src/index.js';
import { editMap, flip } from '../bytes.js';
import type { VectorFile } from './vector.js';
import { HELLO, listingOf, recordOf, type World } from './world.js';
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
  await w.opens('listing-mark', 'a mark of a move, which nobody opens here', 'decode-listing', {
    listing: editMap(listing, { 28: new Uint8Array(256) }),
  });
  const link = {
    0: 2,
    30: new Uint8Array(16),
    32: 0,
    34: new Uint8Array(16),
    36: new Uint8Array(32),
  };
  await w.opens('listing-version', 'a version that is locked and held', 'decode-listing', {
    listing: editMap(listing, { 20: [2, 1_800_000_000], 22: true, 42: 1_790_000_000_000 * 1024 }),
  });
  await w.opens('listing-marker', 'a marker of a removal', 'decode-listing', {
    listing: editMap(listing, { 0: 3, 8: 0, 42: 1_790_000_000_000 * 1024 + 1 }),
  });
  const keeps = new Map<number, CborValue>([
    [0, 1],
    [2, true],
    [4, 1],
    [6, 86_400],
  ]);
  await w.opens('listing-keeping', 'a directory that keeps versions', 'decode-listing', {
    listing: editMap(listing, { ...link, 44: keeps }),
  });
  const listings: readonly [
    string,
    string,
    'malformed' | 'limit' | 'unsupported',
    Record<number, CborValue | undefined>,
  ][] = [
    ['even', 'an unknown critical field', 'unsupported', { 50: 1 }],
    ['reserved', 'a reserved critical field', 'unsupported', { 40: 1 }],
    ['kind', 'an unknown kind', 'unsupported', { 0: 4 }],
    ['retention', 'a retention without an end', 'malformed', { 20: [1] }],
    ['retention-mode', 'an unknown mode of retention', 'malformed', { 20: [3, 1_800_000_000] }],
    ['hold', 'a legal hold that is false', 'malformed', { 22: false }],
    ['marker-locked', 'a lock on a marker', 'malformed', { 0: 3, 22: true }],
    ['symlink-version', 'a version of a symlink', 'malformed', { 0: 1, 42: 1 }],
    ['keeping-file', 'a file that keeps versions', 'malformed', { 44: new Map([[0, 1]]) }],
    ['keeping-none', 'a directory that keeps nothing', 'malformed', { ...link, 44: new Map([[0, 0]]) }],
    [
      'keeping-mode',
      'a mode of retention without a time',
      'malformed',
      {
        ...link,
        44: new Map([
          [0, 1],
          [4, 1],
        ]),
      },
    ],
    [
      'keeping-even',
      'an unknown critical field',
      'unsupported',
      {
        ...link,
        44: new Map([
          [0, 1],
          [8, 1],
        ]),
      },
    ],
    ['mode', 'more than permission bits', 'limit', { 14: 0o10000 }],
    ['nanoseconds', 'a whole second of nanoseconds', 'limit', { 11: 1_000_000_000 }],
    ['zero', 'a zero that should be absent', 'malformed', { 13: 0 }],
    ['size', 'a negative size', 'malformed', { 8: -1 }],
    ['certificate', 'a short certificate id', 'malformed', { 6: new Uint8Array(15) }],
    ['missing', 'no modification time', 'malformed', { 10: undefined }],
    ['flag', 'a flag that is false', 'malformed', { 26: false }],
    ['link', 'a file with a directory secret', 'malformed', { 36: new Uint8Array(32) }],
    ['no-link', 'a directory without a uid', 'malformed', { 0: 2 }],
    ['mark-long', 'a mark of 257 bytes', 'limit', { 28: new Uint8Array(257) }],
    ['mark-form', 'a mark that is a flag', 'malformed', { 28: true }],
    [
      'mark-directory',
      'a mark on a directory',
      'malformed',
      {
        0: 2,
        28: new Uint8Array(172),
        30: new Uint8Array(16),
        32: 0,
        34: new Uint8Array(16),
        36: new Uint8Array(32),
      },
    ],
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
  const appendix = (fields: [number, CborValue][]): Uint8Array =>
    encodeCbor(new Map<number, CborValue>([[20, new Map(fields)]]));
  await w.opens('content-appendix', 'a literal and a stretch beside the content', 'decode-content', {
    content: appendix([
      [0, [[2, HELLO], data]],
      [4, 65],
    ]),
  });
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
    ['even', 'an unknown critical field', 'unsupported', encodeCbor(new Map([[52, 1]]))],
    ['appendix-form', 'an appendix that is no map', 'malformed', encodeCbor(new Map([[20, 1]]))],
    ['appendix-long', 'an appendix of over 4 MiB', 'limit', appendix([[4, 4_194_305]])],
    ['appendix-size', 'an appendix without its size', 'malformed', appendix([[0, [[2, HELLO]]]])],
    [
      'appendix-empty-list',
      'an empty list of pieces of an appendix',
      'malformed',
      appendix([
        [0, []],
        [4, 0],
      ]),
    ],
    [
      'appendix-even',
      'an unknown critical field of an appendix',
      'unsupported',
      appendix([
        [4, 0],
        [6, 1],
      ]),
    ],
    ['nul-target', 'a link target with NUL', 'malformed', encodeCbor(new Map([[8, 'a\0b']]))],
    ['huge', 'over 8 KiB', 'limit', encodeCbor(new Map([[21, new Uint8Array(8192)]]))],
  ];
  for (const [id, comment, error, content] of contents) {
    await w.refuses(`content-${id}`, comment, 'decode-content', error, { content });
  }
  return w.file();
}
