/**
 * The primitives that everything else in this package is built from. Two implementations exist, native ones of
 * Node and portable ones in JavaScript, and a test holds them equal byte for byte.
 *
 * All lengths are in bytes. Arguments are never changed and never kept; results are fresh arrays.
 */
export interface CryptoProvider {
  /** `length` bytes from the operating system's generator. */
  randomBytes(length: number): Uint8Array;

  /** SHA-256 (FIPS 180-4) of the concatenation of `parts`. */
  sha256(...parts: Uint8Array[]): Uint8Array;
  /** HMAC (RFC 2104), 32 bytes. */
  hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array;
  /** HMAC (RFC 2104), 64 bytes. */
  hmacSha512(key: Uint8Array, data: Uint8Array): Uint8Array;

  /** AES-256-GCM (SP 800-38D): ciphertext and then the 16-byte tag. `key` 32, `nonce` 12. */
  aesGcmSeal(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array;
  /** The plaintext. Throws `damaged` and releases nothing when the tag is wrong. */
  aesGcmOpen(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array;
  /** ChaCha20-Poly1305 (RFC 8439): ciphertext and then the 16-byte tag. `key` 32, `nonce` 12. */
  chachaSeal(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array;
  /** The plaintext. Throws `damaged` and releases nothing when the tag is wrong. */
  chachaOpen(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array;

  /** Ed25519 (RFC 8032) public key of a 32-byte seed. */
  ed25519PublicKey(seed: Uint8Array): Uint8Array;
  /** Ed25519 signature, 64 bytes. */
  ed25519Sign(seed: Uint8Array, message: Uint8Array): Uint8Array;
  /**
   * Strict verification: canonical encodings only, neither the key nor R of small order, S below the group order,
   * and the equation without the cofactor. Never throws for byte strings of any length or content.
   */
  ed25519Verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;

  /** X25519 (RFC 7748) public key of a 32-byte secret. */
  x25519PublicKey(secret: Uint8Array): Uint8Array;
  /** The shared secret. Throws `damaged` when it is all zero (RFC 7748 section 6.1). */
  x25519(secret: Uint8Array, publicKey: Uint8Array): Uint8Array;

  /** Argon2id version 0x13 (RFC 9106), 32 bytes. */
  argon2id(passphrase: Uint8Array, salt: Uint8Array, cost: Argon2Cost): Promise<Uint8Array>;

  /** A digest over content, computed as it streams by. */
  createHash(name: HashName): IncrementalHash;

  /** Chunks of segments beside the caller's thread. Absent: where there is none, and they are sealed one by one. */
  readonly runs?: RunCrypto;
}

/**
 * Consecutive chunks of one segment from the beginning of `slab`: each of 64 KiB but the segment's last, with room for
 * its tag of 16 bytes behind it.
 */
export interface ChunkRun {
  /** All of an `ArrayBuffer`, which goes to another thread: the array is empty afterwards. */
  readonly slab: Uint8Array<ArrayBuffer>;
  /** Bytes of plaintext, at least 1. */
  readonly size: number;
  /** The AES key of the segment, and its header of 80 bytes. */
  readonly key: Uint8Array;
  readonly header: Uint8Array;
  /** Index of the first chunk in the segment. */
  readonly first: number;
  /** Whether the last chunk of the run is that of the segment. */
  readonly last: boolean;
}

/** Each resolves with the memory of the run, as an array that is the caller's again. */
export interface RunCrypto {
  /** Turns plaintexts into ciphertexts and tags. `leaves`: one of 32 bytes for each chunk. */
  seal(run: ChunkRun): Promise<{ readonly slab: Uint8Array<ArrayBuffer>; readonly leaves: Uint8Array }>;
  /** The other way, if each chunk has its leaf. Rejects with `damaged`, and the memory is lost. */
  open(run: ChunkRun, leaves: Uint8Array): Promise<Uint8Array<ArrayBuffer>>;
}

export interface Argon2Cost {
  readonly memoryKiB: number;
  readonly passes: number;
  readonly lanes: number;
}

/** `crc32` is the IEEE polynomial, its digest big-endian. */
export type HashName = 'md5' | 'sha1' | 'sha256' | 'crc32';

export interface IncrementalHash {
  update(bytes: Uint8Array): void;
  /** Ends the computation. Must be called once at most. */
  digest(): Uint8Array;
}
