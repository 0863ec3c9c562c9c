import { mnemonicToEntropy } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import type { CborValue } from '../../src/cbor/value.js';
import { HEADER_DOMAIN, parseHeader } from '../../src/header/fields.js';
import { DEFAULT_ARGON2, type KeySlot } from '../../src/header/slot.js';
import { decodeCbor, encodeCbor } from '../../src/index.js';
import type { CryptoProvider } from '../../src/provider.js';
import { readSigned, writeSigned } from '../../src/signed.js';
import { editMap, flip, withByte } from '../bytes.js';
import type { VectorFile } from './vector.js';
import { PASSPHRASE, type World } from './world.js';
import { type RawInputs, VectorWriter } from './writer.js';

function body(header: Uint8Array): Uint8Array {
  return readSigned('header', decodeCbor(header)).body;
}

/** The header with other fields, signed again by the root key unless another seed is given. */
export function resign(
  world: World,
  edits: Record<number, CborValue | undefined>,
  seed?: Uint8Array,
): Uint8Array {
  return writeSigned(
    world.p,
    HEADER_DOMAIN,
    editMap(body(world.headerBytes), edits),
    seed ?? world.keys.signSeed,
  );
}

/** The slots of the header as CBOR, with fields of slot `index` replaced. */
export function slotsWith(
  world: World,
  index: number,
  edits: Record<number, CborValue | undefined>,
): CborValue {
  const slots = (decodeCbor(body(world.headerBytes)) as ReadonlyMap<number, CborValue>).get(
    16,
  ) as readonly CborValue[];
  return slots.map((slot, i) => (i === index ? decodeCbor(editMap(encodeCbor(slot), edits)) : slot));
}

/** The keys from Argon2id go along, one for each slot, for implementations that have none at hand. */
async function byPassphrase(p: CryptoProvider, header: Uint8Array, passphrase: string): Promise<RawInputs> {
  const bytes = new TextEncoder().encode(passphrase.normalize('NFC'));
  const slotKeys: Uint8Array[] = [];
  for (const slot of parseHeader(header).unverified.slots) {
    if (slot.type === 'passphrase') slotKeys.push(await p.argon2id(bytes, slot.salt, slot.cost));
  }
  return { header, passphrase, slotKeys };
}

/** The entropy of the words goes along, unless they are not 24 words with a valid checksum. */
function byWords(header: Uint8Array, words: string): RawInputs {
  try {
    return {
      header,
      words,
      entropy: mnemonicToEntropy(words.trim().toLowerCase().split(/\s+/).join(' '), wordlist),
    };
  } catch {
    return { header, words };
  }
}

