import { createCipheriv } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { concatBytes } from '../../src/bytes.js';
import {
  chunkRange,
  EncryptionError,
  encodeCbor,
  SEGMENT_MAX,
  SegmentOpener,
  SegmentSealer,
  segmentBlobSize,
  trailerRange,
} from '../../src/index.js';
import { nodeProvider as p } from '../../src/node/index.js';
import { leafHash, treeRoot } from '../../src/segment/tree.js';
import { flip } from '../bytes.js';
import { pattern, sealSegment } from '../vectors/make-segment.js';
import { makeWorld, type World } from '../vectors/world.js';
import { fromBlock, invert, multiply, toBlock } from './gcm-field.js';

let world: World;

beforeAll(async () => {
  world = await makeWorld(p, 'attacked');
});

const SIZE = 65_536 + 300;

function openAll(blob: Uint8Array, key: Uint8Array, root: Uint8Array, size: number): Uint8Array {
  const trailer = trailerRange(size);
  const opener = new SegmentOpener(
    p,
    world.vaultId,
    { key, root, segmentSize: size },
    blob.subarray(0, 80),
    blob.subarray(trailer.offset, trailer.offset + trailer.length),
  );
  const parts: Uint8Array[] = [];
  for (let i = 0; i * 65_536 < size || i === 0; i++) {
    const { offset, length } = chunkRange(i, size);
    parts.push(opener.open(i, blob.subarray(offset, offset + length)));
  }
  return concatBytes(...parts);
}

function refused(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof EncryptionError) return error.code;
    throw error;
  }
  return 'accepted';
}

/** The trailer and root that somebody without the author's key would compute over other chunks. */
function retree(
  header: Uint8Array,
  chunks: readonly Uint8Array[],
): { trailer: Uint8Array; root: Uint8Array } {
  const leaves = [header, ...chunks].map((data) => leafHash(p, data));
  return { trailer: concatBytes(...leaves), root: treeRoot(p, leaves) };
}

describe('attack 5: malleable cipher', () => {
  test('every byte of a small segment, flipped, is refused', () => {
    const key = p.randomBytes(32);
    const { blob, root } = sealSegment(world, key, pattern(100));
    const open: number[] = [];
    for (let at = 0; at < blob.length; at++) {
      if (refused(() => openAll(flip(blob, at), key, root, 100)) === 'accepted') open.push(at);
    }
    expect(open).toEqual([]);
  });
});

describe('attack 6: chunks', () => {
  test('chunks that were moved, repeated or dropped do not open even under a tree made to fit them', () => {
    const key = p.randomBytes(32);
    const { blob } = sealSegment(world, key, pattern(3 * 65_536));
    const cut = (index: number) => {
      const { offset, length } = chunkRange(index, 3 * 65_536);
      return blob.subarray(offset, offset + length);
    };
    const header = blob.subarray(0, 80);
    const orders: readonly (readonly number[])[] = [
      [1, 0, 2],
      [0, 0, 2],
      [2, 1, 0],
      [0, 1],
      [1, 2],
      [2],
      [0],
    ];
    for (const order of orders) {
      const chunks = order.map(cut);
      const { trailer, root } = retree(header, chunks);
      const forged = concatBytes(header, ...chunks, trailer);
      expect(refused(() => openAll(forged, key, root, order.length * 65_536))).toBe('damaged');
    }
  });

  test('a chunk of another segment under the same key does not open', () => {
    const key = p.randomBytes(32);
    const [one, two] = [sealSegment(world, key, pattern(SIZE)), sealSegment(world, key, pattern(SIZE))];
    const spliced = one.blob.slice();
    const { offset, length } = chunkRange(0, SIZE);
    spliced.set(two.blob.subarray(offset, offset + length), offset);
    expect(refused(() => openAll(spliced, key, one.root, SIZE))).toBe('damaged');
    const header = one.blob.subarray(0, 80);
    const last = chunkRange(1, SIZE);
    const { trailer, root } = retree(header, [
      spliced.subarray(offset, offset + length),
      spliced.subarray(last.offset, last.offset + last.length),
    ]);
    const { offset: tail } = trailerRange(SIZE);
    expect(refused(() => openAll(concatBytes(spliced.subarray(0, tail), trailer), key, root, SIZE))).toBe(
      'damaged',
    );
  });

  test('a range is refused alone: chunk 1 opens, a tampered chunk 0 does not', () => {
    const key = p.randomBytes(32);
    const { blob, root } = sealSegment(world, key, pattern(SIZE));
    const trailer = trailerRange(SIZE);
    const opener = new SegmentOpener(
      p,
      world.vaultId,
      { key, root, segmentSize: SIZE },
      blob.subarray(0, 80),
      blob.subarray(trailer.offset),
    );
    const [first, last] = [chunkRange(0, SIZE), chunkRange(1, SIZE)];
    expect(opener.open(1, blob.subarray(last.offset, last.offset + last.length))).toEqual(
      pattern(SIZE).subarray(65_536),
    );
    const bad = flip(blob.subarray(first.offset, first.offset + first.length), 10);
    expect(refused(() => opener.open(0, bad))).toBe('damaged');
    expect(refused(() => opener.open(0, bad.subarray(1)))).toBe('damaged');
  });

  test('the blob’s size is the plaintext’s and no other', () => {
    const key = p.randomBytes(32);
    const { blob, root } = sealSegment(world, key, pattern(SIZE));
    expect(blob.length).toBe(segmentBlobSize(SIZE));
    for (const size of [0, 1, SIZE - 1, SIZE + 1, 65_536, 2 * 65_536]) {
      expect(refused(() => openAll(blob, key, root, size))).toBe('damaged');
    }
  });
});

