import type { ObjectSession } from '@latchkey/vault';
import { behindKey, behindPrefix, type Walked, walk } from './walk.js';

export interface ListingQuery {
  readonly bucket: string;
  readonly prefix: string;
  /** '': none. */
  readonly delimiter: string;
  /** Keys and common prefixes begin behind this one. */
  readonly after: string;
  readonly limit: number;
}

export interface Listing {
  readonly objects: readonly Walked[];
  readonly prefixes: readonly string[];
  /** The last key or common prefix, when there are more. */
  readonly last?: string;
}

/** One page of a listing. Common prefixes count as keys do. */
export async function listPage(session: ObjectSession, query: ListingQuery): Promise<Listing> {
  const objects: Walked[] = [];
  const prefixes: string[] = [];
  let last = '';
  for await (const one of rolledUp(session, query)) {
    if (objects.length + prefixes.length === query.limit)
      return query.limit === 0 ? { objects, prefixes } : { objects, prefixes, last };
    if (typeof one === 'string') {
      prefixes.push(one);
      last = one;
    } else {
      objects.push(one);
      last = one.key;
    }
  }
  return { objects, prefixes };
}

/**
 * Objects, and common prefixes as text, in order. A directory that was made to stay is left out when there is content under
 * its very key, which comes next.
 */
async function* rolledUp(session: ObjectSession, query: ListingQuery): AsyncGenerator<Walked | string> {
  let directory: Walked | undefined;
  for await (const one of everything(session, query)) {
    if (directory !== undefined && (typeof one === 'string' || one.key !== directory.key)) yield directory;
    directory = typeof one !== 'string' && one.entry.kind === 'directory' ? one : undefined;
    if (directory === undefined) yield one;
  }
  if (directory !== undefined) yield directory;
}

async function* everything(
  session: ObjectSession,
  { bucket, prefix, delimiter, after }: ListingQuery,
): AsyncGenerator<Walked | string> {
  let from: string | undefined = later(prefix, after === '' ? '' : start(after, prefix, delimiter));
  while (from !== undefined) {
    const steps: AsyncGenerator<Walked, void, 'skip' | undefined> = walk(session, bucket, from);
    from = undefined;
    for (let step = await steps.next(); step.done !== true; ) {
      const { key, entry } = step.value;
      if (!key.startsWith(prefix)) {
        // A directory on the way to the prefix; anything else is behind all that is wanted.
        if (!prefix.startsWith(key)) return;
        step = await steps.next();
        continue;
      }
      const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
      if (end < 0) {
        if (entry.kind === 'file' || entry.explicit) yield step.value;
        step = await steps.next();
        continue;
      }
      const common = key.slice(0, end + delimiter.length);
      yield common;
      if (common === key && entry.kind === 'directory') {
        step = await steps.next('skip');
        continue;
      }
      from = behindPrefix(common);
      break;
    }
    await steps.return();
  }
}

/** Where to begin behind `after`, which rolls up like any key. */
function start(after: string, prefix: string, delimiter: string): string {
  const end = delimiter === '' || !after.startsWith(prefix) ? -1 : after.indexOf(delimiter, prefix.length);
  if (end < 0) return behindKey(after);
  return behindPrefix(after.slice(0, end + delimiter.length)) ?? behindKey(after);
}

/** The later of two in the order of bytes. */
function later(a: string, b: string): string {
  return Buffer.compare(Buffer.from(a), Buffer.from(b)) >= 0 ? a : b;
}
