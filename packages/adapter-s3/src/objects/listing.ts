import type { ObjectSession } from '@latchkey/vault';
import { behindKey, behindPrefix, behindVersions, type Walked, walk } from './walk.js';

export interface ListingQuery {
  readonly bucket: string;
  readonly prefix: string;
  /** '': none. */
  readonly delimiter: string;
  /** Keys and common prefixes begin behind this one. */
  readonly after: string;
  readonly limit: number;
  /** All versions instead of the current ones. */
  readonly versions?: boolean;
  /** Where to begin instead of behind `after`. */
  readonly from?: string;
}

export interface Listing {
  readonly objects: readonly Walked[];
  readonly prefixes: readonly string[];
  /** The last key or common prefix, when there are more. */
  readonly last?: string;
}

/** As many objects of a common prefix are passed over where they stand, before its end is looked for in the vault. */
const NEAR = 32;

/** One page of a listing. Common prefixes count as keys do. */
export async function listPage(session: ObjectSession, query: ListingQuery): Promise<Listing> {
  const objects: Walked[] = [];
  const prefixes: string[] = [];
  let last = '';
  // One more tells whether there are more.
  const wanted = (): number => query.limit + 1 - objects.length - prefixes.length;
  for await (const one of rolledUp(session, query, wanted)) {
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
async function* rolledUp(
  session: ObjectSession,
  query: ListingQuery,
  wanted: () => number,
): AsyncGenerator<Walked | string> {
  let directory: Walked | undefined;
  for await (const one of everything(session, query, wanted)) {
    if (directory !== undefined && (typeof one === 'string' || one.key !== directory.key)) yield directory;
    directory = typeof one !== 'string' && one.entry.kind === 'directory' ? one : undefined;
    if (directory === undefined) yield one;
  }
  if (directory !== undefined) yield directory;
}

async function* everything(
  session: ObjectSession,
  { bucket, prefix, delimiter, after, versions = false, from: begin }: ListingQuery,
  wanted: () => number,
): AsyncGenerator<Walked | string> {
  const kept = (await session.versions.keeping(bucket)) !== undefined;
  let from: string | undefined = later(
    prefix,
    begin ?? (after === '' ? '' : start(after, prefix, delimiter, versions)),
  );
  while (from !== undefined) {
    const steps: AsyncGenerator<Walked, void, 'skip' | undefined> = walk(session, bucket, from, {
      versions,
      wanted,
    });
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
      // Where versions are kept a directory may hold nothing else.
      if (kept && entry.kind === 'directory' && !(await holdsObject(session, bucket, key, versions))) {
        step = await steps.next('skip');
        continue;
      }
      yield common;
      if (common === key && entry.kind === 'directory') {
        step = await steps.next('skip');
        continue;
      }
      let passed = 0;
      do step = await steps.next(inside(step.value));
      while (step.done !== true && step.value.key.startsWith(common) && ++passed < NEAR);
      if (step.done === true || !step.value.key.startsWith(common)) continue;
      from = behindPrefix(common);
      break;
    }
    await steps.return();
  }
}

/** How a walk goes on behind what is rolled up: past a directory, everything in it is, too. */
function inside({ entry }: Walked): 'skip' | undefined {
  return entry.kind === 'directory' ? 'skip' : undefined;
}

async function holdsObject(
  session: ObjectSession,
  bucket: string,
  directory: string,
  versions: boolean,
): Promise<boolean> {
  for await (const { key, entry } of walk(session, bucket, directory, { versions, wanted: () => 2 })) {
    if (!key.startsWith(directory)) return false;
    if (entry.kind === 'file' || entry.explicit) return true;
  }
  return false;
}

/** Where to begin behind `after`, which rolls up like any key. */
function start(after: string, prefix: string, delimiter: string, versions: boolean): string {
  const behind = versions ? behindVersions : behindKey;
  const end = delimiter === '' || !after.startsWith(prefix) ? -1 : after.indexOf(delimiter, prefix.length);
  if (end < 0) return behind(after);
  return behindPrefix(after.slice(0, end + delimiter.length)) ?? behind(after);
}

/** The later of two in the order of bytes. */
function later(a: string, b: string): string {
  return Buffer.compare(Buffer.from(a), Buffer.from(b)) >= 0 ? a : b;
}
