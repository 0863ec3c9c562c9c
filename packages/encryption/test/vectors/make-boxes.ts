import { padBox } from '../../src/box.js';
import { concatBytes } from '../../src/bytes.js';
import type { CborValue } from '../../src/cbor/value.js';
import {
  encodeCbor,
  type Piece,
  seal,
  sealEscrow,
  sealLease,
  sealMap,
  sealReleases,
} from '../../src/index.js';
import { encodeMapRef } from '../../src/pieces.js';
import { flip } from '../bytes.js';
import type { VectorFile } from './vector.js';
import type { World } from './world.js';
import { VectorWriter } from './writer.js';

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
