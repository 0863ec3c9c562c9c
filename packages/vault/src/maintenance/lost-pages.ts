import {
  BLOB_REF_BYTES,
  base32Decode,
  type DirectoryIdentity,
  type EscrowFields,
  isPage,
  MAX_PAGE_BYTES,
  openEscrow,
  openPage,
  type Page,
  pageEscrow,
  SESSION_BYTES,
} from '@latchkey/encryption';
import type { StoreKey } from '@latchkey/store';
import { concatBytes } from '../bytes.js';
import type { VaultContext } from '../context.js';
import type { Directory } from '../directory/directory.js';
import { VaultError } from '../errors.js';

const MAGIC_BYTES = 8;

/** A page that no head leads to. */
export interface LostPage {
  readonly key: StoreKey;
  /** By the store's clock, milliseconds since 1970. */
  readonly modifiedAt: number;
}

export interface FoundPages {
  /** By the register of the head. */
  readonly directories: Map<string, LostPages>;
  /** Nothing that looks like a page was unreadable. */
  readonly whole: boolean;
}

/** The pages of one directory whose head is not in the store. */
export interface LostPages {
  readonly identity: DirectoryIdentity;
  /** Of one of the pages: what the directory was called when it was written. */
  readonly escrow: EscrowFields;
  readonly pages: readonly LostPage[];
}

/**
 * Looks through all blobs that nothing refers to for pages of directories without a head. What looks like a page and
 * cannot be read is told of.
 */
export async function findLostPages(
  context: VaultContext,
  referred: (key: string) => boolean,
  problem: (object: string, error: unknown) => void,
): Promise<FoundPages> {
  const { store, provider, keys, vaultId, directories } = context;
  const found = new Map<string, LostPages & { readonly pages: LostPage[] }>();
  const withHead = new Map<string, boolean>();
  let whole = true;
  for await (const { key, size, modifiedAt } of store.list('b/')) {
    if (size > MAX_PAGE_BYTES || referred(key)) continue;
    try {
      if (!isPage(await store.getBlob(key, { offset: 0, length: MAGIC_BYTES }))) continue;
      const bytes = await store.getBlob(key, { offset: 0, length: MAX_PAGE_BYTES });
      const escrow = openEscrow(provider, keys.escrowSecret, vaultId, pageEscrow(bytes));
      const directory = directories.of(escrow);
      const { register } = directory;
      let alive = withHead.get(register);
      if (alive === undefined) {
        alive = (await store.readRegister(directory.register)).status !== 'absent';
        withHead.set(register, alive);
      }
      if (alive) continue;
      // Anybody can make an escrow box; only who has the directory's keys can make a page that opens.
      openPage(provider, directory.keys, vaultId, referenceOf(key), bytes);
      const known = found.get(register);
      if (known === undefined)
        found.set(register, { identity: escrow, escrow, pages: [{ key, modifiedAt }] });
      else known.pages.push({ key, modifiedAt });
    } catch (error) {
      whole = false;
      problem(key, error);
    }
  }
  return { directories: found, whole };
}

/** Throws what the store and the page say. */
export async function readLostPage(
  { store, provider, vaultId }: VaultContext,
  directory: Directory,
  { key }: LostPage,
): Promise<Page> {
  const bytes = await store.getBlob(key, { offset: 0, length: MAX_PAGE_BYTES });
  return openPage(provider, directory.keys, vaultId, referenceOf(key), bytes);
}

/** The reference of a blob that is stored under `b/<session>/<2>/<id>`. */
function referenceOf(key: StoreKey): Uint8Array {
  const [, session = '', , id = ''] = key.split('/');
  const reference = concatBytes([base32Decode(session).subarray(0, SESSION_BYTES), base32Decode(id)]);
  if (reference.length !== BLOB_REF_BYTES) throw new VaultError('damaged', `${key} is not the key of a blob`);
  return reference;
}
