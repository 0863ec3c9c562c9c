import { equalBytes } from '../bytes.js';
import { EncryptionError } from '../errors.js';
import type { CryptoProvider } from '../provider.js';
import { checkHeader } from './keys.js';
import { CHUNK_BYTES, chunkCount, LEAF_BYTES, segmentSizeOfBlob, TAG_BYTES } from './layout.js';
import { splitTrailer } from './opener.js';
import { leafHash, treeRoot } from './tree.js';

/**
 * Checks a stored segment without any key: that header and chunks are the ones its trailer lists. Finds decay, not
 * malice: who can write to the store can change both. Returns the root, which a key holder compares with the record.
 *
 * @param blobSize bytes of the whole blob
 * @param chunks the sealed chunks in order
 */
export function scrubSegment(
  p: CryptoProvider,
  blobSize: number,
  header: Uint8Array,
  chunks: Iterable<Uint8Array>,
  trailer: Uint8Array,
): Uint8Array {
  checkHeader(header);
  const size = segmentSizeOfBlob(blobSize);
  const expected = chunkCount(size);
  if (size < 0 || trailer.length !== (expected + 1) * LEAF_BYTES) {
    throw new EncryptionError('damaged', 'segment has an impossible size');
  }
  const leaves = splitTrailer(trailer);
  let index = 0;
  let bytes = 0;
  requireLeaf(p, header, leaves[0]);
  for (const chunk of chunks) {
    index++;
    bytes += chunk.length - TAG_BYTES;
    if (chunk.length > CHUNK_BYTES + TAG_BYTES) throw new EncryptionError('damaged', 'chunk is too long');
    requireLeaf(p, chunk, leaves[index]);
  }
  if (index !== expected || bytes !== size) throw new EncryptionError('damaged', 'segment misses chunks');
  return treeRoot(p, leaves);
}

function requireLeaf(p: CryptoProvider, data: Uint8Array, leaf: Uint8Array | undefined): void {
  if (leaf === undefined || !equalBytes(leafHash(p, data), leaf)) {
    throw new EncryptionError('damaged', 'segment does not fit its trailer');
  }
}
