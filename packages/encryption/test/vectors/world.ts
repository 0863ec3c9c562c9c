import {
  type Author,
  addPassphraseSlot,
  addRecoverySlot,
  createVault,
  type DirectoryKeys,
  deriveDirectory,
  deriveRootKeys,
  encodeContent,
  encodeHeader,
  encodeListing,
  type Head,
  type ListingFields,
  parseHeader,
  type RootKeys,
  type SealedRecord,
  sealEscrow,
  signRecord,
  type TopDirectory,
  type VaultHeader,
  verifyHeader,
} from '../../src/index.js';
import type { CryptoProvider } from '../../src/provider.js';
import { scripted } from '../scripted.js';

/** A vault with known secrets, for vectors and attacks. */
export interface World {
  readonly p: CryptoProvider;
  readonly rootSecret: Uint8Array;
  readonly vaultId: Uint8Array;
  readonly header: VaultHeader;
  readonly headerBytes: Uint8Array;
  readonly words: string;
  readonly keys: RootKeys;
  readonly top: TopDirectory;
  readonly root: DirectoryKeys;
  readonly author: Author;
  readonly escrow: Uint8Array;
}

export const PASSPHRASE = 'correct horse b\u00e4ttery staple';

export async function makeWorld(provider: CryptoProvider, seed: string): Promise<World> {
  const p = scripted(provider, seed);
  const created = createVault(p);
  const { rootSecret } = created;
  const { vaultId } = created.header;
  const withPassphrase = await addPassphraseSlot(
    p,
    created.header,
    rootSecret,
    PASSPHRASE,
    undefined,
    'laptop',
  );
  const { header, words } = addRecoverySlot(p, withPassphrase, rootSecret, 'paper');
  const headerBytes = encodeHeader(p, header, deriveRootKeys(p, vaultId, rootSecret));
  const known = verifyHeader(p, parseHeader(headerBytes), rootSecret);
  const root = deriveDirectory(p, vaultId, known.top);
  const escrow = sealEscrow(p, known.keys.escrowPublic, vaultId, {
    ...known.top,
    parentUid: known.top.uid,
    name: '',
  });
  return {
    p,
    rootSecret,
    vaultId,
    header,
    headerBytes,
    words,
    keys: known.keys,
    top: known.top,
    root,
    author: known.author,
    escrow,
  };
}

export function listingOf(world: World, fields: Partial<ListingFields> = {}): Uint8Array {
  return encodeListing({
    kind: 'file',
    revision: 1_790_000_000_000 * 1024,
    signedAt: 1_790_000_000,
    certificateId: world.author.certificateId,
    size: 5,
    modified: { seconds: 1_789_999_999, nanoseconds: 250_000_000 },
    created: { seconds: 1_789_999_000, nanoseconds: 0 },
    mode: 0o644,
    metadata: new Map(),
    tags: new Map(),
    draftOnly: false,
    ...fields,
  });
}

export const HELLO: Uint8Array = new TextEncoder().encode('hello');

export function recordOf(
  world: World,
  key: string,
  listing: Uint8Array = listingOf(world),
  content: Uint8Array = encodeContent({ pieces: [{ kind: 'literal', bytes: HELLO }] }),
): SealedRecord {
  return {
    key,
    listing,
    content,
    signature: signRecord(world.p, world.author, world.root.uid, key, listing, content),
  };
}

export function headOf(world: World, fields: Partial<Head> = {}): Head {
  return {
    revision: 7,
    state: 'live',
    linkId: world.top.linkId,
    changes: [],
    level: 0,
    tree: [],
    counters: { files: 0, directories: 0, bytes: 0 },
    operations: [],
    releases: [],
    epoch: 0,
    escrow: world.escrow,
    ...fields,
  };
}
