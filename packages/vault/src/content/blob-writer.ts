import { type CryptoProvider, openLease, SESSION_BYTES, sealLease } from '@latchkey/encryption';
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
 * A promise to write blobs now and refer to them later. While it stands, no session that it may have written under
 * lapses; `lost` says that one was declared dead all the same, so that its blobs may be gone.
 */
export interface Hold {
  readonly lost: boolean;
  release(): void;
}

/** A session that nothing is begun under any more, kept alive for those who were writing when it was followed. */
interface Rotated {
  readonly session: WriterSession;
  readonly holds: ReadonlySet<Hold>;
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
  readonly #holds = new Set<Hold & { lost: boolean }>();
  #session: Promise<WriterSession> | undefined;
  #rotated: Rotated[] = [];
  /** Session ids under which something of this program may be in flight. */
  #live: Uint8Array[] = [];
  /** Sessions that were found dead. */
  readonly #dead: Uint8Array[] = [];
  #currentId: Uint8Array | undefined;
  #closed = false;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(store: Store, provider: CryptoProvider, vaultId: Uint8Array, leaseKeyBytes: Uint8Array) {
    this.#store = store;
    this.#provider = provider;
    this.#vaultId = vaultId;
    this.#leaseKey = leaseKeyBytes;
  }

  /** A reference for a blob that is about to be written. Throws `closed` once the vault has been closed. */
  async reserve(): Promise<Uint8Array> {
    this.#mustBeOpen();
    const session = await this.#current();
    return concatBytes([session.id, this.#provider.randomBytes(BLOB_BYTES)]);
  }

  async put(reference: Uint8Array, body: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
    await this.#store.putBlob(blobKey(reference), body);
  }

  /** To be taken before the first of several blobs, and released when they are referenced or given up. */
  hold(): Hold {
    const hold = { lost: false, release: () => void this.#holds.delete(hold) };
    this.#holds.add(hold);
    return hold;
  }

  /** Nothing can be written any more. */
  get closed(): boolean {
    return this.#closed;
  }

  /** How many sessions of this program were found dead. What was written before it last rose may be gone. */
  get deaths(): number {
    return this.#dead.length;
  }

  /** Whether a blob was written under a session that was found dead: it may be gone, or about to go. */
  isDead(reference: Uint8Array): boolean {
    return this.#dead.some((id) => sameBytes(id, reference.subarray(0, SESSION_BYTES)));
  }

  /** Whether a blob was written under the session that new blobs are written under. */
  isCurrent(reference: Uint8Array): boolean {
    return this.#currentId !== undefined && sameBytes(this.#currentId, reference.subarray(0, SESSION_BYTES));
  }

  /**
   * Called before a commit of blobs that were written when {@link deaths} was `deaths`. Throws `unavailable` when gc
   * has declared a session dead since, because blobs written under it may be gone; the next write starts a new session.
   */
  async prove(deaths: number): Promise<void> {
    await this.look();
    if (this.deaths !== deaths) throw collected();
  }

  /** Makes sure that {@link deaths} counts every session of this program that may have died by now. */
  async look(): Promise<void> {
    this.#mustBeOpen();
    const current = await this.#session;
    for (const session of [...(current === undefined ? [] : [current]), ...this.#held()]) {
      const elapsed = Math.max(Date.now() - session.renewedAt, performance.now() - session.renewedTick);
      if (elapsed > PROVE_MS) await this.#renew(session);
    }
  }

  /** Whether this program itself writes under a session. */
  owns(session: Uint8Array): boolean {
    return this.#live.some((id) => sameBytes(id, session));
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== undefined) clearInterval(this.#timer);
    const current = await this.#session?.catch(() => undefined);
    const sessions = [
      ...(current === undefined ? [] : [current]),
      ...this.#rotated.map((one) => one.session),
    ];
    this.#session = undefined;
    this.#rotated = [];
    // A lease that cannot be ended simply runs out.
    for (const session of sessions) await this.#swap(session, true).catch(() => undefined);
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
    this.#currentId = id;
    this.#timer ??= setInterval(() => void this.#tick(), RENEW_MS);
    this.#timer.unref?.();
    return { id, started, etag, renewedAt: started, renewedTick: performance.now() };
  }

  async #tick(): Promise<void> {
    const pending = this.#session;
    const current = await pending?.catch(() => undefined);
    // `look` reports a failure to whoever depends on the lease.
    for (const session of [...(current === undefined ? [] : [current]), ...this.#held()])
      await this.#renew(session).catch(() => undefined);
    const now = Date.now();
    if (current !== undefined && this.#session === pending && now - current.started > ROTATE_MS) {
      this.#session = undefined;
      this.#currentId = undefined;
      this.#rotated.push({ session: current, holds: new Set(this.#holds) });
    }
    // A commit that was under way at the rotation is long over by then, and gc may take what is left.
    const lapsed = this.#rotated.filter(
      (one) => !this.#isHeld(one) && now - one.session.renewedAt > LEASE_DEAD_MS,
    );
    this.#rotated = this.#rotated.filter((one) => !lapsed.includes(one));
    this.#live = this.#live.filter((id) => !lapsed.some(({ session }) => sameBytes(session.id, id)));
  }

  #isHeld({ holds }: Rotated): boolean {
    for (const hold of holds) if (this.#holds.has(hold as Hold & { lost: boolean })) return true;
    return false;
  }

  #held(): WriterSession[] {
    return this.#rotated.filter((one) => this.#isHeld(one)).map((one) => one.session);
  }

  async #renew(session: WriterSession): Promise<void> {
    try {
      await this.#swap(session, false);
    } catch (error) {
      if (!isStoreError(error, 'conflict')) throw error;
      if (!(await this.#stillLives(session))) {
        await this.#bury(session);
        return;
      }
      // The answer to an earlier renewal was lost.
      await this.#swap(session, false);
    }
  }

  /** Nobody but this program writes a live lease; gc writes ended ones and deletes them. */
  async #stillLives(session: WriterSession): Promise<boolean> {
    const state = await this.#store.readRegister(leaseKey(session.id));
    if (state.status !== 'value') return false;
    session.etag = state.etag;
    return openLease(this.#provider, this.#vaultId, this.#leaseKey, session.id, state.bytes).state === 'live';
  }

  async #bury(session: WriterSession): Promise<void> {
    this.#dead.push(session.id);
    for (const hold of this.#holds) hold.lost = true;
    this.#rotated = this.#rotated.filter((one) => one.session !== session);
    this.#live = this.#live.filter((id) => !sameBytes(id, session.id));
    const pending = this.#session;
    if ((await pending) === session && this.#session === pending) {
      this.#session = undefined;
      this.#currentId = undefined;
    }
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new VaultError('closed', 'the vault is closed');
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

/** What somebody is told whose blobs may have been collected. */
export function collected(cause?: unknown): VaultError {
  return new VaultError(
    'unavailable',
    'this program was away for so long that its unpublished data was collected',
    cause === undefined ? {} : { cause },
  );
}