describe('attack 15: two-key ciphertexts', () => {
  test('a chunk that AES-GCM accepts under two keys is refused by the commitment before it is decrypted', () => {
    const salt = p.randomBytes(32);
    const message = encodeCbor(['latchkey/1/segment', world.vaultId, salt]);
    const [keyA, keyB] = [p.randomBytes(32), p.randomBytes(32)];
    const [derivedA, derivedB] = [p.hmacSha512(keyA, message), p.hmacSha512(keyB, message)];
    const header = new Uint8Array(80);
    header.set(new TextEncoder().encode('LKSEG1\0\0'));
    header.set([1, 16], 8);
    header.set(salt, 16);
    header.set(derivedA.subarray(32), 48);
    const nonce = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
    const [aesA, aesB] = [derivedA.subarray(0, 32), derivedB.subarray(0, 32)];
    const chunk = twoKeyCiphertext(aesA, aesB, nonce, header);

    // The cipher alone is fooled: both keys open the chunk, to different plaintexts.
    const plainA = p.aesGcmOpen(aesA, nonce, header, chunk);
    expect(p.aesGcmOpen(aesB, nonce, header, chunk)).not.toEqual(plainA);

    const { trailer, root } = retree(header, [chunk]);
    const blob = concatBytes(header, chunk, trailer);
    expect(openAll(blob, keyA, root, 32)).toEqual(plainA);
    expect(() => openAll(blob, keyB, root, 32)).toThrow('sealed under another key');
    header.set(derivedB.subarray(32), 48);
    expect(() => openAll(concatBytes(header, chunk, trailer), keyA, root, 32)).toThrow(
      'sealed under another key',
    );
  });
});

function encryptBlock(key: Uint8Array, block: Uint8Array): bigint {
  const cipher = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false);
  return fromBlock(Uint8Array.from(cipher.update(block)));
}

/**
 * Two blocks of ciphertext and a tag that are valid under both keys (Dodis, Grubbs, Ristenpart, Woodage: "Fast message
 * franking", 2018). The tag is linear in each block, so the second block solves tag A = tag B for a random first.
 */
function twoKeyCiphertext(
  keyA: Uint8Array,
  keyB: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
): Uint8Array {
  const first = p.randomBytes(16);
  const lengths = new Uint8Array(16);
  new DataView(lengths.buffer).setUint32(4, aad.length * 8);
  new DataView(lengths.buffer).setUint32(12, 32 * 8);
  const blocks = Array.from({ length: aad.length / 16 }, (_, i) =>
    fromBlock(aad.subarray(16 * i, 16 * i + 16)),
  );
  const sides = [keyA, keyB].map((key) => {
    const h = encryptBlock(key, new Uint8Array(16));
    const mask = encryptBlock(key, concatBytes(nonce, Uint8Array.of(0, 0, 0, 1)));
    // Horner's rule with the second ciphertext block left out; its weight is h^2.
    let sum = 0n;
    for (const block of [...blocks, fromBlock(first), 0n, fromBlock(lengths)]) sum = multiply(sum ^ block, h);
    return { weight: multiply(h, h), rest: sum ^ mask };
  });
  const [a, b] = sides as [{ weight: bigint; rest: bigint }, { weight: bigint; rest: bigint }];
  const second = multiply(a.rest ^ b.rest, invert(a.weight ^ b.weight));
  return concatBytes(first, toBlock(second), toBlock(a.rest ^ multiply(second, a.weight)));
}

describe('attack 17: in-band algorithm change', () => {
  test('a segment that names another suite or chunk size is refused', () => {
    const key = p.randomBytes(32);
    const { blob, root } = sealSegment(world, key, pattern(10));
    for (const at of [0, 5, 8, 9])
      expect(refused(() => openAll(flip(blob, at), key, root, 10))).toBe('unsupported');
  });
});

describe('attack 19: cipher limits', () => {
  test('a segment has at most 1024 chunks of 64 KiB under one key, and a sealer stops there', () => {
    const quick = { ...p, aesGcmSeal: () => new Uint8Array(16), sha256: () => new Uint8Array(32) };
    const sealer = new SegmentSealer(quick, world.vaultId, p.randomBytes(32));
    const chunk = new Uint8Array(65_536);
    for (let i = 0; i < 1024; i++) sealer.seal(chunk, false);
    expect(sealer.size).toBe(SEGMENT_MAX);
    expect(() => sealer.seal(chunk, false)).toThrow('does not fit');
    expect(() => sealer.seal(new Uint8Array(1), true)).toThrow('does not fit');
    // SP 800-38D: at most 2^32 invocations under a key, at most 2^36 - 32 bytes in a message.
    expect(SEGMENT_MAX / 65_536).toBeLessThan(2 ** 32);
    expect(65_536).toBeLessThan(2 ** 36 - 32);
  });
});
