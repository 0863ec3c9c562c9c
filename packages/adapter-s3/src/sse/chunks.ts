import { createCipheriv, createDecipheriv } from 'node:crypto';
import { S3Error } from '../errors.js';

/*
 * A stream of bytes as chunks that are sealed one by one, so that any range opens without the rest. The construction is
 * STREAM (Hoang, Reyhanitabar, Rogaway, Vizár, "Online authenticated-encryption and its nonce-reuse misuse-resistance",
 * 2015) with AES-256-GCM, as in the vault's own segments: the nonce is the chunk's number and whether it is the last, so
 * that chunks cannot be moved, repeated or left out, and the end cannot be cut off. A key seals one stream.
 */

/** Bytes of every chunk but the last, before sealing. */
export const CHUNK_BYTES = 65_536;
const TAG_BYTES = 16;
const SEALED_CHUNK = CHUNK_BYTES + TAG_BYTES;
const NONCE_BYTES = 12;

function chunksOf(size: number): number {
  return Math.max(1, Math.ceil(size / CHUNK_BYTES));
}

/** Bytes that `size` bytes take when they are sealed. */
export function sealedSize(size: number): number {
  return size + chunksOf(size) * TAG_BYTES;
}

/** Bytes that are in `sealed` sealed ones. */
export function openedSize(sealed: number): number {
  return Math.max(0, sealed - Math.max(1, Math.ceil(sealed / SEALED_CHUNK)) * TAG_BYTES);
}

function nonceOf(chunk: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES);
  nonce.writeUIntBE(chunk, 5, 6);
  nonce[NONCE_BYTES - 1] = last ? 1 : 0;
  return nonce;
}

export async function* sealChunks(
  key: Buffer,
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let number = 0;
  // The last chunk is known only when nothing follows it, so a full one is kept back.
  for await (const { bytes, last } of grouped(source, CHUNK_BYTES)) {
    const cipher = createCipheriv('aes-256-gcm', key, nonceOf(number++, last));
    const sealed = cipher.update(bytes);
    cipher.final();
    yield Buffer.concat([sealed, cipher.getAuthTag()]);
  }
}

/** A stretch of stored bytes. */
export type ReadStored = (offset: number, length: number) => AsyncIterable<Uint8Array>;

/**
 * `length` bytes from `offset` of a sealed stream that holds `size`, which must have room for them. Throws `InternalError`
 * when a chunk is not what was sealed.
 */
export async function* openChunks(
  key: Buffer,
  size: number,
  { offset, length }: { readonly offset: number; readonly length: number },
  read: ReadStored,
): AsyncGenerator<Uint8Array> {
  if (length === 0) return;
  const count = chunksOf(size);
  const first = Math.floor(offset / CHUNK_BYTES);
  const end = offset + length;
  const behind = Math.min(count, Math.ceil(end / CHUNK_BYTES));
  const stop = behind === count ? sealedSize(size) : behind * SEALED_CHUNK;
  let number = first;
  for await (const { bytes } of grouped(
    read(first * SEALED_CHUNK, stop - first * SEALED_CHUNK),
    SEALED_CHUNK,
  )) {
    const opened = openChunk(key, number, number === count - 1, bytes);
    const at = number * CHUNK_BYTES;
    yield opened.subarray(Math.max(0, offset - at), Math.max(0, end - at));
    number++;
  }
  if (number !== behind) throw new S3Error('InternalError', 'The encrypted object has lost bytes.');
}

function openChunk(key: Buffer, number: number, last: boolean, bytes: Uint8Array): Buffer {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(number, last), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    const opened = decipher.update(bytes.subarray(0, -TAG_BYTES));
    decipher.final();
    return opened;
  } catch {
    throw new S3Error('InternalError', 'The encrypted object is not what was stored.');
  }
}

/** The bytes of a source in groups of one size; the last, which is marked, may be smaller or empty. */
async function* grouped(
  source: AsyncIterable<Uint8Array>,
  size: number,
): AsyncGenerator<{ readonly bytes: Buffer; readonly last: boolean }> {
  let group = Buffer.allocUnsafe(size);
  let filled = 0;
  for await (const piece of source) {
    for (let at = 0; at < piece.length; ) {
      if (filled === size) {
        yield { bytes: group, last: false };
        group = Buffer.allocUnsafe(size);
        filled = 0;
      }
      const step = piece.subarray(at, at + size - filled);
      group.set(step, filled);
      filled += step.length;
      at += step.length;
    }
  }
  yield { bytes: group.subarray(0, filled), last: true };
}
