import { type Place, readHead } from './commit.js';
import type { Context } from './context.js';
import { type Head, ROOT } from './head.js';
import type { Actor, Knowledge } from './world.js';

export interface Directory extends Place {
  readonly seen: NonNullable<Place['seen']>;
  /** The uids from the root to here. */
  readonly chain: readonly string[];
}

export type Resolved =
  | { readonly ok: true; readonly directory: Directory }
  | { readonly ok: false; readonly error: string };

/** `p/q/a` is the entry `a` of the directory `p/q`. */
export function split(path: string): { parent: readonly string[]; name: string } {
  const names = path.split('/');
  return { parent: names.slice(0, -1), name: names.at(-1)! };
}

const ATTEMPTS = 6;

/** Rule 4: walks from the root and believes a directory record only if the child's head bears its link id. */
export function* resolveDirectory(
  context: Context,
  path: readonly string[],
  knows?: Knowledge,
): Actor<Resolved> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const found = yield* walk(context, path, attempt === 0 ? knows : undefined);
    if (found !== 'again') return found;
  }
  return { ok: false, error: 'conflict' };
}

function* walk(context: Context, path: readonly string[], knows: Knowledge): Actor<Resolved | 'again'> {
  let seen = (yield* readHead(ROOT.uid, knows))!;
  let at: Directory = { ...ROOT, seen, chain: [ROOT.uid] };
  for (const name of path) {
    const record = seen.value.entries[`${name}/`];
    if (record?.kind !== 'directory') return { ok: false, error: 'not-found' };
    const child = yield* readHead(record.uid);
    if (child !== undefined && isValid(context, child.value, record.link)) {
      seen = child;
      at = { uid: record.uid, link: child.value.link, seen, chain: [...at.chain, record.uid] };
      continue;
    }
    // The record is stale only if it was still there when the child was seen elsewhere or dead.
    const again = yield* readHead(at.uid);
    if (again?.tag !== at.seen.tag) return 'again';
    return { ok: false, error: 'not-found' };
  }
  return { ok: true, directory: at };
}

export function isValid(context: Context, child: Head, link: string): boolean {
  return child.state === 'live' && (child.link === link || !context.rules.linkIds);
}
