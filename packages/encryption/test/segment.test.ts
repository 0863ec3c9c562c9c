import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concatBytes } from '../src/bytes.js';
import * as format from '../src/index.js';
import { nodeProvider as p } from '../src/node/index.js';
import { treeRoot } from '../src/segment/tree.js';
import { flip, toHex } from './bytes.js';

const vaultId = new Uint8Array(16).fill(9);
const EDGES = [0, 1, 65_535, 65_536, 65_537, 131_071, 131_072, 131_073, 3 * 65_536 + 5];

function seal(plaintext: Uint8Array, key = p.randomBytes(32)) {
  const sealer = new format.SegmentSealer(p, vaultId, key);
  const chunks: Uint8Array[] = [];
  const count = format.chunkCount(plaintext.length);
  for (let i = 0; i < count; i++) {
    const chunk = plaintext.subarray(i * format.CHUNK_BYTES, (i + 1) * format.CHUNK_BYTES);
    chunks.push(sealer.seal(chunk, i === count - 1));
  }
  const trailer = sealer.trailer();
  const root = sealer.root();
  return {
    key,
    header: sealer.header,
    chunks,
    trailer,
    root,
    blob: concatBytes(sealer.header, ...chunks, trailer),
  };
}

describe('segments', () => {
  test.each(EDGES)('of %i bytes have the size and the ranges that the formulas say, and open', (size) => {
    const plaintext = Uint8Array.from({ length: size }, (_, i) => i % 251);
    const { key, root, blob, header } = seal(plaintext);
    expect(blob.length).toBe(format.segmentBlobSize(size));
    expect(format.segmentSizeOfBlob(blob.length)).toBe(size);
    const cut = ({ offset, length }: format.SegmentRange) => blob.subarray(offset, offset + length);
    const ref = { key, root, segmentSize: size };
    const opener = new format.SegmentOpener(p, vaultId, ref, header, cut(format.trailerRange(size)));
    const parts: Uint8Array[] = [];
    for (let i = format.chunkCount(size) - 1; i >= 0; i--)
      parts.unshift(opener.open(i, cut(format.chunkRange(i, size))));
    expect(toHex(p.sha256(...parts))).toBe(toHex(p.sha256(plaintext)));
    expect(() => opener.open(format.chunkCount(size), cut(format.chunkRange(0, size)))).toThrow(
      'no such chunk',
    );
    expect(() => opener.open(-1, cut(format.chunkRange(0, size)))).toThrow('no such chunk');
  });

  test('sizes of blobs and of content belong together, one to one', () => {
    fc.assert(
      fc.property(fc.nat(format.SEGMENT_MAX), (size) => {
        expect(format.segmentSizeOfBlob(format.segmentBlobSize(size))).toBe(size);
      }),
    );
    fc.assert(
      fc.property(fc.nat(300_000), (blobSize) => {
        const size = format.segmentSizeOfBlob(blobSize);
        expect(size === -1 || format.segmentBlobSize(size) === blobSize).toBe(true);
      }),
    );
    expect(format.segmentSizeOfBlob(format.segmentBlobSize(format.SEGMENT_MAX) + 1)).toBe(-1);
  });

  test('a stretch of content needs the chunks it touches', () => {
    expect(format.chunksOf(0, 1)).toEqual({ first: 0, last: 0 });
    expect(format.chunksOf(65_535, 2)).toEqual({ first: 0, last: 1 });
    expect(format.chunksOf(65_536, 65_536)).toEqual({ first: 1, last: 1 });
  });

  test('a sealer refuses chunks that would break the layout', () => {
    const make = () => new format.SegmentSealer(p, vaultId, p.randomBytes(32));
    expect(() => make().seal(new Uint8Array(10), false)).toThrow('does not fit');
    expect(() => make().seal(new Uint8Array(65_537), true)).toThrow('does not fit');
    const begun = make();
    begun.seal(new Uint8Array(65_536), false);
    expect(() => begun.seal(new Uint8Array(0), true)).toThrow('does not fit');
    expect(() => begun.root()).toThrow('no last chunk');
    expect(() => begun.trailer()).toThrow('no last chunk');
    begun.seal(new Uint8Array(1), true);
    expect(() => begun.seal(new Uint8Array(1), true)).toThrow('does not fit');
    expect(begun.size).toBe(65_537);
  });

  test('the tree is the one of RFC 9162', () => {
    // Roots of the first leaves of the certificate transparency test tree: empty string, 00, 10.
    const inputs = ['', '00', '10'].map((hex) =>
      p.sha256(Uint8Array.of(0), Uint8Array.from(Buffer.from(hex, 'hex'))),
    );
    const roots = [1, 2, 3].map((count) => toHex(treeRoot(p, inputs.slice(0, count))));
    expect(roots).toEqual([
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
      'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
    ]);
  });

  test('can be scrubbed without a key', () => {
    const { header, chunks, trailer, root, blob } = seal(new Uint8Array(140_000));
    expect(toHex(format.scrubSegment(p, blob.length, header, chunks, trailer))).toBe(toHex(root));
    const scrub =
      (h: Uint8Array, c: readonly Uint8Array[], t: Uint8Array, size = blob.length) =>
      () =>
        format.scrubSegment(p, size, h, c, t);
    expect(scrub(flip(header, 20), chunks, trailer)).toThrow('trailer');
    expect(scrub(header, [flip(chunks[0] as Uint8Array, 5), ...chunks.slice(1)], trailer)).toThrow('trailer');
    expect(scrub(header, chunks.slice(0, 2), trailer)).toThrow('misses chunks');
    expect(scrub(header, chunks, trailer.subarray(32))).toThrow('impossible size');
    expect(scrub(header, chunks, trailer, blob.length + 17)).toThrow('misses chunks');
    expect(scrub(header, chunks, trailer, 40)).toThrow('impossible size');
    expect(scrub(header, [...chunks, chunks[0] as Uint8Array], trailer)).toThrow('trailer');
  });
});
