/*
 * Where things are in a segment's blob. All of it is a pure function of the plaintext size:
 *
 *   header 80 | chunk 0 | chunk 1 | ... | last chunk | trailer: 32 bytes per leaf, header and chunks
 *
 * A chunk is 64 KiB of plaintext and a 16-byte tag; only the last may be shorter, and an empty segment has one empty
 * chunk. All sizes are in bytes.
 */

/** Plaintext of one segment, at most. */
export const SEGMENT_MAX: number = 64 * 1024 * 1024;
export const CHUNK_BYTES: number = 65_536;
export const SEGMENT_HEADER_BYTES: number = 80;
export const TAG_BYTES: number = 16;
export const LEAF_BYTES: number = 32;

export interface SegmentRange {
  readonly offset: number;
  readonly length: number;
}

export function chunkCount(size: number): number {
  return Math.max(1, Math.ceil(size / CHUNK_BYTES));
}

/** Where the sealed chunk `index` lies in the blob of a segment of `size` bytes. */
export function chunkRange(index: number, size: number): SegmentRange {
  const plain = Math.min(CHUNK_BYTES, size - index * CHUNK_BYTES);
  return { offset: SEGMENT_HEADER_BYTES + index * (CHUNK_BYTES + TAG_BYTES), length: plain + TAG_BYTES };
}

export function trailerRange(size: number): SegmentRange {
  const chunks = chunkCount(size);
  return { offset: SEGMENT_HEADER_BYTES + size + chunks * TAG_BYTES, length: (chunks + 1) * LEAF_BYTES };
}

export function segmentBlobSize(size: number): number {
  const { offset, length } = trailerRange(size);
  return offset + length;
}

/** The plaintext size of a segment whose blob has `blobSize` bytes, or -1 when no segment has. */
export function segmentSizeOfBlob(blobSize: number): number {
  const perChunk = TAG_BYTES + LEAF_BYTES;
  const body = blobSize - SEGMENT_HEADER_BYTES - LEAF_BYTES;
  const chunks = Math.max(1, Math.ceil(body / (CHUNK_BYTES + perChunk)));
  const size = body - chunks * perChunk;
  return size >= 0 && size <= SEGMENT_MAX && segmentBlobSize(size) === blobSize ? size : -1;
}
