import type { FileHandle } from '@latchkey/vault';

/** Bytes per block: several authenticated chunks of a segment at once, and more than the largest request. */
const BLOCK_BYTES = 256 * 1024;

/** Blocks fetched beyond the one that was asked for. */
const AHEAD_BLOCKS = 2;

/** A request this close to the expected offset still counts as sequential, in bytes: clients reorder a little. */
const NEARBY_BYTES = 1024 * 1024;

/** Memory for blocks read ahead, shared by all handles of a session. */
export class ReadAheadBudget {
  #available: number;

  /** `bytes` may be 0, which turns reading ahead off. */
  constructor(bytes: number) {
    this.#available = bytes;
  }

  take(): boolean {
    if (this.#available < BLOCK_BYTES) return false;
    this.#available -= BLOCK_BYTES;
    return true;
  }

  giveBack(blocks: number): void {
    this.#available += blocks * BLOCK_BYTES;
  }
}

/**
 * Serves reads that walk through a file from blocks fetched ahead, so that a client of small requests costs the vault
 * few large reads, and no chunk is decrypted twice. Only for handles that cannot write: their content never changes.
 */
export class ReadAhead {
  readonly #file: FileHandle;
  readonly #budget: ReadAheadBudget;
  readonly #blocks = new Map<number, Promise<Uint8Array>>();
  #expected = 0;
  #streak = 0;
  #end = Number.POSITIVE_INFINITY;

  constructor(file: FileHandle, budget: ReadAheadBudget) {
    this.#file = file;
    this.#budget = budget;
  }

  /** Up to `length` bytes from `offset` in pieces; no piece at the end of the file. */
  async read(offset: number, length: number): Promise<readonly Uint8Array[]> {
    const near = Math.abs(offset - this.#expected) <= NEARBY_BYTES;
    this.#streak = near ? this.#streak + 1 : 0;
    this.#expected = offset + length;
    // The first read alone says nothing: small files and headers are read once.
    const pieces = this.#streak > 1 ? await this.#fromBlocks(offset, length) : undefined;
    return pieces ?? pieceOf(await this.#file.read(offset, length));
  }

  /** Drops what was read ahead. */
  clear(): void {
    this.#budget.giveBack(this.#blocks.size);
    this.#blocks.clear();
  }

  async #fromBlocks(offset: number, length: number): Promise<readonly Uint8Array[] | undefined> {
    const first = Math.floor(offset / BLOCK_BYTES);
    const last = Math.floor((offset + length - 1) / BLOCK_BYTES);
    this.#dropBefore(first - Math.ceil(NEARBY_BYTES / 4 / BLOCK_BYTES));
    const wanted: Promise<Uint8Array>[] = [];
    for (let index = first; index <= last; index++) {
      const block = this.#fetch(index);
      if (block === undefined) return undefined;
      wanted.push(block);
    }
    for (let index = last + 1; index <= last + AHEAD_BLOCKS && index * BLOCK_BYTES < this.#end; index++)
      this.#fetch(index);
    const pieces: Uint8Array[] = [];
    for (const [position, block] of (await Promise.all(wanted)).entries()) {
      const start = (first + position) * BLOCK_BYTES;
      const piece = block.subarray(Math.max(offset - start, 0), Math.max(offset + length - start, 0));
      if (piece.length > 0) pieces.push(piece);
      if (block.length < BLOCK_BYTES) break;
    }
    return pieces;
  }

  #fetch(index: number): Promise<Uint8Array> | undefined {
    const known = this.#blocks.get(index);
    if (known !== undefined) return known;
    if (!this.#budget.take()) return undefined;
    const block = this.#file.read(index * BLOCK_BYTES, BLOCK_BYTES);
    this.#blocks.set(index, block);
    block.then(
      (bytes) => {
        if (bytes.length < BLOCK_BYTES) this.#end = Math.min(this.#end, index * BLOCK_BYTES + bytes.length);
      },
      // Whoever awaits the block gets the error; one read ahead in vain is fetched again when it is asked for.
      () => {
        if (this.#blocks.get(index) === block) this.#drop(index);
      },
    );
    return block;
  }

  #drop(index: number): void {
    if (this.#blocks.delete(index)) this.#budget.giveBack(1);
  }

  #dropBefore(first: number): void {
    for (const index of this.#blocks.keys()) if (index < first || index > first + 16) this.#drop(index);
  }
}

function pieceOf(bytes: Uint8Array): readonly Uint8Array[] {
  return bytes.length === 0 ? [] : [bytes];
}
