import { close, fsync, open } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import type { Durability } from './config.js';
import { systemCode } from './errors.js';

const openFile = promisify(open);
const syncFile = promisify(fsync);
const closeFile = promisify(close);

/** File systems that keep no directory buffers refuse to sync one; a directory that was removed needs none. */
const HARMLESS: ReadonlySet<string> = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'EISDIR', 'ENOENT']);

interface Turn {
  running: Promise<void>;
  next?: Promise<void>;
}

/** Waits for the medium when the store is durable, and does nothing when it is relaxed. */
export class Syncer {
  readonly #active: boolean;
  readonly #turns = new Map<string, Turn>();

  constructor(durability: Durability) {
    this.#active = durability === 'full';
  }

  /** Whether writes wait for the medium at all. */
  get active(): boolean {
    return this.#active;
  }

  /** Resolves when the file's content is on the medium. */
  async file(fd: number): Promise<void> {
    if (this.#active) await syncFile(fd);
  }

  /**
   * Resolves when the name of `path` and of every directory above it, below `base`, is on the medium. The whole
   * chain, because another process may have made a parent and not have synced it yet; a clean one costs little.
   */
  async names(path: string, base: string): Promise<void> {
    if (!this.#active) return;
    const chain: Promise<void>[] = [];
    for (let parent = dirname(path); parent.length >= base.length; parent = dirname(parent)) {
      chain.push(this.directory(parent));
    }
    await Promise.all(chain);
  }

  /** Syncs one directory. Callers that arrive while a sync runs share the one that begins after it. */
  directory(path: string): Promise<void> {
    const turn = this.#turns.get(path);
    if (turn === undefined) {
      const running = this.#run(path);
      this.#turns.set(path, { running });
      return running;
    }
    // A sync that has begun may have missed the caller's name: only the next one is sure to cover it.
    turn.next ??= turn.running.then(
      () => this.#takeTurn(path, turn),
      () => this.#takeTurn(path, turn),
    );
    return turn.next;
  }

  #takeTurn(path: string, turn: Turn): Promise<void> {
    const running = this.#run(path);
    turn.running = running;
    delete turn.next;
    this.#turns.set(path, turn);
    return running;
  }

  async #run(path: string): Promise<void> {
    try {
      const fd = await openFile(path, 'r');
      try {
        await syncFile(fd);
      } finally {
        await closeFile(fd);
      }
    } catch (error) {
      if (!HARMLESS.has(systemCode(error))) throw error;
    } finally {
      if (this.#turns.get(path)?.next === undefined) this.#turns.delete(path);
    }
  }
}
