/**
 * Adversaries who hold keys besides the medium. A test takes the owner's secrets to play one of them, and must give
 * them only what they have: a reader has a directory's secret and no signing key that the vault knows.
 */
import {
  type Author,
  blobPath,
  type ContentFields,
  type DirectoryIdentity,
  type DirectoryKeys,
  decodeContent,
  decodeListing,
  deriveDirectory,
  encodeContent,
  encodeListing,
  type Head,
  type ListingFields,
  openHead,
  parseHeader,
  type SealedRecord,
  sealHead,
  signRecord,
  unlockWithWords,
  type VerifiedHeader,
  verifyHeader,
} from '@latchkey/encryption';
import { nodeProvider } from '@latchkey/encryption/node';
import type { Victim } from './victim.js';

export const provider = nodeProvider;

/** Everything that the owner knows. */
export interface Secrets extends VerifiedHeader {
  readonly vaultId: Uint8Array;
}

export function ownerOf(victim: Victim): Secrets {
  const parsed = parseHeader(victim.bytes('vault'));
  const verified = verifyHeader(provider, parsed, unlockWithWords(provider, parsed, victim.words));
  return { ...verified, vaultId: verified.header.vaultId };
}

export function headKey(keys: DirectoryKeys): string {
  return `h/${keys.place}`;
}

/** Keys of the directory at `path`, which has to lie in heads and not in pages. */
export function directoryAt(victim: Victim, secrets: Secrets, path: readonly string[]): DirectoryKeys {
  let keys = deriveDirectory(provider, secrets.vaultId, secrets.top);
  for (const name of path) {
    const { listing, content } = fieldsOf(recordIn(readHead(victim, secrets, keys), `${name}/`));
    const { uid, generation } = listing.directory as NonNullable<ListingFields['directory']>;
    const child: DirectoryIdentity = { uid, generation, readSecret: content.readSecret as Uint8Array };
    keys = deriveDirectory(provider, secrets.vaultId, child);
  }
  return keys;
}

export function readHead(victim: Victim, secrets: Secrets, keys: DirectoryKeys): Head {
  return openHead(provider, keys, secrets.vaultId, victim.bytes(headKey(keys)), secrets.author.publicKey);
}

/** Keys of the pages that a directory has now, without those that earlier folds left behind. */
export function pagesOf(victim: Victim, secrets: Secrets, path: readonly string[]): string[] {
  return readHead(victim, secrets, directoryAt(victim, secrets, path)).tree.map((ref) => blobPath(ref.blob));
}

export function recordIn(head: Head, key: string): SealedRecord {
  const found = head.changes.find((record) => record.key === key);
  if (found === undefined) throw new Error(`the test expected a record ${key}`);
  return found;
}

export interface RecordFields {
  readonly listing: ListingFields;
  readonly content: ContentFields;
}

export function fieldsOf(record: SealedRecord): RecordFields {
  return { listing: decodeListing(record.listing), content: decodeContent(record.content) };
}

/** A record of `fields`, signed for `key` in a directory by whoever `author` is. */
export function recordBy(
  author: Author,
  keys: DirectoryKeys,
  key: string,
  { listing, content }: RecordFields,
): SealedRecord {
  const parts = { listing: encodeListing(listing), content: encodeContent(content) };
  const signature = signRecord(provider, author, keys.uid, key, parts.listing, parts.content);
  return { key, ...parts, signature };
}

/** Seals a head with the directory's own keys and puts it in the store, signed by whoever `author` is. */
export async function writeHead(
  victim: Victim,
  secrets: Secrets,
  keys: DirectoryKeys,
  head: Head,
  author: Pick<Author, 'seed'>,
): Promise<void> {
  const next = { ...head, revision: head.revision + 1 };
  await victim.plant(headKey(keys), sealHead(provider, keys, secrets.vaultId, next, author));
}

/** The head with some records replaced or added, in the order of keys. */
export function withRecords(head: Head, ...records: readonly SealedRecord[]): Head {
  const kept = head.changes.filter((old) => records.every((record) => record.key !== old.key));
  const changes = [...kept, ...records].sort((a, b) =>
    Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)),
  );
  return { ...head, changes };
}

/** Someone with a signing key of their own, for which nobody has vouched. */
export function stranger(secrets: Secrets): Author {
  const seed = provider.randomBytes(32);
  return {
    vaultId: secrets.vaultId,
    seed,
    publicKey: provider.ed25519PublicKey(seed),
    selfTagKey: provider.randomBytes(32),
    certificateId: secrets.author.certificateId,
  };
}
