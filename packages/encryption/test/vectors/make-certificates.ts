import type { CborValue } from '../../src/cbor/value.js';
import { HEADER_DOMAIN } from '../../src/header/fields.js';
import { decodeCbor, encodeCbor, OPERATIONS, signCertificate, verifyCertificate } from '../../src/index.js';
import { readSigned, writeSigned } from '../../src/signed.js';
import { editMap, flip } from '../bytes.js';
import type { VectorFile } from './vector.js';
import type { World } from './world.js';
import { VectorWriter } from './writer.js';

export async function certificateVectors(world: World, other: World): Promise<VectorFile> {
  const { p, vaultId, keys, header } = world;
  const w = new VectorWriter(p, 'Certificates and chains of them.');
  const owner = verifyCertificate(p, header.ownerCertificate, keys.signPublic, vaultId);
  const seed = p.randomBytes(32);
  const narrower = {
    ...owner,
    issuer: keys.authorPublic,
    subject: p.ed25519PublicKey(seed),
    operations: OPERATIONS.list | OPERATIONS.read | OPERATIONS.share,
    notBefore: 1_790_000_000,
    notAfter: 1_800_000_000,
    objectLife: 86_400,
    depth: 2,
    serial: p.randomBytes(16),
  };
  const issue = (fields: typeof narrower): Uint8Array => signCertificate(p, fields, keys.authorSeed);
  const second = issue(narrower);
  const leaf = {
    ...narrower,
    issuer: narrower.subject,
    subject: p.ed25519PublicKey(p.randomBytes(32)),
    operations: OPERATIONS.list,
    depth: 1,
    scope: { directory: p.randomBytes(16), name: 'one file' },
    serial: p.randomBytes(16),
  };
  const third = signCertificate(p, leaf, seed);
  const base = { vaultId, rootPublicKey: keys.signPublic };
  const chain = [header.ownerCertificate, second, third];
  await w.opens('chain-owner', 'the owner', 'verify-chain', { ...base, chain: chain.slice(0, 1) });
  await w.opens('chain-three', 'each narrower than the one before', 'verify-chain', { ...base, chain });
  const widens: readonly [string, string, Partial<typeof narrower>][] = [
    ['operations', 'more operations', { operations: OPERATIONS.list | OPERATIONS.write }],
    ['depth', 'as many to follow', { depth: 2 }],
    ['earlier', 'begins earlier', { notBefore: 1_789_999_999 }],
    ['later', 'ends later', { notAfter: 1_800_000_001 }],
    ['forever', 'never ends', { notAfter: 0 }],
    ['life', 'objects that live longer', { objectLife: 0 }],
  ];
  for (const [id, comment, change] of widens) {
    const wide = signCertificate(p, { ...leaf, ...change }, seed);
    await w.refuses(`chain-${id}`, `a certificate that widens: ${comment}`, 'verify-chain', 'damaged', {
      ...base,
      chain: [header.ownerCertificate, second, wide],
    });
  }
  const refuses = (
    id: string,
    comment: string,
    error: 'damaged' | 'limit' | 'malformed' | 'unsupported',
    change: object,
  ) => w.refuses(`chain-${id}`, comment, 'verify-chain', error, { ...base, chain, ...change });
  await refuses('no-share', 'issued by who may not share', 'damaged', {
    chain: [header.ownerCertificate, issue({ ...narrower, operations: OPERATIONS.list }), third],
  });
  await refuses('gap', 'one left out', 'damaged', { chain: [header.ownerCertificate, third] });
  await refuses('order', 'two swapped', 'damaged', { chain: [header.ownerCertificate, third, second] });
  await refuses('root', 'another root key', 'damaged', { rootPublicKey: other.keys.signPublic });
  await refuses('vault', 'another vault', 'damaged', { vaultId: other.vaultId });
  await refuses('flip', 'one bit', 'damaged', { chain: [flip(header.ownerCertificate, 60)] });
  await refuses('none', 'no certificate', 'limit', { chain: [] });
  await refuses('eighteen', 'too many', 'limit', {
    chain: Array.from({ length: 18 }, () => header.ownerCertificate),
  });
  await refuses('huge', 'over 4 KiB', 'limit', { chain: [new Uint8Array(4097)] });
  await refuses('form', 'not a pair', 'malformed', { chain: [encodeCbor([1])] });
  const odd = readSigned('certificate', decodeCbor(header.ownerCertificate)).body;
  const resigned = (edits: Record<number, CborValue>) =>
    writeSigned(p, 'latchkey/1/certificate', editMap(odd, edits), keys.signSeed);
  await w.opens('chain-odd-field', 'an unknown optional field', 'verify-chain', {
    ...base,
    chain: [resigned({ 91: 1 })],
  });
  await refuses('even-field', 'an unknown critical field', 'unsupported', { chain: [resigned({ 90: 1 })] });
  await refuses('domain', 'signed as a header', 'damaged', {
    chain: [writeSigned(p, HEADER_DOMAIN, odd, keys.signSeed)],
  });
  return w.file();
}
