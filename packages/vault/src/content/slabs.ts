import { CHUNK_BYTES, runBytes } from '@latchkey/encryption';

/** Plaintext that a slab holds: four chunks, enough that handing it to another thread costs little beside the work. */
export const SLAB_PLAIN: number = 4 * CHUNK_BYTES;
const SLAB_BYTES = runBytes(SLAB_PLAIN);
/** Idle slabs that are kept: 8 MiB. */
const KEPT = 32;

/** Idle ones, each all of an `ArrayBuffer`. */
const idle: Uint8Array<ArrayBuffer>[] = [];

/**
 * Memory for runs of chunks, used again and again: fresh memory for every chunk costs its making, the page faults of
 * the system and the collections that it brings about, together as much as the encryption. It is one stock for all
 * vaults of the process; whoever takes a slab is who bounds how many there are.
 */
export function takeSlab(): Uint8Array<ArrayBuffer> {
  return idle.pop() ?? new Uint8Array(SLAB_BYTES);
}

/** To be called once, when nobody reads or writes it any more. One that was lost to another thread is no loss. */
export function giveBackSlab(slab: Uint8Array<ArrayBuffer>): void {
  if (idle.length < KEPT && slab.length === SLAB_BYTES) idle.push(slab);
}
