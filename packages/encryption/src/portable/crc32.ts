import type { IncrementalHash } from '../provider.js';

/** Remainders of all bytes for the reflected IEEE 802.3 polynomial. */
const TABLE: Uint32Array = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

export function createCrc32(): IncrementalHash {
  let value = 0xffffffff;
  return {
    update: (bytes) => {
      for (const byte of bytes) value = (value >>> 8) ^ (TABLE[(value ^ byte) & 0xff] as number);
    },
    digest: () => {
      const result = ~value;
      return Uint8Array.of(result >>> 24, result >>> 16, result >>> 8, result);
    },
  };
}
