import { ed25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { concatBytes } from '../../src/bytes.js';
import { encodeCbor, seal } from '../../src/index.js';
import { flip, fromHex } from '../bytes.js';
import type { VectorFile } from './vector.js';
import type { World } from './world.js';
import { VectorWriter } from './writer.js';

const { Point } = ed25519;

export async function cborVectors({ p }: World): Promise<VectorFile> {
  const w = new VectorWriter(
    p,
    'Canonical CBOR: every value has one byte string, everything else is refused.',
  );
  const good: readonly [string, string, string][] = [
    ['zero', 'the smallest number', '00'],
    ['two-byte-head', '24 takes a second byte', '1818'],
    ['largest-number', '2^53 - 1', '1b001fffffffffffff'],
    ['negative', '-1', '20'],
    ['empty-bytes', 'an empty byte string', '40'],
    ['text', 'two bytes of UTF-8', '62c3bc'],
    ['map', 'keys in order: 0, 24, "a"', 'a30001181802616103'],
    ['flag', 'true', 'f5'],
  ];
  for (const [id, comment, bytes] of good) await w.opens(`cbor-${id}`, comment, 'cbor-decode', { bytes });
  const bad: readonly [string, string, string][] = [
    ['nothing', 'no bytes at all', ''],
    ['long-zero', 'zero in two bytes', '1800'],
    ['long-255', '255 in three bytes', '1900ff'],
    ['long-65535', '65535 in five bytes', '1a0000ffff'],
    ['long-length', 'the length of a string in two bytes', '580100'],
    ['too-large', '2^53', '1b0020000000000000'],
    ['too-negative', '-2^53', '3b001fffffffffffff'],
    ['float', '1.0 as a half float', 'f93c00'],
    ['null', 'null', 'f6'],
    ['undefined', 'undefined', 'f7'],
    ['tag', 'a tagged number', 'c100'],
    ['indefinite-bytes', 'an indefinite byte string', '5f4101ff'],
    ['indefinite-map', 'an indefinite map', 'bf0001ff'],
    ['trailing', 'a byte behind the value', '0000'],
    ['cut-bytes', 'a byte string that ends early', '4201'],
    ['cut-array', 'an array that ends early', '820'.padEnd(4, '0')],
    ['huge-array', 'an array of 2^32 items in five bytes', '9a7fffffff'],
    ['huge-bytes', 'a byte string of 2^50 bytes', '5b0004000000000000'],
    ['keys-swapped', 'map keys out of order', 'a201000000'],
    ['keys-twice', 'a map key twice', 'a200000001'],
    ['key-text-first', 'a string key before a number', 'a2616100' + '0000'],
    ['key-negative', 'a negative map key', 'a12000'],
    ['key-bytes', 'a byte string for a map key', 'a1410000'],
    ['not-utf8', 'a string that is not UTF-8', '61ff'],
    ['surrogate', 'an encoded surrogate', '63eda080'],
    ['overlong-utf8', 'an overlong slash', '62c0af'],
    ['too-deep', 'nine arrays in one another', '818181818181818180'],
  ];
  for (const [id, comment, bytes] of bad)
    await w.refuses(`cbor-${id}`, comment, 'cbor-decode', 'malformed', { bytes });
  return w.file();
}

export async function sealVectors({ p, vaultId }: World): Promise<VectorFile> {
  const w = new VectorWriter(p, 'Key derivation and sealed boxes.');
  const key = p.randomBytes(32);
  const context = [encodeCbor(fromHex('00112233445566778899aabbccddeeff')), encodeCbor(3)];
  await w.opens('kdf-bare', 'a label and nothing else', 'kdf', { key, label: 'sign', vaultId, context: [] });
  await w.opens('kdf-context', 'a label with context', 'kdf', { key, label: 'place', vaultId, context });
  const ad = encodeCbor(['a place']);
  const box = seal(p, key, 'example', vaultId, ad, new TextEncoder().encode('a secret'));
  const base = { key, label: 'example', vaultId, ad, box };
  await w.opens('seal-box', 'a box', 'open', base);
  await w.opens('seal-empty', 'a box of nothing', 'open', {
    ...base,
    box: seal(p, key, 'example', vaultId, ad, new Uint8Array(0)),
  });
  const refuses = (id: string, comment: string, change: Record<string, Uint8Array | string>) =>
    w.refuses(`seal-${id}`, comment, 'open', 'damaged', { ...base, ...change });
  await refuses('salt', 'one bit of the salt', { box: flip(box, 0) });
  await refuses('commitment', 'one bit of the commitment', { box: flip(box, 40) });
  await refuses('ciphertext', 'one bit of the ciphertext', { box: flip(box, 64) });
  await refuses('tag', 'one bit of the tag', { box: flip(box, -1) });
  await refuses('longer', 'a byte more', { box: concatBytes(box, Uint8Array.of(0)) });
  await refuses('shorter', 'a byte less', { box: box.subarray(0, box.length - 1) });
  await refuses('cut', 'shorter than any box', { box: box.subarray(0, 79) });
  await refuses('nothing', 'no bytes at all', { box: '' });
  await refuses('key', 'another key', { key: flip(key, 31) });
  await refuses('label', 'another label', { label: 'exampl' });
  await refuses('vault', 'another vault', { vaultId: flip(vaultId, 0) });
  await refuses('ad', 'another place', { ad: encodeCbor(['another place']) });
  return w.file();
}

function scalar(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
}

function scalarBytes(value: bigint): Uint8Array {
  return Uint8Array.from(Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse());
}

/** A signature that holds only up to the cofactor: the key has a part of order 8. */
function mixedOrder(seed: Uint8Array): { publicKey: Uint8Array; message: Uint8Array; signature: Uint8Array } {
  const order = Point.Fn.ORDER;
  const secret = ed25519.utils.getExtendedPublicKey(seed).scalar;
  const torsion = Point.fromBytes(
    fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'),
  );
  const publicKey = Point.BASE.multiply(secret).add(torsion).toBytes();
  for (let i = 0; ; i++) {
    const message = Uint8Array.of(i);
    const nonce = scalar(sha512(message)) % order;
    const r = Point.BASE.multiply(nonce).toBytes();
    const k = scalar(sha512(concatBytes(r, publicKey, message))) % order;
    if (k % 8n === 0n) continue;
    return { publicKey, message, signature: concatBytes(r, scalarBytes((nonce + k * secret) % order)) };
  }
}

export async function publicKeyVectors({ p }: World): Promise<VectorFile> {
  const w = new VectorWriter(p, 'Ed25519, strictly; X25519; HPKE; Argon2id.');
  const seed = p.randomBytes(32);
  const publicKey = p.ed25519PublicKey(seed);
  const message = new TextEncoder().encode('signed');
  const signature = p.ed25519Sign(seed, message);
  const base = { publicKey, message, signature };
  await w.opens('ed25519-valid', 'a signature', 'ed25519-verify', base);
  await w.opens('ed25519-rfc8032', 'RFC 8032 section 7.1, test 1', 'ed25519-verify', {
    publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    message: '',
    signature:
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155' +
      '5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  });
  const refuses = (id: string, comment: string, change: Record<string, Uint8Array | string>) =>
    w.refuses(`ed25519-${id}`, comment, 'ed25519-verify', 'damaged', { ...base, ...change });
  await refuses('message', 'another message', { message: flip(message, 0) });
  await refuses('r', 'one bit of R', { signature: flip(signature, 0) });
  await refuses('s', 'one bit of S', { signature: flip(signature, 32) });
  await refuses('key', 'another key', { publicKey: p.ed25519PublicKey(flip(seed, 0)) });
  await refuses('short', 'a signature of 63 bytes', { signature: signature.subarray(0, 63) });
  await refuses('key-short', 'a key of 31 bytes', { publicKey: publicKey.subarray(0, 31) });
  const larger = scalarBytes(scalar(signature.subarray(32)) + Point.Fn.ORDER);
  await refuses('malleable', 'S plus the group order', {
    signature: concatBytes(signature.subarray(0, 32), larger),
  });
  await refuses('mixed-order', 'valid only when multiplied by the cofactor', mixedOrder(seed));
  const identity = fromHex(`01${'00'.repeat(31)}`);
  const nothing = concatBytes(identity, new Uint8Array(32));
  await refuses('identity', 'the neutral element for a key signs every message', {
    publicKey: identity,
    signature: nothing,
  });
  await refuses('order-8', 'a key of order 8', {
    publicKey: 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    signature: nothing,
  });
  await refuses('not-canonical-key', 'y = p + 1, another spelling of the neutral element', {
    publicKey: `ee${'ff'.repeat(30)}7f`,
    signature: nothing,
  });
  await refuses('negative-zero', 'the neutral element with a sign', { publicKey: `01${'00'.repeat(30)}80` });
  await refuses('not-a-point', 'a key that is no point', { publicKey: `02${'00'.repeat(31)}` });

  const secret = '77076d0a7318a57d3c16c17251b26645df18c8e7a3b9a8c7a3b2c4e5e8c9a1b2';
  await w.opens('x25519-exchange', 'two keys', 'x25519', {
    secret,
    publicKey: p.x25519PublicKey(fromHex(secret)),
  });
  const small: readonly [string, string][] = [
    ['zero', '00'.repeat(32)],
    ['one', `01${'00'.repeat(31)}`],
    ['order-8', 'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800'],
    ['minus-one', `ec${'ff'.repeat(30)}7f`],
    ['p', `ed${'ff'.repeat(30)}7f`],
  ];
  for (const [id, key] of small) {
    await w.refuses(`x25519-${id}`, 'a public key of small order', 'x25519', 'damaged', {
      secret,
      publicKey: key,
    });
  }

  const hpke = {
    secret: '8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb',
    info: '4f6465206f6e2061204772656369616e2055726e',
    aad: '436f756e742d30',
    enc: '1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a',
    ct: '1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28',
  };
  await w.opens('hpke-rfc9180', 'RFC 9180 appendix A.2.1, sequence number 0', 'hpke-open', hpke);
  const hpkeRefuses = (id: string, comment: string, change: Record<string, string>) =>
    w.refuses(`hpke-${id}`, comment, 'hpke-open', 'damaged', { ...hpke, ...change });
  await hpkeRefuses('info', 'another info', { info: '00' });
  await hpkeRefuses('aad', 'another aad', { aad: '436f756e742d31' });
  await hpkeRefuses('secret', 'another secret', { secret });
  await hpkeRefuses('ct', 'one bit of the ciphertext', { ct: `1d${hpke.ct.slice(2)}` });
  await hpkeRefuses('small-order', 'an ephemeral key of small order', { enc: '00'.repeat(32) });
  await w.refuses('hpke-short', 'an ephemeral key of 31 bytes', 'hpke-open', 'malformed', {
    ...hpke,
    enc: hpke.enc.slice(2),
  });

  await w.opens('argon2id-reference', 'a known answer of the reference implementation', 'argon2id', {
    passphrase: new TextEncoder().encode('password'),
    salt: new TextEncoder().encode('somesalt'),
    memoryKiB: 65_536,
    passes: 2,
    lanes: 1,
  });
  await w.opens('argon2id-lanes', 'four lanes, as a slot has by default', 'argon2id', {
    passphrase: new TextEncoder().encode('password'),
    salt: '000102030405060708090a0b0c0d0e0f',
    memoryKiB: 65_536,
    passes: 3,
    lanes: 4,
  });
  return w.file();
}

export async function nameVectors({ p }: World): Promise<VectorFile> {
  const w = new VectorWriter(p, 'Names, their order, base32 and padded sizes.');
  const good: readonly [string, string, string][] = [
    ['empty', 'S3 keys may have an empty component', ''],
    ['dot', 'legal in the vault, refused by adapters', '.'],
    ['dots', 'legal in the vault, refused by adapters', '..'],
    ['controls', 'a line feed and a bell', 'a\n\u0007'],
    ['emoji', 'a character outside the basic plane', '\u{1f511}'],
    ['longest', '1024 bytes', 'a'.repeat(1024)],
  ];
  for (const [id, comment, name] of good) await w.opens(`name-${id}`, comment, 'check-name', { name });
  await w.refuses('name-slash', 'a slash', 'check-name', 'malformed', { name: 'a/b' });
  await w.refuses('name-nul', 'NUL', 'check-name', 'malformed', { name: 'a\0' });
  await w.refuses('name-surrogate', 'an unpaired surrogate', 'check-name', 'malformed', { name: 'a\ud800' });
  await w.refuses('name-low-surrogate', 'a low surrogate first', 'check-name', 'malformed', {
    name: '\udc00\ud800',
  });
  await w.refuses('name-long', '1025 bytes', 'check-name', 'limit', { name: 'a'.repeat(1025) });
  await w.refuses('name-long-utf8', '513 characters of two bytes', 'check-name', 'limit', {
    name: '\u00fc'.repeat(513),
  });
  const pairs: readonly [string, string, string][] = [
    ['equal', 'a', 'a'],
    ['prefix', 'a', 'ab'],
    ['directory', 'a.txt', 'a/'],
    ['planes', '\uffee', '\u{1f511}'],
    ['planes-back', '\u{1f511}', '\ue000'],
  ];
  for (const [id, a, b] of pairs)
    await w.opens(`order-${id}`, 'the order of UTF-8 bytes', 'compare-keys', { a, b });
  await w.opens('base32-bytes', 'RFC 4648, lower case, no padding', 'base32-decode', { text: 'mzxw6ytb' });
  await w.opens('base32-odd', 'bits left over are zero', 'base32-decode', { text: 'mzxw6' });
  for (const [id, text] of [
    ['case', 'MZXW6'],
    ['padding', 'mzxw6==='],
    ['bits', 'mzxw7'],
    ['length', 'mzxw6y'],
    ['digit', 'mzxw1'],
  ] as const) {
    await w.refuses(`base32-${id}`, 'not the one spelling', 'base32-decode', 'malformed', { text });
  }
  for (const length of [0, 1, 9, 1000, 65_537, 67_108_863, 67_108_864]) {
    await w.opens(`padme-${length}`, 'a padded size', 'padme-size', { length });
  }
  return w.file();
}
