import { base32Encode, type CryptoProvider } from '@latchkey/encryption';
import { type ETag, type Store, type StoreKey, storeKey } from '@latchkey/store';
import { sameBytes } from './bytes.js';
import { VaultError } from './errors.js';
import { asVaultError, isStoreError } from './translate.js';

/** Few sequential probes prove nothing: real engines pass them and let several concurrent writers win. */
const CONTENDERS = 32;
const ROUNDS = 4;
/** Contenders differ in size by so many bytes, so that their writes end at different times. */
const STEP_BYTES = 997;

/**
 * Races a scratch register of a store that does not declare real compare-and-swap (docs/concurrency.md, rule 10).
 * Throws `unsupported` when not exactly one of several swaps wins. A store that takes no writes at all passes. The
 * race is run by one program: what several programs do to one another only the conformance suite shows.
 */
export async function requireSwaps(store: Store, provider: CryptoProvider): Promise<void> {
  if (store.capabilities.compareAndSwap) return;
  const key = storeKey(`x/${base32Encode(provider.randomBytes(16))}`);
  try {
    let etag: ETag | null = null;
    for (let round = 0; round < ROUNDS; round++) etag = await race(store, provider, key, etag);
  } catch (error) {
    if (!isStoreError(error, 'read-only')) throw asVaultError(error, 'a scratch register');
  } finally {
    await store.delete([key]).catch(() => undefined);
  }
}

/** One round. Returns the tag of the one winner. */
async function race(
  store: Store,
  provider: CryptoProvider,
  key: StoreKey,
  expected: ETag | null,
): Promise<ETag> {
  const attempts = Array.from({ length: CONTENDERS }, async (_, contender) => {
    const bytes = provider.randomBytes(16 + contender * STEP_BYTES);
    try {
      return { bytes, etag: await store.swapRegister(key, expected, bytes) };
    } catch (error) {
      if (isStoreError(error, 'conflict')) return undefined;
      throw error;
    }
  });
  // All of them end before anything is judged, so that none is left in flight.
  const outcomes = await Promise.allSettled(attempts);
  const failed = outcomes.find((one) => one.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  const winners = outcomes.flatMap((one) =>
    one.status === 'fulfilled' && one.value !== undefined ? [one.value] : [],
  );
  const [winner] = winners;
  const state = await store.readRegister(key);
  if (winner === undefined || winners.length > 1 || state.status !== 'value' || state.etag !== winner.etag)
    throw refused(winners.length);
  if (!sameBytes(state.bytes, winner.bytes)) throw refused(winners.length);
  return winner.etag;
}

function refused(winners: number): VaultError {
  return new VaultError(
    'unsupported',
    `the store has no real compare-and-swap: of ${CONTENDERS} swaps of one register at once ${winners} were said to win; nothing was changed`,
  );
}
