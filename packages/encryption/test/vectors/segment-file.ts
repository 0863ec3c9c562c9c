import { readFileSync } from 'node:fs';

export const SEGMENT_FILE: URL = new URL('../../vectors/three-chunks.segment', import.meta.url);

let bytes: Uint8Array | undefined;

/** The segment that the vectors of segments refer to. */
export function segmentFile(): Uint8Array {
  bytes ??= Uint8Array.from(readFileSync(SEGMENT_FILE));
  return bytes;
}

/** While vectors are made, the segment that is just being made. */
export function useSegmentFile(made: Uint8Array): void {
  bytes = made;
}