export async function headerVectors(world: World, other: World): Promise<VectorFile> {
  const { p, headerBytes, rootSecret, words } = world;
  const w = new VectorWriter(p, 'The vault header: its form, its key slots and its signature.');
  const [passphraseSlot, recoverySlot] = world.header.slots as readonly [KeySlot, KeySlot];

  await w.opens('header-parse', 'form and bounds of a header', 'parse-header', { header: headerBytes });
  await w.opens(
    'header-passphrase',
    'the passphrase opens a slot',
    'unlock-passphrase',
    await byPassphrase(p, headerBytes, PASSPHRASE),
  );
  await w.opens(
    'header-passphrase-nfd',
    'the same characters decomposed',
    'unlock-passphrase',
    await byPassphrase(p, headerBytes, PASSPHRASE.normalize('NFD')),
  );
  await w.opens(
    'header-words',
    'the recovery words open a slot',
    'unlock-words',
    byWords(headerBytes, words),
  );
  await w.opens(
    'header-words-case',
    'case and spacing do not matter',
    'unlock-words',
    byWords(headerBytes, `  ${words.toUpperCase().replaceAll(' ', '\n ')} `),
  );
  await w.opens('header-verify', 'everything belongs to the root secret', 'verify-header', {
    header: headerBytes,
    rootSecret,
  });
  await w.opens('header-odd-field', 'an unknown optional field', 'verify-header', {
    header: resign(world, { 99: 'later' }),
    rootSecret,
  });

  const parse = (
    id: string,
    comment: string,
    error: 'malformed' | 'limit' | 'unsupported',
    header: Uint8Array | { zeros: number },
  ) => w.refuses(`header-${id}`, comment, 'parse-header', error, { header });
  await parse('magic', 'another magic', 'malformed', resign(world, { 0: 'latchkey' }));
  await parse('format-2', 'a later format', 'unsupported', resign(world, { 2: 2 }));
  await parse('format-0', 'an earlier format', 'unsupported', resign(world, { 2: 0 }));
  await parse('suite-2', 'another suite', 'unsupported', resign(world, { 4: 2 }));
  await parse('padding-2', 'an unknown padding', 'unsupported', resign(world, { 20: 2 }));
  await parse('even-field', 'an unknown critical field', 'unsupported', resign(world, { 98: 1 }));
  await parse('no-vault-id', 'a field is missing', 'malformed', resign(world, { 6: undefined }));
  await parse(
    'short-vault-id',
    'a vault id of 15 bytes',
    'malformed',
    resign(world, { 6: world.vaultId.subarray(1) }),
  );
  await parse(
    'memory-64-gib',
    'a slot that wants 64 GiB',
    'limit',
    resign(world, { 16: slotsWith(world, 0, { 6: 67_108_864 }) }),
  );
  await parse(
    'memory-8-mib',
    'a slot that wants too little',
    'limit',
    resign(world, { 16: slotsWith(world, 0, { 6: 8192 }) }),
  );
  await parse(
    'passes-2',
    'a slot with two passes',
    'limit',
    resign(world, { 16: slotsWith(world, 0, { 8: 2 }) }),
  );
  await parse(
    'passes-17',
    'a slot with 17 passes',
    'limit',
    resign(world, { 16: slotsWith(world, 0, { 8: 17 }) }),
  );
  await parse(
    'lanes-0',
    'a slot without lanes',
    'limit',
    resign(world, { 16: slotsWith(world, 0, { 10: 0 }) }),
  );
  await parse(
    'lanes-5',
    'a slot with five lanes',
    'limit',
    resign(world, { 16: slotsWith(world, 0, { 10: 5 }) }),
  );
  await parse(
    'slot-type',
    'a slot of an unknown type',
    'unsupported',
    resign(world, { 16: slotsWith(world, 0, { 0: 3 }) }),
  );
  await parse(
    'slot-field',
    'a slot with an unknown critical field',
    'unsupported',
    resign(world, { 16: slotsWith(world, 1, { 90: 1 }) }),
  );
  await parse(
    'slot-box',
    'a sealed secret of another length',
    'malformed',
    resign(world, { 16: slotsWith(world, 1, { 14: new Uint8Array(111) }) }),
  );
  const nine = Array.from(
    { length: 9 },
    () => (slotsWith(world, 1, {}) as readonly CborValue[])[1] as CborValue,
  );
  await parse('slots-9', 'nine slots', 'limit', resign(world, { 16: nine }));
  await parse('cut', 'a byte less', 'malformed', headerBytes.subarray(0, headerBytes.length - 1));
  await parse('longer', 'a byte more', 'malformed', withByte(headerBytes));
  await parse('nothing', 'no bytes at all', 'malformed', new Uint8Array(0));
  await parse('huge', 'over 64 KiB', 'limit', { zeros: 65_537 });

  const wrong = (id: string, comment: string, inputs: { header?: Uint8Array; words?: string }) =>
    w.refuses(
      `header-${id}`,
      comment,
      'unlock-words',
      'wrong-secret',
      byWords(inputs.header ?? headerBytes, inputs.words ?? words),
    );
  await w.refuses(
    'header-wrong-passphrase',
    'another passphrase',
    'unlock-passphrase',
    'wrong-secret',
    await byPassphrase(p, headerBytes, 'Correct horse b\u00e4ttery staple'),
  );
  await w.refuses(
    'header-empty-passphrase',
    'no passphrase',
    'unlock-passphrase',
    'wrong-secret',
    await byPassphrase(p, headerBytes, ''),
  );
  await w.refuses(
    'header-cost',
    'an altered cost within the bounds',
    'unlock-passphrase',
    'wrong-secret',
    await byPassphrase(
      p,
      resign(world, { 16: slotsWith(world, 0, { 8: DEFAULT_ARGON2.passes + 1 }) }),
      PASSPHRASE,
    ),
  );
  await wrong('other-words', 'the words of another vault', { words: other.words });
  await wrong('words-23', 'a word is missing', { words: words.split(' ').slice(1).join(' ') });
  await wrong('words-unknown', 'a word that is not in the list', {
    words: words.replace(/^\w+/, 'latchkey'),
  });
  await wrong('words-swapped', 'two words swapped', { words: words.split(' ').reverse().join(' ') });
  const boxes: readonly [string, number][] = [
    ['salt', 0],
    ['commitment', 32],
    ['secret', 64],
    ['tag', 111],
  ];
  for (const [part, at] of boxes) {
    await wrong(`slot-${part}`, `one bit of the slot's ${part}`, {
      header: resign(world, { 16: slotsWith(world, 1, { 14: flip(recoverySlot.box, at) }) }),
    });
  }
  await wrong('slot-label', 'another label', {
    header: resign(world, { 16: slotsWith(world, 1, { 4: 'Paper' }) }),
  });
  await wrong('slot-id', 'another id', {
    header: resign(world, { 16: slotsWith(world, 1, { 2: flip(recoverySlot.id, 0) }) }),
  });
  await wrong('slot-foreign', 'the box of another slot', {
    header: resign(world, { 16: slotsWith(world, 1, { 14: passphraseSlot.box }) }),
  });
  await wrong('slot-vault', 'the slot in a header of another vault', {
    header: resign(world, { 6: other.vaultId }),
  });

  const damaged = (id: string, comment: string, header: Uint8Array, secret = rootSecret) =>
    w.refuses(`header-${id}`, comment, 'verify-header', 'damaged', { header, rootSecret: secret });
  await damaged('signature', 'one bit of the signature', flip(headerBytes, -1));
  await damaged('unsigned-revision', 'another revision, not signed again', flipRevision(world));
  await damaged(
    'foreign-root',
    'another root key, signed by it',
    resign(world, { 8: other.keys.signPublic }, other.keys.signSeed),
  );
  await damaged('foreign-escrow', 'another escrow key', resign(world, { 14: other.keys.escrowPublic }));
  await damaged(
    'foreign-certificate',
    'the certificate of another vault',
    resign(world, { 18: other.header.ownerCertificate }),
  );
  await damaged(
    'foreign-top',
    'the root directory of another vault',
    resign(world, { 22: other.header.top }),
  );
  await damaged('foreign-header', 'the header of another vault', other.headerBytes);
  await damaged('other-secret', 'another root secret', headerBytes, other.rootSecret);
  return w.file();
}

function flipRevision(world: World): Uint8Array {
  const pair = decodeCbor(world.headerBytes) as readonly Uint8Array[];
  return encodeCbor([editMap(body(world.headerBytes), { 10: 1000 }), pair[1] as Uint8Array]);
}
