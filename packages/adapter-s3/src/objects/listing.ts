import { NULL_VERSION_ID, type ObjectSession } from '@latchkey/vault';
import { placeOf, versionAt } from './keys.js';
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
  /** Of versions: the directory of the key `after`, where what comes before it has been listed and it has not. */
  readonly pending?: Walked;
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
  if (query.versions === true) return yield* withNullDirectories(session, query, wanted);
  let directory: Walked | undefined;
  for await (const one of everything(session, query, wanted)) {
    if (directory !== undefined && (typeof one === 'string' || one.key !== directory.key)) yield directory;
    directory = typeof one !== 'string' && one.entry.kind === 'directory' ? one : undefined;
    if (directory === undefined) yield one;
  }
  if (directory !== undefined) yield directory;
}

/** The same of versions: such a directory is the oldest, unless some content is called `null` as well and has replaced it. */
async function* withNullDirectories(
  session: ObjectSession,
  query: ListingQuery,
  wanted: () => number,
): AsyncGenerator<Walked | string> {
  const { pending, prefix, delimiter } = query;
  const shown =
    pending?.key.startsWith(prefix) && (delimiter === '' || !pending.key.includes(delimiter, prefix.length));
  let held = shown === true ? pending : undefined;
  for await (const one of everything(session, query, wanted)) {
    const walked = typeof one === 'string' ? undefined : one;
    if (held !== undefined && walked?.key !== held.key) {
      yield held;
      held = undefined;
    }
    if (walked?.entry.kind === 'directory') {
      held = walked;
      continue;
    }
    if (held !== undefined)
      held = walked?.entry.versionId === NULL_VERSION_ID ? undefined : { ...held, older: true };
    yield one;
  }
  if (held !== undefined) yield held;
}

async function* everything(
  session: ObjectSession,
  { bucket, prefix, delimiter, after, versions = false, from: begin }: ListingQuery,
  wanted: () => number,
): AsyncGenerator<Walked | string> {
  const kept = (await session.versions.keeping(bucket)) !== undefined;
  const shows: Shows = async ({ key, entry }) =>
    entry.kind === 'file' ||
    (entry.explicit && (versions || !kept || !(await isMarked(session, bucket, key))));
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
        if (await shows(step.value)) yield step.value;
        step = await steps.next();
        continue;
      }
      const common = key.slice(0, end + delimiter.length);
      // Where versions are kept a directory may hold nothing else.
      if (
        kept &&
        entry.kind === 'directory' &&
        !(await holdsObject(walk(session, bucket, key, { versions, wanted: () => 2 }), key, shows))
      ) {
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

/** Whether something is an object, or a version of one. */
type Shows = (walked: Walked) => Promise<boolean>;

async function holdsObject(walked: AsyncIterable<Walked>, directory: string, shows: Shows): Promise<boolean> {
  for await (const one of walked) {
    if (!one.key.startsWith(directory)) return false;
    if (await shows(one)) return true;
  }
  return false;
}

/** Whether a marker says of a key that its object is gone. */
async function isMarked(session: ObjectSession, bucket: string, key: string): Promise<boolean> {
  const place = placeOf(bucket, key);
  return place !== undefined && (await versionAt(session, place.path))?.marker === true;
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
