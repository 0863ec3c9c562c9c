import { createCipheriv } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { Algorithms, CipherAlgorithm } from 'ssh2';

/** AES-GCM, in the order of speed; the attacks that reach 128 bits reach nobody. */
export const FAST_CIPHERS: readonly CipherAlgorithm[] = ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com'];

/**
 * What is offered, best first, though the client's order decides (RFC 4253, section 7.1). Nothing with SHA-1, CBC or
 * finite-field groups under 4096 bits, no MAC over plaintext, and no compression. ssh2 adds strict key exchange
 * (against prefix truncation, CVE-2023-48795) by itself.
 */
export const ALGORITHMS: Algorithms = {
  kex: [
    'curve25519-sha256',
    'curve25519-sha256@libssh.org',
    'ecdh-sha2-nistp256',
    'diffie-hellman-group16-sha512',
  ],
  cipher: [...FAST_CIPHERS, 'chacha20-poly1305@openssh.com', 'aes256-ctr', 'aes128-ctr'],
  hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com'],
  compress: ['none'],
};

/** Bytes encrypted per try and tries. Together well under 10 ms. */
const PROBE_BYTES = 256 * 1024;
const PROBES = 5;

/**
 * Whether this machine has fast AES: with AES instructions it takes half the time of ChaCha20, without them five times
 * as long, so that a limit of twice tells them apart on a busy machine too.
 */
export function aesIsFast(): boolean {
  const data = Buffer.alloc(PROBE_BYTES);
  const best = (encrypt: () => unknown): number => {
    const times = Array.from({ length: PROBES }, () => {
      const start = performance.now();
      encrypt();
      return performance.now() - start;
    });
    return Math.min(...times);
  };
  const nonce = Buffer.alloc(12);
  const aes = best(() => createCipheriv('aes-128-gcm', Buffer.alloc(16), nonce).update(data));
  const chacha = best(() =>
    createCipheriv('chacha20-poly1305', Buffer.alloc(32), nonce, { authTagLength: 16 }).update(data),
  );
  return aes <= chacha * 2;
}

/** Kinds of user keys that may sign; RSA only with SHA-2. */
export const USER_KEY_ALGORITHMS: ReadonlySet<string> = new Set([
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'ssh-rsa',
]);
