import {
  compareKeys,
  type Head,
  type PageRef,
  pageDigest,
  type SealedRecord,
  sealPage,
} from '@latchkey/encryption';
import type { VaultContext } from '../context.js';
import { HEAD_TREE_BYTES, PAGE_BYTES, PAGE_RECORDS } from '../limits.js';
import type { Directory } from './directory.js';
import { treeBytes } from './next-head.js';
import { isTombstone, type Row, recordBytes } from './rows.js';
import { childIndex } from './tree.js';

/** A leaf with fewer records than this is joined with its neighbour when it is written anyway. */
const SPARSE_RECORDS = PAGE_RECORDS / 4;
/** Pages written at once. */
const PARALLEL_PUTS = 8;

export interface Folded {
  /** The tree that the fold started from: it can be installed only over this one. */
  readonly base: readonly PageRef[];
  /** The changes that went into it, by key. */
  readonly changes: ReadonlyMap<string, SealedRecord>;
  readonly level: number;
  readonly tree: readonly PageRef[];
  /** Pages of the old tree that the new one does without. */
  readonly released: readonly Uint8Array[];
  /** Sessions that had been found dead when it began: its pages are good only while it is still so many. */
  readonly deaths: number;
  /** Pages written, to be deleted when the fold is not installed. */
  readonly written: readonly Uint8Array[];
}

/**
 * Merges a head's changes into new pages beside the old ones. Nothing refers to them until a commit installs them,
 * so a fold can run while commits go on, and can be thrown away.
 */
export async function fold(context: VaultContext, directory: Directory, head: Head): Promise<Folded> {
  const run = new Fold(context, directory, head);
  try {
    return await run.result();
  } catch (error) {
    await run.abandon();
    throw error;
  }
}

class Fold {
  readonly #context: VaultContext;
  readonly #directory: Directory;
  readonly #head: Head;
  readonly #released: Uint8Array[] = [];
  readonly #written: Uint8Array[] = [];
  readonly #deaths: number;
  #puts = new Set<Promise<void>>();

  constructor(context: VaultContext, directory: Directory, head: Head) {
    this.#context = context;
    this.#directory = directory;
    this.#head = head;
    this.#deaths = context.writer.deaths;
  }

