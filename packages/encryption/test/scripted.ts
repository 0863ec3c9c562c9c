import type { CryptoProvider } from '../src/provider.js';

/** A provider whose random bytes follow from `seed`, so that what it seals can be published and made again. */
export function scripted(p: CryptoProvider, seed: string): CryptoProvider {
  let counter = 0;
  const prefix = new TextEncoder().encode(seed);
  return {
    ...p,
    randomBytes: (length) => {
      const out = new Uint8Array(length);
      for (let at = 0; at < length; at += 32) {
        const block = p.sha256(prefix, Uint8Array.of(counter >>> 8, counter));
        counter++;
        out.set(block.subarray(0, Math.min(32, length - at)), at);
      }
      return out;
    },
  };
}
