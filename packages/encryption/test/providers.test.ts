import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isAcceptablePoint } from '../src/ed25519-encoding.js';
import { EncryptionError } from '../src/errors.js';
import { nodeProvider as node } from '../src/node/index.js';
import { portableProvider as portable } from '../src/portable/index.js';
import type { CryptoProvider, HashName } from '../src/provider.js';
import { flip, fromHex, toHex } from './bytes.js';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const data = fc.uint8Array({ maxLength: 300 });

/** Results compared as hexadecimal, so that a Buffer and a plain array are equal; an error as its code. */
function result(p: CryptoProvider, run: (p: CryptoProvider) => Uint8Array | boolean): string {
  try {
    const value = run(p);
    return typeof value === 'boolean' ? String(value) : toHex(value);
  } catch (error) {
    if (error instanceof EncryptionError) return error.code;
    throw error;
  }
}

function same(run: (p: CryptoProvider) => Uint8Array | boolean): void {
  expect(result(portable, run)).toBe(result(node, run));
}

describe('both providers are byte-identical', () => {
  test('hashes and authentication codes', () => {
    fc.assert(
      fc.property(data, data, (a, b) => {
        same((p) => p.sha256(a));
        same((p) => p.sha256(a, b));
        same((p) => p.hmacSha256(a, b));
        same((p) => p.hmacSha512(a, b));
      }),
    );
  });

  test('digests of content that arrives in pieces', () => {
    fc.assert(
      fc.property(data, data, fc.constantFrom<HashName>('md5', 'sha1', 'sha256', 'crc32'), (a, b, name) => {
        same((p) => {
          const hash = p.createHash(name);
          hash.update(a);
          hash.update(b);
          return hash.digest();
        });
      }),
    );
  });

  test.each(['aesGcm', 'chacha'] as const)(
    '%s seals and opens, and refuses every single flipped bit',
    (name) => {
      fc.assert(
        fc.property(
          bytes(32),
          bytes(12),
          data,
          data,
          fc.nat(),
          fc.nat(7),
          (key, nonce, aad, text, at, bit) => {
            const sealed = node[`${name}Seal`](key, nonce, aad, text);
            same((p) => p[`${name}Seal`](key, nonce, aad, text));
            same((p) => p[`${name}Open`](key, nonce, aad, sealed));
            const bad = flip(sealed, at % sealed.length, 1 << bit);
            for (const p of [node, portable]) {
              expect(result(p, () => p[`${name}Open`](key, nonce, aad, sealed))).toBe(toHex(text));
              expect(result(p, () => p[`${name}Open`](key, nonce, aad, bad))).toBe('damaged');
              expect(result(p, () => p[`${name}Open`](key, nonce, aad, sealed.subarray(0, 15)))).toBe(
                'damaged',
              );
            }
          },
        ),
        { numRuns: 40 },
      );
    },
  );

  test('ed25519 keys, signatures and verdicts', () => {
    fc.assert(
      fc.property(bytes(32), data, fc.nat(63), fc.nat(7), (seed, message, at, bit) => {
        same((p) => p.ed25519PublicKey(seed));
        same((p) => p.ed25519Sign(seed, message));
        const publicKey = node.ed25519PublicKey(seed);
        const signature = node.ed25519Sign(seed, message);
        for (const p of [node, portable]) {
          expect(p.ed25519Verify(publicKey, message, signature)).toBe(true);
          expect(p.ed25519Verify(publicKey, message, flip(signature, at, 1 << bit))).toBe(false);
        }
      }),
      { numRuns: 20 },
    );
  });

  test('ed25519 verdicts on arbitrary keys and signatures', () => {
    fc.assert(
      fc.property(bytes(32), data, bytes(64), (publicKey, message, signature) => {
        same((p) => p.ed25519Verify(publicKey, message, signature));
      }),
      { numRuns: 50 },
    );
  });

  test('x25519, any 32 bytes for a public key', () => {
    fc.assert(
      fc.property(bytes(32), bytes(32), (secret, publicKey) => {
        same((p) => p.x25519PublicKey(secret));
        same((p) => p.x25519(secret, publicKey));
      }),
      { numRuns: 30 },
    );
  });

  test('argon2id', async () => {
    const cost = { memoryKiB: 65_536, passes: 3, lanes: 2 };
    const salt = fromHex('0f0e0d0c0b0a09080706050403020100');
    const passphrase = new TextEncoder().encode('pässphrase');
    expect(toHex(await portable.argon2id(passphrase, salt, cost))).toBe(
      toHex(await node.argon2id(passphrase, salt, cost)),
    );
  });
});

describe.each([
  ['node', node],
  ['portable', portable],
])('known answers, %s', (_name, p) => {
  const ascii = (text: string) => new TextEncoder().encode(text);

  test('argon2id, a known answer of the reference implementation', async () => {
    const key = await p.argon2id(ascii('password'), ascii('somesalt'), {
      memoryKiB: 65_536,
      passes: 2,
      lanes: 1,
    });
    expect(toHex(key)).toBe('09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7');
  });

  test.each([
    ['crc32', 'cbf43926'],
    ['md5', '25f9e794323b453885f5181f1b624d0b'],
    ['sha1', 'f7c3bc1d808e04732adf679965ccc34ca7ae3441'],
    ['sha256', '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225'],
  ] as const)('%s of 123456789', (name, digest) => {
    const hash = p.createHash(name);
    hash.update(ascii('123456789'));
    expect(toHex(hash.digest())).toBe(digest);
  });

  test('random bytes have the length asked for and do not repeat', () => {
    expect(p.randomBytes(26).length).toBe(26);
    expect(toHex(p.randomBytes(32))).not.toBe(toHex(p.randomBytes(32)));
  });
});

test('the key cache of the node provider forgets the oldest and still answers rightly', () => {
  const seeds = Array.from({ length: 300 }, (_, i) => node.sha256(Uint8Array.of(i >>> 8, i)));
  const message = Uint8Array.of(1);
  const first = seeds.map((seed) => toHex(node.ed25519Sign(seed, message)));
  expect(seeds.map((seed) => toHex(node.ed25519Sign(seed, message)))).toEqual(first);
  expect(() => node.ed25519PublicKey(new Uint8Array(31))).toThrow(RangeError);
});

test('points of small order and other spellings are not acceptable', () => {
  const bad = [
    '00'.repeat(32),
    `${'00'.repeat(31)}80`,
    `01${'00'.repeat(31)}`,
    `01${'00'.repeat(30)}80`,
    `ec${'ff'.repeat(30)}7f`,
    `ec${'ff'.repeat(31)}`,
    `ed${'ff'.repeat(30)}7f`,
    `ee${'ff'.repeat(31)}`,
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
  ];
  expect(bad.filter((point) => isAcceptablePoint(fromHex(point)))).toEqual([]);
});
