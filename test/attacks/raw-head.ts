import {
  type CborMap,
  type CborValue,
  type DirectoryKeys,
  decodeCbor,
  encodeCbor,
  open,
  seal,
} from '@latchkey/encryption';
import { headKey, provider, type Secrets } from './insider.js';
import type { Victim } from './victim.js';

/** Field numbers of a head's boxes, docs/format.md. */
export const HEAD_FIELD = {
  revision: 0,
  changes: 6,
  level: 8,
  tree: 10,
  operations: 14,
  releases: 16,
} as const;
export const CONTENT_FIELD = { changes: 0 } as const;

type Fields = Map<number | string, CborValue>;

export interface RawChange {
  /** The CBOR of the listing box. */
  readonly listing?: (fields: Fields) => Uint8Array;
  /** The CBOR of the content box. */
  readonly content?: (fields: Fields) => Uint8Array;
}

function padded(cbor: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(Math.ceil((cbor.length + 4) / 256) * 256);
  bytes.writeUInt32BE(cbor.length);
  bytes.set(cbor, 4);
  return bytes;
}

function unpadded(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(4, 4 + Buffer.from(bytes).readUInt32BE());
}

/**
 * Rewrites a head below every check that the library makes when it writes one, and signs it with the owner's key: what
 * an author who means harm can put before other readers.
 */
export async function rewriteHead(
  victim: Victim,
  { vaultId, author }: Secrets,
  keys: DirectoryKeys,
  change: RawChange,
): Promise<void> {
  const bytes = Buffer.from(victim.bytes(headKey(keys)));
  const listingEnd = 20 + bytes.readUInt32BE(8);
  const contentEnd = listingEnd + bytes.readUInt32BE(12);
  const escrowEnd = contentEnd + bytes.readUInt32BE(16);
  const ad = encodeCbor(['head', keys.place, keys.uid, keys.generation]);
  const fieldsIn = (key: Uint8Array, label: string, box: Uint8Array): Fields =>
    new Map(decodeCbor(unpadded(open(provider, key, label, vaultId, ad, box))) as CborMap);
  const listing = fieldsIn(keys.listingKey, 'head-listing', bytes.subarray(20, listingEnd));
  const content = fieldsIn(keys.contentKey, 'head-content', bytes.subarray(listingEnd, contentEnd));
  const revision = listing.get(HEAD_FIELD.revision) as number;
  const cbor = {
    listing: change.listing?.(listing) ?? encodeCbor(listing),
    content: change.content?.(content) ?? encodeCbor(content),
  };
  const boxes = [
    seal(provider, keys.listingKey, 'head-listing', vaultId, ad, padded(cbor.listing)),
    seal(provider, keys.contentKey, 'head-content', vaultId, ad, padded(cbor.content)),
    bytes.subarray(contentEnd, escrowEnd),
  ];
  const digests = boxes.map((box) => provider.sha256(box));
  const message = encodeCbor(['latchkey/1/head', vaultId, keys.uid, keys.generation, revision, ...digests]);
  const lengths = Buffer.alloc(12);
  boxes.forEach((box, index) => {
    lengths.writeUInt32BE(box.length, index * 4);
  });
  const signature = provider.ed25519Sign(author.seed, message);
  await victim.plant(headKey(keys), Buffer.concat([bytes.subarray(0, 8), lengths, ...boxes, signature]));
}
