import { randomInt } from 'node:crypto';
import { closeSync, existsSync, ftruncateSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import { type ETag, type RegisterState, StoreError, type StoreKey } from '@latchkey/store';
import type { Syncer } from './durability.js';
import { systemCode } from './errors.js';
import {
  encodeGeneration,
  type Generation,
  generationPath,
  KEPT,
  listGenerations,
  readGeneration,
} from './generations.js';
import type { Publication } from './publication.js';
import { removeQuietly } from './removal.js';
import type { Root } from './root.js';
import type { TemporaryFiles } from './temporary.js';
import { writeAllSync } from './writing.js';

const ATTEMPTS = 1000;

/**
 * A register is a directory of generations; the highest number is its value and its tag. A swap from n publishes
 * n + 1, which only one writer can. Three things make that sound:
 *
 * - A slow writer may take a number that was used, superseded and pruned. Since `KEPT` older generations stay,
 *   the highest is then at least `KEPT + 1` above it: after publishing, the writer looks, and did not win.
 * - A generation that is pruned becomes the file of a later one. Whoever still has it open sees a checksum that is not
 *   that of its number, finds the generations before it gone too, and looks again.
 * - A register that is made starts at a random number, and with its whole directory in one rename. So a tag of a
 *   deleted register never means anything in a later one of the same key, and no two writers make it at once.
 */
export class Registers {
  readonly #root: Root;
  readonly #temporary: TemporaryFiles;
  readonly #syncer: Syncer;
  readonly #publication: Publication;

  constructor(root: Root, temporary: TemporaryFiles, syncer: Syncer, publication: Publication) {
    this.#root = root;
    this.#temporary = temporary;
    this.#syncer = syncer;
    this.#publication = publication;
  }

  /** With a tag that still holds, this is one readdir. */
  read(key: StoreKey, known?: ETag): RegisterState {
    const directory = this.#root.layout.register(key);
    const numbers = listGenerations(directory);
    if (numbers.length > 0 && tagOf(numbers[0]!) === known) return { status: 'unchanged' };
    const current = this.#newest(key, directory, numbers);
    if (current === undefined) {
      this.#root.assertPresent();
      return { status: 'absent' };
    }
    const etag = tagOf(current.number);
    if (etag === known) return { status: 'unchanged' };
    return { status: 'value', bytes: current.bytes, etag, modifiedAt: current.modifiedAt };
  }

  async swap(key: StoreKey, expected: ETag | null, bytes: Uint8Array): Promise<ETag> {
    const directory = this.#root.layout.register(key);
    // Looked at first so that a hopeless swap of a large head costs one readdir, not a write.
    const top = this.#assertCurrent(key, directory, expected);
    return expected === null
      ? this.#make(key, directory, bytes)
      : this.#advance(key, directory, expected, top, bytes);
  }

  /** Whether there was such a register. */
  delete(key: StoreKey): boolean {
    const directory = this.#root.layout.register(key);
    const aside = this.#temporary.path();
    try {
      // One step: a writer meanwhile either came before it and is deleted too, or finds no directory.
      renameSync(directory, aside);
    } catch (error) {
      const code = systemCode(error);
      if (code === 'ENOENT' || code === 'ENOTDIR') return false;
      // No room for one more name in the temporary folder: clear it where it is.
      if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error;
      rmSync(directory, { recursive: true, force: true });
    }
    this.#temporary.discard(aside);
    this.#root.removeEmptyParents(directory, this.#root.layout.registers);
    return true;
  }

  /** Returns the highest number there is, whole or not. Throws `conflict` unless the tag is the expected one. */
  #assertCurrent(key: StoreKey, directory: string, expected: ETag | null): number {
    const numbers = listGenerations(directory);
    const top = numbers[0] ?? 0;
    if (numbers.length === 0) this.#root.assertPresent();
    const actual =
      numbers.length === 0 || tagOf(top) === expected ? top : this.#newest(key, directory, numbers)?.number;
    if ((actual ? tagOf(actual) : null) !== expected) {
      throw new StoreError('conflict', `register ${key} was changed by another writer`);
    }
    return top;
  }

  async #make(key: StoreKey, directory: string, bytes: Uint8Array): Promise<ETag> {
    const number = randomInt(1, 2 ** 40);
    const draft = this.#temporary.path();
    try {
      this.#root.place(draft, () => mkdirSync(draft, { mode: 0o700 }));
      await this.#write(openSync(generationPath(draft, number), 'wx', 0o600), number, bytes);
      if (this.#syncer.active) await this.#syncer.directory(draft);
      this.#root.place(directory, () => renameSync(draft, directory));
    } catch (error) {
      // The random number tells whether the rename worked although its answer was lost.
      const done = !existsSync(draft) && existsSync(generationPath(directory, number));
      if (!done) {
        this.#temporary.discard(draft);
        if (systemCode(error) === 'ENOTEMPTY' || systemCode(error) === 'EEXIST') {
          throw new StoreError('conflict', `register ${key} was made by another writer`, { cause: error });
        }
        throw error;
      }
    }
    await this.#settle(key, generationPath(directory, number));
    return tagOf(number);
  }

  async #advance(
    key: StoreKey,
    directory: string,
    expected: ETag,
    top: number,
    bytes: Uint8Array,
  ): Promise<ETag> {
    const { path, fd } = this.#temporary.reopen();
    let basis: number;
    let target: string;
    try {
      await this.#write(fd, top + 1, bytes);
      // Once more if syncing took time: between the last look and the link next to none must pass.
      basis = this.#syncer.active ? this.#assertCurrent(key, directory, expected) : top;
      if (basis !== top) throw new StoreError('conflict', `register ${key} was changed by another writer`);
      target = generationPath(directory, basis + 1);
      if (!this.#publication.publish(path, target)) {
        throw new StoreError('conflict', `register ${key} was changed by another writer`);
      }
    } catch (error) {
      this.#temporary.discard(path);
      if (systemCode(error) === 'ENOENT' && !existsSync(directory)) {
        this.#root.assertPresent();
        throw new StoreError('conflict', `register ${key} was deleted`, { cause: error });
      }
      throw error;
    }
    const numbers = this.#assertWon(key, directory, basis);
    await this.#settle(key, target);
    this.#prune(directory, numbers);
    return tagOf(basis + 1);
  }

  async #write(fd: number, number: number, bytes: Uint8Array): Promise<void> {
    let open = true;
    try {
      const file = encodeGeneration(number, bytes);
      writeAllSync(fd, file);
      ftruncateSync(fd, file.length);
      await this.#syncer.file(fd);
      open = false;
      closeSync(fd);
    } finally {
      if (open) closeSync(fd);
    }
  }

  /**
   * Returns the generations there are after one was published on top of `basis`. Throws, and removes it, when its
   * number had been used before.
   */
  #assertWon(key: StoreKey, directory: string, basis: number): readonly number[] {
    const numbers = listGenerations(directory);
    const ahead = (numbers[0] ?? 0) - (basis + 1);
    // Deleted since: the swap came first.
    if (numbers.length === 0) return numbers;
    // The newest, or others have built on it already. Its basis can be missing only from another life of the key.
    if (ahead === KEPT || (ahead < KEPT && numbers.includes(basis))) return numbers;
    removeQuietly(generationPath(directory, basis + 1));
    if (ahead < KEPT) throw new StoreError('conflict', `register ${key} was made anew by another writer`);
    throw new StoreError(
      'unavailable',
      `register ${key} moved on; whether this swap was part of it is unknown`,
    );
  }

  /** From here on the swap has happened: a failure leaves its durability unknown, never its absence certain. */
  async #settle(key: StoreKey, path: string): Promise<void> {
    try {
      await this.#syncer.names(path, this.#root.layout.registers);
    } catch (error) {
      throw new StoreError('unavailable', `register ${key} was set but could not be synced`, {
        cause: error,
      });
    }
  }

  #prune(directory: string, numbers: readonly number[]): void {
    for (const number of numbers) {
      if (number < numbers[0]! - KEPT) this.#temporary.recycle(generationPath(directory, number));
    }
  }

  /** The newest whole generation; undefined when there is no register. */
  #newest(key: StoreKey, directory: string, listed: readonly number[]): Generation | undefined {
    let numbers = listed;
    for (let attempt = 0; attempt < ATTEMPTS && numbers.length > 0; attempt += 1) {
      let gone = false;
      let found: Generation | undefined;
      for (const number of numbers) {
        const generation = readGeneration(directory, number);
        if (typeof generation === 'object') found = generation;
        gone = generation === 'gone';
        if (gone || found !== undefined) break;
      }
      const before = numbers;
      numbers = listGenerations(directory);
      // Everything that is there is torn. Had anything been pruned under the reader, the top would be another.
      if (!gone && found === undefined && numbers[0] === before[0]) break;
      // What was read may be of a slow writer that took a number pruned meanwhile, which takes more than `KEPT` swaps.
      if (found !== undefined && swapsSince(found.number, before, numbers) <= KEPT) return found;
    }
    if (numbers.length === 0) return undefined;
    throw new StoreError('unavailable', `register ${key} has no whole generation`);
  }
}

/** Swaps that went over generation `number` between two looks at a register, as far as their generations stand. */
function swapsSince(number: number, before: readonly number[], after: readonly number[]): number {
  const above = (numbers: readonly number[]): number => numbers.filter((other) => other > number).length;
  return above(after) - above(before);
}

function tagOf(number: number): ETag {
  return String(number) as ETag;
}
