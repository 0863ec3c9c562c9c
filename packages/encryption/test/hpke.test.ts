import { describe, expect, test } from 'vitest';
import { type CryptoProvider, hpkeOpen, hpkeSeal, openEscrow, sealEscrow } from '../src/index.js';
import { nodeProvider } from '../src/node/index.js';
import { portableProvider } from '../src/portable/index.js';
import { fromHex, toHex } from './bytes.js';

/** RFC 9180 appendix A.2.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305, base mode, sequence number 0. */
const RFC = {
  info: fromHex('4f6465206f6e2061204772656369616e2055726e'),
  ephemeral: fromHex('f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600'),
  recipient: fromHex('4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a'),
  secret: fromHex('8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb'),
  aad: fromHex('436f756e742d30'),
  plaintext: fromHex('4265617574792069732074727574682c20747275746820626561757479'),
  enc: '1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a',
  ct: '1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28',
};

describe.each([
  ['node', nodeProvider],
  ['portable', portableProvider],
])('hpke with the %s provider', (_name, p) => {
  test('seals as RFC 9180 appendix A.2.1 does, and opens it', () => {
    const fixed: CryptoProvider = { ...p, randomBytes: () => RFC.ephemeral };
    const message = hpkeSeal(fixed, RFC.recipient, RFC.info, RFC.aad, RFC.plaintext);
    expect({ enc: toHex(message.enc), ct: toHex(message.ct) }).toEqual({ enc: RFC.enc, ct: RFC.ct });
    expect(toHex(hpkeOpen(p, RFC.secret, RFC.info, RFC.aad, message))).toBe(toHex(RFC.plaintext));
  });

  test('seals nothing to a key of small order', () => {
    expect(() => hpkeSeal(p, new Uint8Array(32), RFC.info, RFC.aad, RFC.plaintext)).toThrow('small order');
  });

  test('an escrow box has room for the longest name and refuses a longer one', () => {
    const vaultId = new Uint8Array(16);
    const fields = {
      uid: p.randomBytes(16),
      generation: 3,
      readSecret: p.randomBytes(32),
      parentUid: p.randomBytes(16),
      name: 'x'.repeat(1024),
    };
    const box = sealEscrow(p, RFC.recipient, vaultId, fields);
    expect(box.length).toBeLessThanOrEqual(2048);
    expect(openEscrow(p, RFC.secret, vaultId, box)).toEqual(fields);
    expect(() => sealEscrow(p, RFC.recipient, vaultId, { ...fields, name: `${fields.name}x` })).toThrow(
      'longer',
    );
  });
});
