import { CHUNK_BYTES, type ChunkRun, type CryptoProvider, chunkCount } from '@latchkey/encryption';
import { nodeProvider } from '@latchkey/encryption/node';

export type Primitive =
  | 'aes-256-gcm'
  | 'chacha20-poly1305'
  | 'hmac-sha-256'
  | 'hmac-sha-512'
  | 'ed25519'
  | 'x25519';

/** One use of a secret key. */
export interface KeyUse {
  readonly primitive: Primitive;
  readonly doing: 'seal' | 'open' | 'derive' | 'sign';
  /** Hexadecimal. */
  readonly key: string;
  /** Hexadecimal; empty where there is none. */
  readonly nonce: string;
  /** Of the plaintext, the ciphertext or the message. */
  readonly bytes: number;
}

/** The real provider, with every use of a secret key written down. */
export function recordingProvider(note: (use: KeyUse) => void): CryptoProvider {
  const use = (
    primitive: Primitive,
    doing: KeyUse['doing'],
    key: Uint8Array,
    nonce: Uint8Array | undefined,
    bytes: number,
  ): void => note({ primitive, doing, key: hex(key), nonce: nonce === undefined ? '' : hex(nonce), bytes });
  const p = nodeProvider;
  const { runs } = p;
  if (runs === undefined) throw new Error('runs are sealed one chunk at a time');
  return {
    ...p,
    aesGcmSeal(key, nonce, aad, text) {
      use('aes-256-gcm', 'seal', key, nonce, text.length);
      return p.aesGcmSeal(key, nonce, aad, text);
    },
    aesGcmOpen(key, nonce, aad, sealed) {
      use('aes-256-gcm', 'open', key, nonce, sealed.length);
      return p.aesGcmOpen(key, nonce, aad, sealed);
    },
    runs: {
      async seal(run) {
        for (const { nonce, bytes } of chunksOfRun(run)) use('aes-256-gcm', 'seal', run.key, nonce, bytes);
        return runs.seal(run);
      },
      async open(run, leaves) {
        for (const { nonce, bytes } of chunksOfRun(run))
          use('aes-256-gcm', 'open', run.key, nonce, bytes + 16);
        return runs.open(run, leaves);
      },
    },
    chachaSeal(key, nonce, aad, text) {
      use('chacha20-poly1305', 'seal', key, nonce, text.length);
      return p.chachaSeal(key, nonce, aad, text);
    },
    chachaOpen(key, nonce, aad, sealed) {
      use('chacha20-poly1305', 'open', key, nonce, sealed.length);
      return p.chachaOpen(key, nonce, aad, sealed);
    },
    hmacSha256(key, data) {
      use('hmac-sha-256', 'derive', key, undefined, data.length);
      return p.hmacSha256(key, data);
    },
    hmacSha512(key, data) {
      use('hmac-sha-512', 'derive', key, undefined, data.length);
      return p.hmacSha512(key, data);
    },
    ed25519Sign(seed, message) {
      use('ed25519', 'sign', seed, undefined, message.length);
      return p.ed25519Sign(seed, message);
    },
    x25519(secret, publicKey) {
      use('x25519', 'derive', secret, undefined, publicKey.length);
      return p.x25519(secret, publicKey);
    },
  };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** What docs/format.md says of each chunk of a run: its nonce, and the bytes of its plaintext. */
function chunksOfRun({ first, size, last }: ChunkRun): { nonce: Uint8Array; bytes: number }[] {
  const chunks = chunkCount(size);
  return Array.from({ length: chunks }, (_, i) => {
    const nonce = new Uint8Array(12);
    new DataView(nonce.buffer).setUint32(7, first + i);
    nonce[11] = last && i === chunks - 1 ? 1 : 0;
    return { nonce, bytes: Math.min(CHUNK_BYTES, size - i * CHUNK_BYTES) };
  });
}
