import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { encodeCbor } from '../cbor/encode.js';
import { EncryptionError } from '../errors.js';
import { utf8Length } from '../names.js';
import type { Argon2Cost, CryptoProvider } from '../provider.js';
import { kdf, open, seal } from '../seal.js';
import type { ParsedHeader, VaultHeader } from './fields.js';
import { checkCost, DEFAULT_ARGON2, type KeySlot, MAX_SLOTS, slotContext, type Unsealed } from './slot.js';

/** Longest passphrase, bytes of UTF-8 after normalisation. */
export const MAX_PASSPHRASE_BYTES: number = 1024;

const TEXT = new TextEncoder();

/** NFC, so that the same characters typed on two systems are the same bytes. */
function passphraseBytes(passphrase: string): Uint8Array | undefined {
  const normal = passphrase.normalize('NFC');
  const length = utf8Length(normal);
  return length < 1 || length > MAX_PASSPHRASE_BYTES ? undefined : TEXT.encode(normal);
}

function wordsKey(p: CryptoProvider, vaultId: Uint8Array, entropy: Uint8Array): Uint8Array {
  return kdf(p, entropy, 'recovery', vaultId);
}

function withSlot(
  p: CryptoProvider,
  header: VaultHeader,
  slot: Unsealed<KeySlot>,
  key: Uint8Array,
  rootSecret: Uint8Array,
): VaultHeader {
  if (header.slots.length >= MAX_SLOTS)
    throw new EncryptionError('limit', `a vault has at most ${MAX_SLOTS} key slots`);
  const box = seal(p, key, 'slot', header.vaultId, slotContext(slot), rootSecret);
  return { ...header, revision: header.revision + 1, slots: [...header.slots, { ...slot, box }] };
}

/**
 * The header with one more slot and the next revision. Throws `limit` for an empty or overlong passphrase, a cost
 * outside its bounds, or a ninth slot.
 */
export async function addPassphraseSlot(
  p: CryptoProvider,
  header: VaultHeader,
  rootSecret: Uint8Array,
  passphrase: string,
  cost: Argon2Cost = DEFAULT_ARGON2,
  label = '',
): Promise<VaultHeader> {
  checkCost(cost);
  const bytes = passphraseBytes(passphrase);
  if (bytes === undefined)
    throw new EncryptionError('limit', 'passphrase is empty or longer than 1024 bytes');
  const salt = p.randomBytes(16);
  const key = await p.argon2id(bytes, salt, cost);
  return withSlot(
    p,
    header,
    { type: 'passphrase', id: p.randomBytes(8), label, cost, salt },
    key,
    rootSecret,
  );
}

/** The header with one more slot, and the 24 BIP-39 words that open it. They are not kept anywhere. */
export function addRecoverySlot(
  p: CryptoProvider,
  header: VaultHeader,
  rootSecret: Uint8Array,
  label = '',
): { header: VaultHeader; words: string } {
  const entropy = p.randomBytes(32);
  const key = wordsKey(p, header.vaultId, entropy);
  const next = withSlot(p, header, { type: 'recovery', id: p.randomBytes(8), label }, key, rootSecret);
  return { header: next, words: entropyToMnemonic(entropy, wordlist) };
}

/** The header without the slot `id`. Throws `limit` for the last slot and `malformed` for one that is not there. */
export function removeSlot(header: VaultHeader, id: Uint8Array): VaultHeader {
  const gone = encodeCbor(id).join();
  const slots = header.slots.filter((slot) => encodeCbor(slot.id).join() !== gone);
  if (slots.length === header.slots.length) throw new EncryptionError('malformed', 'no such key slot');
  if (slots.length === 0) throw new EncryptionError('limit', 'the last key slot cannot be removed');
  return { ...header, revision: header.revision + 1, slots };
}

function wrongSecret(): EncryptionError {
  return new EncryptionError('wrong-secret', 'no key slot opens with this secret');
}

function openSlot(
  p: CryptoProvider,
  vaultId: Uint8Array,
  slot: KeySlot,
  key: Uint8Array,
): Uint8Array | undefined {
  try {
    return open(p, key, 'slot', vaultId, slotContext(slot), slot.box);
  } catch (error) {
    if (error instanceof EncryptionError) return undefined;
    throw error;
  }
}

/** The root secret. Throws `wrong-secret`, with one message whatever is wrong with passphrase or slots. */
export async function unlockWithPassphrase(
  p: CryptoProvider,
  { unverified: { vaultId, slots } }: ParsedHeader,
  passphrase: string,
): Promise<Uint8Array> {
  const bytes = passphraseBytes(passphrase);
  if (bytes === undefined) throw wrongSecret();
  for (const slot of slots) {
    if (slot.type !== 'passphrase') continue;
    const secret = openSlot(p, vaultId, slot, await p.argon2id(bytes, slot.salt, slot.cost));
    if (secret !== undefined) return secret;
  }
  throw wrongSecret();
}

/** The root secret. Case and spacing of the words do not matter. Throws `wrong-secret`, with one message. */
export function unlockWithWords(
  p: CryptoProvider,
  { unverified: { vaultId, slots } }: ParsedHeader,
  words: string,
): Uint8Array {
  const entropy = wordsEntropy(words);
  if (entropy === undefined) throw wrongSecret();
  const key = wordsKey(p, vaultId, entropy);
  for (const slot of slots) {
    const secret = slot.type === 'recovery' ? openSlot(p, vaultId, slot, key) : undefined;
    if (secret !== undefined) return secret;
  }
  throw wrongSecret();
}

function wordsEntropy(words: string): Uint8Array | undefined {
  try {
    const entropy = mnemonicToEntropy(words.trim().toLowerCase().split(/\s+/).join(' '), wordlist);
    return entropy.length === 32 ? entropy : undefined;
  } catch {
    return undefined;
  }
}