  async result(): Promise<Folded> {
    const head = this.#head;
    let level = Math.max(head.level, 1);
    let refs = await this.#foldLevel(head.tree, level, head.changes, undefined);
    while (level > 1 && refs.length === 1) {
      // The page may be one that this fold wrote.
      await Promise.all(this.#puts);
      const page = await this.#context.pages.load(this.#directory.keys, refs[0] as PageRef);
      if (!fitsHead(page.refs)) break;
      this.#released.push((refs[0] as PageRef).blob);
      refs = [...page.refs];
      level--;
    }
    while (!fitsHead(refs) && refs.length > 1) {
      refs = await this.#writeIndex(refs, level + 1);
      level++;
    }
    await Promise.all(this.#puts);
    return {
      base: head.tree,
      changes: new Map(head.changes.map((change) => [change.key, change])),
      level: refs.length === 0 ? 0 : level,
      tree: refs,
      released: this.#released,
      written: this.#written,
      deaths: this.#deaths,
    };
  }

  async abandon(): Promise<void> {
    await Promise.allSettled(this.#puts);
    this.#context.sweeper.discard(this.#written);
  }

  async #foldLevel(
    refs: readonly PageRef[],
    level: number,
    changes: readonly SealedRecord[],
    end: string | undefined,
  ): Promise<PageRef[]> {
    const result: PageRef[] = [];
    if (refs.length === 0) return this.#writeLeaves([], changes);
    let at = 0;
    let index = changes.length === 0 ? refs.length : childIndex(refs, (changes[0] as SealedRecord).key);
    result.push(...refs.slice(0, index));
    for (; index < refs.length; index++) {
      const ref = refs[index] as PageRef;
      const bound = refs[index + 1]?.firstKey ?? end;
      const from = at;
      while (
        at < changes.length &&
        (bound === undefined || compareKeys((changes[at] as SealedRecord).key, bound) < 0)
      )
        at++;
      if (from === at) {
        result.push(ref);
        continue;
      }
      const page = await this.#context.pages.load(this.#directory.keys, ref);
      this.#released.push(ref.blob);
      const mine = changes.slice(from, at);
      if (level > 1) {
        const below = await this.#foldLevel(page.refs, level - 1, mine, bound);
        if (below.length > 0) result.push(...(await this.#writeIndex(below, level)));
        continue;
      }
      const rows = merge(page.rows, mine);
      // A leaf that has shrunk takes in what follows, so that removing names leaves no trail of tiny pages.
      while (rows.length < SPARSE_RECORDS && index + 1 < refs.length) {
        index++;
        const next = refs[index] as PageRef;
        const nextBound = refs[index + 1]?.firstKey ?? end;
        const start = at;
        while (
          at < changes.length &&
          (nextBound === undefined || compareKeys((changes[at] as SealedRecord).key, nextBound) < 0)
        ) {
          at++;
        }
        const neighbour = await this.#context.pages.load(this.#directory.keys, next);
        this.#released.push(next.blob);
        rows.push(...merge(neighbour.rows, changes.slice(start, at)));
      }
      result.push(...(await this.#writeRecords(rows)));
    }
    return result;
  }

  #writeLeaves(rows: readonly Row[], changes: readonly SealedRecord[]): Promise<PageRef[]> {
    return this.#writeRecords(merge(rows, changes));
  }

  async #writeRecords(records: readonly SealedRecord[]): Promise<PageRef[]> {
    const refs: PageRef[] = [];
    for (const group of split(records)) {
      refs.push(
        await this.#write((group[0] as SealedRecord).key, group.length, { level: 1, records: group }),
      );
    }
    return refs;
  }

  async #writeIndex(refs: readonly PageRef[], level: number): Promise<PageRef[]> {
    const pages = Math.ceil(refs.length / PAGE_RECORDS);
    const each = Math.ceil(refs.length / pages);
    const result: PageRef[] = [];
    for (let at = 0; at < refs.length; at += each) {
      const group = refs.slice(at, at + each);
      const count = group.reduce((sum, ref) => sum + ref.count, 0);
      result.push(await this.#write((group[0] as PageRef).firstKey, count, { level, refs: group }));
    }
    return result;
  }

  async #write(
    firstKey: string,
    count: number,
    page: { level: number; records?: readonly SealedRecord[]; refs?: readonly PageRef[] },
  ): Promise<PageRef> {
    const { provider, vaultId, writer } = this.#context;
    const blob = await writer.reserve();
    const bytes = sealPage(provider, this.#directory.keys, vaultId, blob, page, this.#head.escrow);
    while (this.#puts.size >= PARALLEL_PUTS) await Promise.race(this.#puts);
    this.#written.push(blob);
    const put = writer.put(blob, bytes);
    put.catch(() => undefined);
    this.#puts.add(put);
    put.then(
      () => this.#puts.delete(put),
      () => undefined,
    );
    return { firstKey, blob, count, sha256: pageDigest(provider, bytes) };
  }
}

function fitsHead(refs: readonly PageRef[]): boolean {
  return refs.length <= PAGE_RECORDS && treeBytes(refs) <= HEAD_TREE_BYTES;
}

function merge(rows: readonly Row[], changes: readonly SealedRecord[]): SealedRecord[] {
  const merged: SealedRecord[] = [];
  let at = 0;
  for (const row of rows) {
    while (at < changes.length && compareKeys((changes[at] as SealedRecord).key, row.key) < 0) {
      merged.push(changes[at++] as SealedRecord);
    }
    if (changes[at]?.key === row.key) merged.push(changes[at++] as SealedRecord);
    else merged.push(row.sealed());
  }
  for (; at < changes.length; at++) merged.push(changes[at] as SealedRecord);
  return merged.filter((record) => !isTombstone(record));
}

/** Groups of at most a page, as even as their bytes allow, so that pages keep room to grow. */
function split(records: readonly SealedRecord[]): SealedRecord[][] {
  const total = records.reduce((sum, record) => sum + recordBytes(record), 0);
  const pages = Math.max(Math.ceil(total / PAGE_BYTES), Math.ceil(records.length / PAGE_RECORDS), 1);
  const target = total / pages;
  const groups: SealedRecord[][] = [];
  let group: SealedRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    const size = recordBytes(record);
    if (
      group.length > 0 &&
      (bytes + size / 2 > target || bytes + size > PAGE_BYTES || group.length === PAGE_RECORDS)
    ) {
      groups.push(group);
      group = [];
      bytes = 0;
    }
    group.push(record);
    bytes += size;
  }
  if (group.length > 0) groups.push(group);
  return groups;
}
