import type { ObjectEntry, ObjectReader } from '@latchkey/vault';
import { S3Error } from '../errors.js';
import { openChunks, type ReadStored } from './chunks.js';
import type { CustomerKey } from './customer-key.js';
import { INDEX_ENTRY_BYTES, type PartSeal, partSeals } from './part-index.js';
import { checkKey, contentSize, saltOf, sealedParts, sealOf, streamKey } from './seal.js';

/** An object to be read; one that a customer's key protects is not lent. */
export type OpenedObject = Omit<ObjectReader, 'lend'> & Partial<Pick<ObjectReader, 'lend'>>;

/**
 * An object as the holder of its key sees it. Throws what S3 answers for a missing, superfluous or wrong key; the reader is
 * the caller's to close then.
 */
export function unsealed(reader: OpenedObject, key: CustomerKey | undefined): OpenedObject {
  const { entry } = reader;
  checkKey(entry, key);
  const seal = sealOf(entry);
  if (key === undefined || seal === undefined) return reader;
  const size = contentSize(entry);
  return {
    entry: { ...entry, size },
    stream: (offset = 0, length = size - offset) =>
      sealedParts(entry) === undefined
        ? openChunks(streamKey(key, saltOf(seal)), size, { offset, length }, reader.stream.bind(reader))
        : openParts(reader, entry, key, { offset, length }),
    close: () => reader.close(),
  };
}

/** The parts lie one after the other, each a stream of its own, and behind them the index that says where. */
async function* openParts(
  reader: OpenedObject,
  entry: ObjectEntry,
  key: CustomerKey,
  range: { readonly offset: number; readonly length: number },
): AsyncGenerator<Uint8Array> {
  const end = range.offset + range.length;
  let [plain, stored] = [0, 0];
  for (const part of await indexOf(reader, entry)) {
    const from = Math.max(range.offset, plain);
    const to = Math.min(end, plain + part.size);
    if (from < to) {
      const [start, within] = [stored, { offset: from - plain, length: to - from }];
      const read: ReadStored = (offset, length) => reader.stream(start + offset, length);
      yield* openChunks(streamKey(key, part.salt, part.number), part.size, within, read);
    }
    if (plain >= end) return;
    plain += part.size;
    stored += part.storedSize;
  }
}

async function indexOf(reader: OpenedObject, entry: ObjectEntry): Promise<PartSeal[]> {
  const { count, size } = sealedParts(entry) ?? { count: 0, size: 0 };
  const length = count * INDEX_ENTRY_BYTES;
  const pieces: Uint8Array[] = [];
  for await (const piece of reader.stream(entry.size - length, length)) pieces.push(piece);
  const parts = partSeals(Buffer.concat(pieces));
  const stored = parts.reduce((sum, part) => sum + part.storedSize, length);
  if (stored !== entry.size || parts.reduce((sum, part) => sum + part.size, 0) !== size)
    throw new S3Error('InternalError', 'The encrypted object has another index than was stored.');
  return parts;
}
