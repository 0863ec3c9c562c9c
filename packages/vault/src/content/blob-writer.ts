import { type CryptoProvider, SESSION_BYTES, sealLease } from '@latchkey/encryption';
import type { ETag, Store } from '@latchkey/store';
import { concatBytes, sameBytes } from '../bytes.js';
import { VaultError } from '../errors.js';
import { isStoreError } from '../translate.js';
import { BLOB_BYTES, blobKey, leaseKey } from './blob-name.js';

/** A lease that is not renewed for this long may be declared dead by gc. */
export const LEASE_DEAD_MS = 24 * 60 * 60 * 1000;
const RENEW_MS = 60 * 60 * 1000;
/** Past this, an operation proves that its lease lives before it relies on it. */
const PROVE_MS = LEASE_DEAD_MS / 4;
/** A session is followed by another after this, so that gc can collect what it left. */
const ROTATE_MS = LEASE_DEAD_MS;

interface WriterSession {
  readonly id: Uint8Array;
  readonly started: number;
  etag: ETag;
  renewedAt: number;
  renewedTick: number;
}

/**
 * Writes blobs under a session whose lease tells gc that they may be about to be referenced. The lease is taken
 * before the first blob, renewed hourly, and proven to live before a commit that comes late.
 */
export class BlobWriter {
  readonly #store: Store;
  readonly #provider: CryptoProvider;
  readonly #vaultId: Uint8Array;
  readonly #leaseKey: Uint8Array;
  #session: Promise<WriterSession> | undefined;
  /** Sessions of this program, rotated ones included: what is in flight may still be under those. */
  readonly #live: Uint8Array[] = [];
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(store: Store, provider: CryptoProvider, vaultId: Uint8Array, leaseKeyBytes: Uint8Array) {
    this.#store = store;
    this.#provider = provider;
    this.#vaultId = vaultId;
    this.#leaseKey = leaseKeyBytes;
  }

  /** A reference for a blob that is about to be written. */
  async reserve(): Promise<Uint8Array> {
    const session = await this.#current();
    return concatBytes([session.id, this.#provider.randomBytes(BLOB_BYTES)]);
  }

  async put(reference: Uint8Array, body: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
    await this.#store.putBlob(blobKey(reference), body);
  }

  /**
   * Called before a commit. Throws `unavailable` when gc has declared the session dead, because blobs written under
   * it may be gone; the next write starts a new session.
   */
  async prove(): Promise<void> {
    if (this.#session === undefined) return;
    const session = await this.#session;
    const elapsed = Math.max(Date.now() - session.renewedAt, performance.now() - session.renewedTick);
    if (elapsed > PROVE_MS) await this.#renew(session);
  }

  /** Whether this program itself writes under a session. */
  owns(session: Uint8Array): boolean {
    return this.#live.some((id) => sameBytes(id, session));
  }

  async close(): Promise<void> {
    if (this.#timer !== undefined) clearInterval(this.#timer);
    const pending = this.#session;
    this.#session = undefined;
    if (pending === undefined) return;
    const session = await pending;
    try {
      await this.#swap(session, true);
    } catch (error) {
      // The lease simply runs out.
      if (!isStoreError(error, 'conflict') && !isStoreError(error, 'unavailable')) return;
    }
  }

  #current(): Promise<WriterSession> {
    if (this.#session === undefined) {
      this.#session = this.#start();
      this.#session.catch(() => {
        this.#session = undefined;
      });
    }
    return this.#session;
  }

  async #start(): Promise<WriterSession> {
    const id = this.#provider.randomBytes(SESSION_BYTES);
    const started = Date.now();
    this.#live.push(id);
    const bytes = sealLease(this.#provider, this.#vaultId, this.#leaseKey, id, {
      started: Math.floor(started / 1000),
      state: 'live',
    });
    const etag = await this.#store.swapRegister(leaseKey(id), null, bytes);
    this.#timer ??= setInterval(() => void this.#tick(), RENEW_MS);
    this.#timer.unref?.();
    return { id, started, etag, renewedAt: started, renewedTick: performance.now() };
  }

  async #tick(): Promise<void> {
    const pending = this.#session;
    if (pending === undefined) return;
    try {
      const session = await pending;
      await this.#renew(session);
      // Old blobs in flight stay covered: the lease that is left behind dies only after LEASE_DEAD_MS.
      if (Date.now() - session.started > ROTATE_MS && this.#session === pending) this.#session = undefined;
    } catch {
      // `prove` reports it to whoever depends on the lease.
    }
  }

  async #renew(session: WriterSession): Promise<void> {
    try {
      await this.#swap(session, false);
    } catch (error) {
      if (isStoreError(error, 'conflict')) {
        this.#session = undefined;
        throw new VaultError(
          'unavailable',
          'this program was away for so long that its unpublished data was collected',
        );
      }
      throw error;
    }
  }

  async #swap(session: WriterSession, ended: boolean): Promise<void> {
    const bytes = sealLease(this.#provider, this.#vaultId, this.#leaseKey, session.id, {
      started: Math.floor(session.started / 1000),
      state: ended ? 'ended' : 'live',
    });
    const at = Date.now();
    const tick = performance.now();
    session.etag = await this.#store.swapRegister(leaseKey(session.id), session.etag, bytes);
    session.renewedAt = at;
    session.renewedTick = tick;
  }
}
