import type { Call } from './plain.js';
import type { Limits, Rules } from './rules.js';
import type { Actor, Knowledge } from './world.js';

/** What an actor knows of itself. It is made anew for every run, and everything in it follows from the outcomes seen. */
export class Context {
  readonly name: string;
  readonly rules: Rules;
  readonly limits: Limits;
  session: string;
  /** Unshared blobs that this actor dropped, with the time of the commit. */
  readonly released: { readonly at: number; readonly blobs: readonly string[] }[] = [];
  /** Directories that this actor removed. */
  readonly killed: { readonly at: number; readonly uid: string }[] = [];
  #count = 0;
  readonly #frames: unknown[] = [];

  constructor(name: string, rules: Rules, limits: Limits) {
    this.name = name;
    this.rules = rules;
    this.limits = limits;
    this.session = name;
  }

  /** A name that no one else has: a random identifier in the real thing. */
  fresh(kind: string): string {
    this.#count += 1;
    return `${kind}${this.#count}${this.name}`;
  }

  /**
   * Runs `body`, whose caller remembers no more than `remembers` (and what its own callers do). `undefined`: it
   * remembers more than it can say.
   */
  *within<T>(remembers: unknown, body: Actor<T>): Actor<T> {
    this.#frames.push(remembers);
    const result = yield* body;
    this.#frames.pop();
    return result;
  }

  /** What the actor knows at a step before which it remembers no more than `remembers`. */
  knows(label: string, remembers: unknown): Knowledge {
    if (this.#frames.includes(undefined)) return undefined;
    return JSON.stringify([
      label,
      remembers,
      this.#frames,
      this.#count,
      this.session,
      this.released,
      this.killed,
    ]);
  }
}

export type Script = (context: Context) => Actor<void>;

/** One call as its user sees it, from its first step to its answer. */
export function* called(call: Call, body: Actor<string>): Actor<string> {
  yield { do: 'begin', call };
  const result = yield* body;
  yield { do: 'end', result };
  return result;
}
