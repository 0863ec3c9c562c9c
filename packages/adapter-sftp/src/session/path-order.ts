import type { Path } from '@latchkey/vault';

/** Work that holds a place in the order of requests. */
export interface PathClaim {
  readonly paths: readonly Path[];
  /** The work changes what is at the paths. */
  readonly exclusive: boolean;
  /** Resolves, never rejects, when the work that is under way now has ended. */
  passed(): Promise<unknown>;
}

function isPrefix(prefix: Path, path: Path): boolean {
  return prefix.length <= path.length && prefix.every((name, index) => name === path[index]);
}

/** What a request does with its paths: looks at one entry, lists what is in a directory, or changes something. */
export type Reach = 'look' | 'list' | 'change';

function conflict(earlier: PathClaim, paths: readonly Path[], reach: Reach): boolean {
  if (!earlier.exclusive && reach !== 'change') return false;
  return earlier.paths.some((held) =>
    paths.some((path) => isPrefix(held, path) || (reach !== 'look' && isPrefix(path, held))),
  );
}

/**
 * Section 6 of the draft: requests that touch the same file are carried out in the order in which they came; the rest
 * may overlap. A client that sends WRITE, CLOSE and RENAME without waiting for answers gets what it means.
 *
 * A request waits only for requests before it, so there is no deadlock.
 */
export class PathOrder {
  readonly #claims = new Set<PathClaim>();

  add(claim: PathClaim): void {
    this.#claims.add(claim);
  }

  remove(claim: PathClaim): void {
    this.#claims.delete(claim);
  }

  async run<T>(paths: readonly Path[], reach: Reach, task: () => Promise<T>): Promise<T> {
    const earlier: Promise<unknown>[] = [];
    for (const claim of this.#claims) if (conflict(claim, paths, reach)) earlier.push(claim.passed());
    const work = earlier.length === 0 ? task() : Promise.all(earlier).then(task);
    const ended = work.then(
      () => {},
      () => {},
    );
    const claim: PathClaim = { paths, exclusive: reach === 'change', passed: () => ended };
    this.#claims.add(claim);
    try {
      return await work;
    } finally {
      this.#claims.delete(claim);
    }
  }
}
