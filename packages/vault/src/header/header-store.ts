import {
  type CryptoProvider,
  encodeHeader,
  HEADER_PATHS,
  type ParsedHeader,
  parseHeader,
  type RootKeys,
  type VaultHeader,
} from '@latchkey/encryption';
import { type ETag, type Store, type StoreKey, storeKey } from '@latchkey/store';
import { VaultError } from '../errors.js';
import { asVaultError, isStoreError, naming } from '../translate.js';

/** The header is kept twice; the highest valid revision counts. */
const COPIES: readonly StoreKey[] = HEADER_PATHS.map(storeKey);

/** Both copies as found. `etag` is `null` where there is none, `parsed` missing where it cannot be read. */
export interface HeaderCopy {
  readonly key: StoreKey;
  readonly etag: ETag | null;
  readonly parsed?: ParsedHeader;
  readonly problem?: unknown;
}

export async function readHeaders(store: Store): Promise<HeaderCopy[]> {
  return Promise.all(
    COPIES.map((key) =>
      naming(`the vault header ${key}`, async (): Promise<HeaderCopy> => {
        const state = await store.readRegister(key);
        if (state.status !== 'value') return { key, etag: null };
        try {
          return { key, etag: state.etag, parsed: parseHeader(state.bytes) };
        } catch (problem) {
          return { key, etag: state.etag, problem };
        }
      }),
    ),
  );
}

/** Copies that can be read, newest first. Throws `no-vault` when there is none at all, `damaged` when none is whole. */
export function usableHeaders(copies: readonly HeaderCopy[]): ParsedHeader[] {
  if (copies.every((copy) => copy.etag === null)) {
    throw new VaultError('no-vault', 'there is no vault in this store');
  }
  const usable = copies.flatMap((copy) => (copy.parsed === undefined ? [] : [copy.parsed]));
  if (usable.length === 0) {
    const first = copies.find((copy) => copy.problem !== undefined);
    throw asVaultError(first?.problem, 'both copies of the vault header');
  }
  return usable.sort((a, b) => b.unverified.revision - a.unverified.revision);
}

/**
 * Empty heads beside the new one `own`: of vaults whose making was cut off, or loses its race to this one. Nobody holds
 * their keys, and gc could never read them. Throws `exists` when the store holds more than that: then it is, or was, a
 * vault in use, and a header that is missing may still come back from a backup.
 */
export async function abandonedRoots(store: Store, own: StoreKey): Promise<StoreKey[]> {
  const sizes = new Map<StoreKey, number>();
  for await (const { key, size } of store.list('h/')) sizes.set(key, size);
  const most = sizes.get(own) ?? 0;
  sizes.delete(own);
  let inUse = [...sizes.values()].some((size) => size > most);
  for (const prefix of ['b/', 'w/']) for await (const _ of store.list(prefix)) inUse = true;
  if (inUse)
    throw new VaultError(
      'exists',
      'the store holds directories of a vault whose header is missing; nothing was changed',
    );
  return [...sizes.keys()];
}

/** Writes both copies of a new vault's header. Throws `exists` when the store holds one already. */
export async function createHeaders(
  store: Store,
  provider: CryptoProvider,
  header: VaultHeader,
  keys: RootKeys,
): Promise<void> {
  const bytes = encodeHeader(provider, header, keys);
  for (const key of COPIES) {
    try {
      await store.swapRegister(key, null, bytes);
    } catch (error) {
      if (isStoreError(error, 'conflict'))
        throw new VaultError('exists', 'the store holds a vault already; nothing was changed');
      throw asVaultError(error, `the vault header ${key}`);
    }
  }
}

/**
 * Replaces the header, one copy after the other, so that one valid copy stands at every moment. Throws `conflict`
 * when somebody else changed it meanwhile.
 */
export async function replaceHeaders(
  store: Store,
  provider: CryptoProvider,
  header: VaultHeader,
  keys: RootKeys,
): Promise<void> {
  const copies = await readHeaders(store);
  const newest = Math.max(...copies.map((copy) => copy.parsed?.unverified.revision ?? 0));
  if (newest >= header.revision) {
    throw new VaultError(
      'conflict',
      'the vault header has been changed by another program; nothing was changed',
    );
  }
  const bytes = encodeHeader(provider, header, keys);
  for (const copy of copies) {
    await naming(`the vault header ${copy.key}`, () => store.swapRegister(copy.key, copy.etag, bytes));
  }
}
