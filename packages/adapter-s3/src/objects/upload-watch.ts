import type { Logger } from '@latchkey/server-guard';
import { type ObjectSession, STAGING } from '@latchkey/vault';
import { isVaultError } from '../errors.js';
import { expireUploads } from './abandoned.js';
import { startOf } from './upload-ids.js';

/** How often abandoned uploads are looked for, in milliseconds, at the most. */
const SWEEP_MS = 60 * 60_000;

/** Which uploads are being worked on, and the end of those that nobody works on any more. */
export class UploadWatch {
  readonly #keepMs: number;
  readonly #log: Logger;
  readonly #inUse = new Map<string, number>();
  /** The newest session of each user that has been here. */
  readonly #sessions: Map<string, ObjectSession>;
  readonly #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<void> | undefined;

  /** `keepMs`: milliseconds for which an upload is kept that nothing happens to; infinite: for ever. */
  constructor(keepMs: number, log: Logger, sessions: ReadonlyMap<string, ObjectSession> = new Map()) {
    this.#sessions = new Map(sessions);
    this.#keepMs = keepMs;
    this.#log = log;
    if (!Number.isFinite(keepMs)) return;
    this.#timer = setInterval(() => this.#sweep(), Math.min(keepMs, SWEEP_MS));
    this.#timer.unref();
  }

  saw(user: string, session: ObjectSession): void {
    this.#sessions.set(user, session);
  }

  /** While `work` runs the upload is not taken for abandoned, here or (once it is old) by another server. */
  async using<T>(session: ObjectSession, id: string, work: () => Promise<T>): Promise<T> {
    this.#inUse.set(id, (this.#inUse.get(id) ?? 0) + 1);
    try {
      if (Date.now() - startOf(id) > this.#keepMs / 2) await touch(session, id);
      return await work();
    } finally {
      const left = (this.#inUse.get(id) ?? 1) - 1;
      if (left > 0) this.#inUse.set(id, left);
      else this.#inUse.delete(id);
    }
  }

  /** Resolves when no session is used any more. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sweeping;
  }

  #sweep(): void {
    this.#sweeping ??= this.#sweepAll().finally(() => {
      this.#sweeping = undefined;
    });
  }

  async #sweepAll(): Promise<void> {
    for (const [user, session] of this.#sessions) {
      try {
        const isInUse = (id: string): boolean => this.#inUse.has(id);
        const ended = await expireUploads(session, { olderThanMs: this.#keepMs, isInUse });
        if (ended > 0) this.#log('info', 'abandoned uploads were ended', { user, ended });
      } catch (error) {
        if (isVaultError(error, 'closed')) this.#sessions.delete(user);
        else this.#log('warn', 'abandoned uploads could not be looked for', { user, error });
      }
    }
  }
}

async function touch(session: ObjectSession, id: string): Promise<void> {
  const seconds = Math.floor(Date.now() / 1000);
  try {
    await session.changeObject([STAGING, id], () => ({ modified: { seconds, nanoseconds: 0 } }));
  } catch (error) {
    // Whoever works on the upload finds out, and says so.
    if (!isVaultError(error, 'not-found')) throw error;
  }
}
