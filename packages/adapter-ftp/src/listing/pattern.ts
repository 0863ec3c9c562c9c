import { setImmediate as turn } from 'node:timers/promises';

/** Whether a name given to LIST or NLST is a pattern, as `mget *.txt` of old clients sends it. */
export function isPattern(name: string): boolean {
  return /[*?]/.test(name);
}

/** Milliseconds for which names may be compared before others get their turn. */
const TURN_MS = 10;

/**
 * A filter for the names of a listing, page by page: many names against a pattern of many stars are work, and a
 * directory of which nothing matches is read without a wait for the client.
 */
export function filterBy<T extends { readonly name: string }>(
  pattern: string,
): (page: readonly T[]) => Promise<readonly T[]> {
  const wanted = [...pattern.replace(/\*+/g, '*')];
  let since = performance.now();
  return async (page) => {
    const found: T[] = [];
    for (const entry of page) {
      if (matchesAll(wanted, entry.name)) found.push(entry);
      if (performance.now() - since < TURN_MS) continue;
      await turn();
      since = performance.now();
    }
    return found;
  };
}

/**
 * Whether `name` matches a pattern of `*` (any characters) and `?` (one). Takes at most the product of both lengths,
 * whatever the pattern.
 */
export function matches(pattern: string, name: string): boolean {
  return matchesAll([...pattern], name);
}

function matchesAll(wanted: readonly string[], name: string): boolean {
  const given = [...name];
  let [at, star, from] = [0, -1, 0];
  for (let index = 0; index < given.length; ) {
    const want = wanted[at];
    if (want === '*') {
      star = at++;
      from = index;
    } else if (want !== undefined && (want === '?' || want === given[index])) {
      at += 1;
      index += 1;
    } else if (star !== -1) {
      at = star + 1;
      index = ++from;
    } else return false;
  }
  while (wanted[at] === '*') at += 1;
  return at === wanted.length;
}
