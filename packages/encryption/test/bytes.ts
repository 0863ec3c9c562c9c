import { decodeCbor } from '../src/cbor/decode.js';
import { encodeCbor } from '../src/cbor/encode.js';
import type { CborValue } from '../src/cbor/value.js';

export function fromHex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'hex'));
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

/** A copy with the lowest bit of one byte changed; negative positions count from the end. */
export function flip(bytes: Uint8Array, at: number, mask = 1): Uint8Array {
  const copy = bytes.slice();
  const index = at < 0 ? bytes.length + at : at;
  copy[index] = (copy[index] as number) ^ mask;
  return copy;
}

export function withByte(bytes: Uint8Array, extra = 0): Uint8Array {
  return Uint8Array.of(...bytes, extra);
}

/** The CBOR map in `bytes` with some fields replaced, or removed where the value is undefined. */
export function editMap(bytes: Uint8Array, edits: Record<number, CborValue | undefined>): Uint8Array {
  const map = new Map(decodeCbor(bytes) as ReadonlyMap<number, CborValue>);
  for (const [key, value] of Object.entries(edits)) {
    if (value === undefined) map.delete(Number(key));
    else map.set(Number(key), value);
  }
  return encodeCbor(map);
}
