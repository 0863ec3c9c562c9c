import { concatBytes } from '../../src/bytes.js';
import { chunkRange, SegmentSealer, segmentBlobSize, trailerRange } from '../../src/index.js';
import { flip } from '../bytes.js';
import { useSegmentFile } from './segment-file.js';
import type { VectorFile } from './vector.js';
import type { World } from './world.js';
import { VectorWriter } from './writer.js';

/** Two full chunks and 100 bytes. */
export const SEGMENT_SIZE: number = 2 * 65_536 + 100;

export function sealSegment(
  world: World,
  key: Uint8Array,
  plaintext: Uint8Array,
): { blob: Uint8Array; root: Uint8Array } {
  const sealer = new SegmentSealer(world.p, world.vaultId, key);
  const parts: Uint8Array[] = [sealer.header];
  for (let at = 0; at === 0 || at < plaintext.length; at += 65_536) {
    parts.push(sealer.seal(plaintext.subarray(at, at + 65_536), at + 65_536 >= plaintext.length));
  }
  parts.push(sealer.trailer());
  return { blob: concatBytes(...parts), root: sealer.root() };
}

export function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7 + (i >>> 8)) & 0xff);
}

/** `blob` in these vectors is made of `[from, to)` ranges of the file and then `flips` of single bits. */
export async function segmentVectors(world: World): Promise<{ file: VectorFile; blob: Uint8Array }> {
  const { p, vaultId } = world;
  const key = p.randomBytes(32);
  const { blob, root } = sealSegment(world, key, pattern(SEGMENT_SIZE));
  const w = new VectorWriter(
    p,
    'Segments. Parts are [from, to) ranges of three-chunks.segment, joined; flips change the lowest bit of a byte.',
  );
  const size = blob.length;
  useSegmentFile(blob);
  const base = { vaultId, key, root, segmentSize: SEGMENT_SIZE };
  const whole = { parts: [[0, size]], flips: [] };
  const range = (index: number): [number, number] => {
    const { offset, length } = chunkRange(index, SEGMENT_SIZE);
    return [offset, offset + length];
  };
  const [first, second, third] = [range(0), range(1), range(2)];
  const trailer: [number, number] = [trailerRange(SEGMENT_SIZE).offset, size];
  const header: [number, number] = [0, 80];
  await w.opens('segment-whole', 'three chunks', 'open-segment-file', { ...base, ...whole });
  const refuses = (
    id: string,
    comment: string,
    error: 'damaged' | 'unsupported' | 'malformed' | 'limit',
    change: object,
  ) => w.refuses(`segment-${id}`, comment, 'open-segment-file', error, { ...base, ...whole, ...change });
  await refuses('swap', 'two chunks swapped', 'damaged', { parts: [header, second, first, third, trailer] });
  await refuses('repeat', 'a chunk twice', 'damaged', { parts: [header, first, first, third, trailer] });
  await refuses('drop-first', 'without the first chunk', 'damaged', {
    parts: [header, second, third, trailer],
  });
  await refuses('drop-last', 'without the last chunk', 'damaged', {
    parts: [header, first, second, trailer],
  });
  await refuses('one-more', 'a chunk more', 'damaged', {
    parts: [header, first, first, second, third, trailer],
  });
  await refuses('header-only', 'nothing but the header', 'damaged', { parts: [header] });
  await refuses('empty', 'an empty blob', 'damaged', { parts: [] });
  await refuses('no-trailer', 'without the trailer', 'damaged', { parts: [[0, trailer[0]]] });
  await refuses('cut', 'a byte less', 'damaged', { parts: [[0, size - 1]] });
  await refuses('flip-magic', 'one bit of the magic', 'unsupported', { flips: [0] });
  await refuses('flip-suite', 'another suite', 'unsupported', { flips: [8] });
  await refuses('flip-chunk-size', 'another size of chunks', 'unsupported', { flips: [9] });
  await refuses('flip-reserved', 'one bit of the reserved bytes', 'malformed', { flips: [12] });
  await refuses('flip-salt', 'one bit of the salt', 'damaged', { flips: [20] });
  await refuses('flip-commitment', 'one bit of the commitment', 'damaged', { flips: [50] });
  await refuses('flip-first', 'one bit of the first chunk', 'damaged', { flips: [first[0]] });
  await refuses('flip-tag', 'one bit of the last tag', 'damaged', { flips: [third[1] - 1] });
  await refuses('flip-trailer', 'one bit of the trailer', 'damaged', { flips: [size - 1] });
  await refuses('key', 'another key', 'damaged', { key: flip(key, 0) });
  await refuses('root', 'another root', 'damaged', { root: flip(root, 0) });
  await refuses('vault', 'another vault', 'damaged', { vaultId: flip(vaultId, 0) });
  await refuses('shorter', 'a record that says a byte less', 'damaged', { segmentSize: SEGMENT_SIZE - 1 });
  await refuses('longer', 'a record that says a byte more', 'damaged', { segmentSize: SEGMENT_SIZE + 1 });

  const tiny = sealSegment(world, key, new Uint8Array(0));
  await w.opens('segment-of-nothing', 'an empty segment has one empty chunk', 'open-segment', {
    vaultId,
    key,
    root: tiny.root,
    segmentSize: 0,
    blob: tiny.blob,
  });
  if (tiny.blob.length !== segmentBlobSize(0)) throw new Error('size formula');
  return { file: w.file(), blob };
}
