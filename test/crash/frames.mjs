// File contents that say what they are: a file is a list of frames, and every frame repeats its name and version to
// its end and closes with its own digest. Half a frame, or two versions in one, cannot pass for a frame.
import { createHash } from 'node:crypto';

/** @typedef {{ id: string, version: number, size: number }} Frame `size` in bytes, at least {@link LEAST_FRAME}. */

const DIGEST_BYTES = 32;
export const LEAST_FRAME = 96;

/**
 * The bytes of a frame.
 * @param {Frame} frame
 * @returns {Buffer}
 */
export function frameBytes({ id, version, size }) {
  const body = Buffer.alloc(size - DIGEST_BYTES, `${id} ${version} ${size};`);
  return Buffer.concat([body, createHash('sha256').update(body).digest()]);
}

/**
 * The content of a file of these frames.
 * @param {readonly Frame[]} frames
 * @returns {Buffer}
 */
export function contentOf(frames) {
  return Buffer.concat(frames.map(frameBytes));
}

/**
 * The frames that bytes consist of. Throws for bytes that are torn.
 * @param {Uint8Array} bytes
 * @returns {Frame[]}
 */
export function framesIn(bytes) {
  const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const frames = [];
  for (let at = 0; at < content.length; ) {
    const beginning = content.toString('latin1', at, at + 80);
    const [, id, version, size] = /^(\S+) (\d+) (\d+);/.exec(beginning) ?? [];
    if (id === undefined) throw new Error(`torn: no frame begins at byte ${at} of ${content.length}`);
    const frame = { id, version: Number(version), size: Number(size) };
    if (frame.size < LEAST_FRAME || !frameBytes(frame).equals(content.subarray(at, at + frame.size))) {
      throw new Error(`torn: ${beginning.split(';')[0]} is not whole at byte ${at} of ${content.length}`);
    }
    frames.push(frame);
    at += frame.size;
  }
  return frames;
}
