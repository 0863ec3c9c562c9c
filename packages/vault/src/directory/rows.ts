import {
  compareKeys,
  decodeListing,
  isTombstone,
  type ListingFields,
  type SealedRecord,
  tombstone,
  utf8Length,
} from '@latchkey/encryption';

/** One name of a directory as a listing sees it. The content half is decrypted only when {@link sealed} is called. */
export interface Row {
  readonly key: string;
  readonly listing: Uint8Array;
  sealed(): SealedRecord;
}

const decoded = new WeakMap<Uint8Array, ListingFields>();

/** The attributes of a record, decoded once. */
export function listingOf(record: { readonly listing: Uint8Array }): ListingFields {
  let fields = decoded.get(record.listing);
  if (fields === undefined) {
    fields = decodeListing(record.listing);
    decoded.set(record.listing, fields);
  }
  return fields;
}

export function recordBytes(record: SealedRecord): number {
  return (
    utf8Length(record.key) + record.listing.length + record.content.length + record.signature.length + 16
  );
}

/** The position of the first element whose key is `key` or comes after it. */
export function lowerBound(sorted: readonly { readonly key: string }[], key: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys((sorted[middle] as { key: string }).key, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function find<T extends { readonly key: string }>(sorted: readonly T[], key: string): T | undefined {
  const row = sorted[lowerBound(sorted, key)];
  return row?.key === key ? row : undefined;
}

export { isTombstone, tombstone };
