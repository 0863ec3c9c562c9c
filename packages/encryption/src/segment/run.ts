import { equalBytes } from '../bytes.js';
import { EncryptionError } from '../errors.js';
import type { ChunkRun, CryptoProvider } from '../provider.js';
import { setNonce } from './keys.js';
import { CHUNK_BYTES, chunkCount, LEAF_BYTES, TAG_BYTES } from './layout.js';
import { leafHash } from './tree.js';

/** Bytes of memory that `size` bytes of plaintext take with a tag behind each chunk. */
export function runBytes(size: number): number {
  return size + chunkCount(size) * TAG_BYTES;
}

/** Seals a run in place with a provider's single primitives. Returns the leaves, 32 bytes each. */
export function sealRunHere(p: CryptoProvider, run: ChunkRun): Uint8Array {
  const chunks = chunkCount(run.size);
  const leaves = new Uint8Array(chunks * LEAF_BYTES);
  const nonce = new Uint8Array(12);
  for (let i = 0; i < chunks; i++) {
    const { at, length } = placeOf(run, i);
    setNonce(nonce, run.first + i, run.last && i === chunks - 1);
    const sealed = p.aesGcmSeal(run.key, nonce, run.header, run.slab.subarray(at, at + length));
    run.slab.set(sealed, at);
    leaves.set(leafHash(p, sealed), i * LEAF_BYTES);
  }
  return leaves;
}

/** Opens a run in place. Throws `damaged`; the slab then holds nothing that may be used. */
export function openRunHere(p: CryptoProvider, run: ChunkRun, leaves: Uint8Array): void {
  const chunks = chunkCount(run.size);
  const nonce = new Uint8Array(12);
  for (let i = 0; i < chunks; i++) {
    const { at, length } = placeOf(run, i);
    const sealed = run.slab.subarray(at, at + length + TAG_BYTES);
    if (!equalBytes(leafHash(p, sealed), leaves.subarray(i * LEAF_BYTES, (i + 1) * LEAF_BYTES)))
      throw new EncryptionError('damaged', 'chunk is not the one that was signed');
    setNonce(nonce, run.first + i, run.last && i === chunks - 1);
    run.slab.set(p.aesGcmOpen(run.key, nonce, run.header, sealed), at);
  }
}

function placeOf(run: ChunkRun, i: number): { at: number; length: number } {
  return { at: i * (CHUNK_BYTES + TAG_BYTES), length: Math.min(CHUNK_BYTES, run.size - i * CHUNK_BYTES) };
}
