import {
  compareKeys,
  type DirectoryKeys,
  type Head,
  type PageRef,
  type SealedRecord,
} from '@latchkey/encryption';
import type { PageCache } from './page-cache.js';
import { find, isTombstone, lowerBound, type Row } from './rows.js';

/** The names of a directory: the head's recent changes over a sorted tree of pages. */
export class Tree {
  readonly #pages: PageCache;
  readonly #keys: DirectoryKeys;
  readonly #head: Head;

  constructor(pages: PageCache, keys: DirectoryKeys, head: Head) {
    this.#pages = pages;
    this.#keys = keys;
    this.#head = head;
  }

  /** The row under `key`, at the cost of one page per level. */
  async get(key: string): Promise<Row | undefined> {
    const changed = find(this.#head.changes, key);
    if (changed !== undefined) return isTombstone(changed) ? undefined : rowOf(changed);
    let refs: readonly PageRef[] = this.#head.tree;
    for (let level = this.#head.level; level > 0; level--) {
      const ref = refs[childIndex(refs, key)];
      if (ref === undefined) return undefined;
      const page = await this.#pages.load(this.#keys, ref);
      if (level === 1) return find(page.rows, key);
      refs = page.refs;
    }
    return undefined;
  }

  /** Rows in key order from the first after `after` on (or from `from`, itself included), a page at a time. */
  async *scan(bounds: { after?: string; from?: string } = {}): AsyncGenerator<Row[]> {
    const start = bounds.after ?? bounds.from ?? '';
    const beyond = (key: string): boolean => {
      const order = compareKeys(key, start);
      return bounds.after === undefined ? order >= 0 : order > 0;
    };
    const changes = this.#head.changes;
    let at = lowerBound(changes, start);
    if (bounds.after !== undefined && changes[at]?.key === start) at++;
    for await (const leaf of this.#leaves(this.#head.tree, this.#head.level, start, undefined)) {
      const merged: Row[] = [];
      for (const row of leaf.rows) {
        if (!beyond(row.key)) continue;
        while (at < changes.length && compareKeys((changes[at] as SealedRecord).key, row.key) < 0) {
          take(changes[at++] as SealedRecord, merged);
        }
        if (changes[at]?.key === row.key) take(changes[at++] as SealedRecord, merged);
        else merged.push(row);
      }
      while (
        at < changes.length &&
        (leaf.end === undefined || compareKeys((changes[at] as SealedRecord).key, leaf.end) < 0)
      ) {
        take(changes[at++] as SealedRecord, merged);
      }
      if (merged.length > 0) yield merged;
    }
    const rest: Row[] = [];
    while (at < changes.length) take(changes[at++] as SealedRecord, rest);
    if (rest.length > 0) yield rest;
  }

  /** Leaves that can hold `start` or what follows. `end` is the first key of the next leaf. */
  async *#leaves(
    refs: readonly PageRef[],
    level: number,
    start: string,
    end: string | undefined,
  ): AsyncGenerator<{ rows: readonly Row[]; end: string | undefined }> {
    if (level === 0) return;
    const first = childIndex(refs, start);
    let next: ReturnType<PageCache['load']> | undefined;
    for (let index = first; index < refs.length; index++) {
      const page = await (next ?? this.#pages.load(this.#keys, refs[index] as PageRef));
      const following = refs[index + 1];
      next = following === undefined ? undefined : this.#pages.load(this.#keys, following);
      next?.catch(() => undefined);
      const bound = following?.firstKey ?? end;
      if (level === 1) yield { rows: page.rows, end: bound };
      else yield* this.#leaves(page.refs, level - 1, start, bound);
    }
  }
}

/** The reference whose range holds `key`: the last one that begins at or before it, else the first. */
export function childIndex(refs: readonly PageRef[], key: string): number {
  let low = 0;
  let high = refs.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (compareKeys((refs[middle] as PageRef).firstKey, key) <= 0) low = middle;
    else high = middle - 1;
  }
  return low;
}

export function rowOf(record: SealedRecord): Row {
  return { key: record.key, listing: record.listing, sealed: () => record };
}

function take(change: SealedRecord, into: Row[]): void {
  if (!isTombstone(change)) into.push(rowOf(change));
}
