import { ALL_OPERATIONS, keyFingerprint, signCertificate } from '@latchkey/encryption';
import { afterEach, describe, expect, it } from 'vitest';
import { directoryAt, headKey, ownerOf, provider, readHead, stranger, writeHead } from './insider.js';
import { expectRefused } from './refusal.js';
import { editHeader, FIELD } from './stored-header.js';
import { Victim } from './victim.js';

const victim = await Victim.make(async (session) => void (await session.write(['a'], Buffer.from('b'))));
const owner = ownerOf(victim);
afterEach(() => victim.heal());

describe('attack 2: a public key is exchanged', () => {
  it.each([
    ['the root key', FIELD.rootPublicKey, provider.ed25519PublicKey(provider.randomBytes(32))],
    ['the escrow key', FIELD.escrowPublicKey, provider.x25519PublicKey(provider.randomBytes(32))],
  ])('refuses another key in place of %s', async (_, field, foreign) => {
    await editHeader(victim, field, () => foreign);
    await expectRefused(victim, () => victim.open());
  });

  it.each([
    ['signed by the adversary', provider.randomBytes(32)],
    ['signed by the daily key, which certifies nobody', owner.keys.authorSeed],
  ])('refuses a certificate for the adversary’s signing key, %s', async (_, issuerSeed) => {
    const author = stranger(owner);
    const certificate = signCertificate(
      provider,
      {
        vaultId: owner.vaultId,
        issuer: provider.ed25519PublicKey(issuerSeed),
        subject: author.publicKey,
        subjectExchange: provider.x25519PublicKey(provider.randomBytes(32)),
        scope: { directory: owner.top.uid },
        operations: ALL_OPERATIONS,
        notBefore: 0,
        notAfter: 0,
        objectLife: 0,
        depth: 16,
        serial: provider.randomBytes(16),
      },
      issuerSeed,
    );
    await editHeader(victim, FIELD.ownerCertificate, () => certificate);
    await expectRefused(victim, () => victim.open());
  });

  it('refuses a directory that is signed by another key than the vault’s', async () => {
    const root = directoryAt(victim, owner, []);
    await writeHead(victim, owner, root, readHead(victim, owner, root), stranger(owner));
    const error = await expectRefused(victim, () => victim.visit((session) => session.list([])));
    expect(error.message).toContain(headKey(root));
  });

  it('shows the fingerprint that people compare', async () => {
    const expected = Buffer.from(keyFingerprint(provider, owner.header.rootPublicKey)).toString('hex');
    const { fingerprint } = await victim.visit((_, vault) => vault.info());
    expect(fingerprint).toBe(expected);
    expect(fingerprint.length).toBeGreaterThanOrEqual(32);
  });
});
