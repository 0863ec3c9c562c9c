import type { Context } from './context.js';
import { type Head, headKey, type Lease, listReachesBack, MOVES_KEY, type Moves } from './head.js';
import type { Actor, Knowledge } from './world.js';

export interface Read<T> {
  readonly value: T;
  readonly tag: number;
  readonly now: number;
}

function* readRegister<T>(key: string, knows?: Knowledge): Actor<Read<T> | undefined> {
  const outcome = yield knows === undefined ? { do: 'read', key } : { do: 'read', key, knows };
  return outcome.is === 'value'
    ? { value: outcome.value as T, tag: outcome.tag, now: outcome.now }
    : undefined;
}

export const readHead = (uid: string, knows?: Knowledge): Actor<Read<Head> | undefined> =>
  readRegister<Head>(headKey(uid), knows);
export const readLease = (key: string): Actor<Read<Lease> | undefined> => readRegister<Lease>(key);

export function* readMoves(knows?: Knowledge): Actor<Read<Moves>> {
  return (yield* readRegister<Moves>(MOVES_KEY, knows))!;
}

/** Makes a register that only this actor can know of. */
export function* createRegister(key: string, value: unknown): Actor<void> {
  for (;;) {
    const outcome = yield { do: 'swap', key, tag: null, value };
    if (outcome.is !== 'unknown') return;
    if ((yield { do: 'read', key }).is === 'value') return;
  }
}

/** The directory a commit is for, as it was when the path was resolved. */
export interface Place {
  readonly uid: string;
  readonly link: string;
  /** Saves the first read. */
  readonly seen?: Read<Head>;
}

export type Edit<T> =
  | { readonly head: Head; readonly value: T; readonly by?: number }
  /** Nothing to commit. */
  | { readonly fail: string };

export type Committed<T> =
  | { readonly ok: true; readonly value: T; readonly now: number }
  /** `gone`: dead, moved or missing: resolve again. `unavailable`: the outcome cannot be known any more. */
  | { readonly ok: false; readonly error: string };

const ATTEMPTS = 8;

/**
 * Rules 1 and 2. `edit` sees the newest head and may read more; the swap then holds only if the head is still that one.
 * A commit that replaces whatever it finds would have no rule to follow: that is what the mutation does.
 */
export function* commit<T>(
  context: Context,
  place: Place,
  operation: string,
  edit: (head: Head, now: number) => Edit<T> | Actor<Edit<T>>,
): Actor<Committed<T>> {
  const { rules, limits } = context;
  let seen = place.seen;
  /** The last attempt whose outcome is unknown: what it would answer, and the newest operation before it. */
  let doubtful: { readonly value: T; readonly newest: string | null; readonly tag: number } | undefined;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    seen ??= yield* readHead(place.uid);
    if (seen === undefined) return { ok: false, error: 'gone' };
    const { value: head, now } = seen;
    if (doubtful !== undefined && rules.operationIds) {
      if (head.operations.includes(operation)) return { ok: true, value: doubtful.value, now };
      if (rules.windowCertainty && !listReachesBack(head, doubtful.newest, limits.window)) {
        return { ok: false, error: 'unavailable' };
      }
    }
    if (head.state === 'dead' && rules.deadRefusesCommits) return { ok: false, error: 'gone' };
    if (head.link !== place.link) return { ok: false, error: 'gone' };
    const result = edit(head, now);
    const edited = 'next' in result ? yield* context.within(undefined, result) : result;
    if ('fail' in edited) {
      // As long as the head is the one that the doubtful swap names, that swap may still arrive.
      const inDoubt = doubtful?.tag === seen.tag && rules.refusalsWaitForDoubt;
      return { ok: false, error: inDoubt ? 'unavailable' : edited.fail };
    }
    const key = headKey(place.uid);
    let { tag } = seen;
    if (!rules.compareAndSwap) tag = (yield* readHead(place.uid))?.tag ?? tag;
    // Notes are dated now: a swap that comes much later would leave them too old to protect anything.
    const dated = rules.notesAreFresh && edited.head.notes !== head.notes;
    const latest = edited.by ?? (dated ? now + limits.operationLimit : undefined);
    const by = latest === undefined ? {} : { by: latest };
    const outcome = yield { do: 'swap', key, tag, value: edited.head, ...by };
    if (outcome.is === 'swapped') return { ok: true, value: edited.value, now: outcome.now };
    if (outcome.is === 'expired' && edited.by !== undefined) {
      if (doubtful === undefined || !rules.refusalsWaitForDoubt) return { ok: false, error: 'expired' };
      const last = yield* readHead(place.uid);
      if (last?.value.operations.includes(operation)) return { ok: true, value: doubtful.value, now };
      return { ok: false, error: 'unavailable' };
    }
    if (outcome.is === 'unknown')
      doubtful = { value: edited.value, newest: head.operations.at(-1) ?? null, tag };
    seen = undefined;
  }
  return { ok: false, error: doubtful === undefined ? 'conflict' : 'unavailable' };
}
