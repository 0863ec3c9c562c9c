import type { CryptoProvider } from '../provider.js';

/*
 * The Merkle tree hash of RFC 9162 section 2.1.1 over a segment's header and ciphertext chunks. Its root stands in
 * the signed record. It lets the operator of a store check segments without a key, and it binds the content to the
 * author: a reader who knows the segment key can make chunks that open, but none with these hashes.
 */

const LEAF_PREFIX = Uint8Array.of(0);
const NODE_PREFIX = Uint8Array.of(1);

export function leafHash(p: CryptoProvider, data: Uint8Array): Uint8Array {
  return p.sha256(LEAF_PREFIX, data);
}

/** The root over `leaves`, which is not empty. */
export function treeRoot(p: CryptoProvider, leaves: readonly Uint8Array[]): Uint8Array {
  return subtree(p, leaves, 0, leaves.length);
}

function subtree(p: CryptoProvider, leaves: readonly Uint8Array[], start: number, end: number): Uint8Array {
  if (end - start === 1) return leaves[start] as Uint8Array;
  let split = 1;
  while (split * 2 < end - start) split *= 2;
  return p.sha256(
    NODE_PREFIX,
    subtree(p, leaves, start, start + split),
    subtree(p, leaves, start + split, end),
  );
}
