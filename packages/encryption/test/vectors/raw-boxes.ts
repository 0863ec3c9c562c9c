import { padBox, writeEnvelope } from '../../src/box.js';
import type { CborValue } from '../../src/cbor/value.js';
import { encodeCbor, seal } from '../../src/index.js';
import type { World } from './world.js';

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

export function sealRawPage(world: World, blob: Uint8Array, map: ReadonlyMap<number, CborValue>): Uint8Array {
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
