import type { Call } from './plain.js';
import type { Limits, Rules } from './rules.js';
import type { Actor } from './world.js';

/** What an actor knows of itself. It is made anew for every run, and everything in it follows from the outcomes seen. */
export class Context {
  readonly name: string;
  readonly rules: Rules;
  readonly limits: Limits;
  session: string;
  /** Unshared blobs that this actor dropped, with the time of the commit. */
  readonly released: { readonly at: number; readonly blobs: readonly string[] }[] = [];
  #count = 0;

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
}

export type Script = (context: Context) => Actor<void>;

/** One call as its user sees it, from its first step to its answer. */
export function* called(call: Call, body: Actor<string>): Actor<string> {
  yield { do: 'begin', call };
  const result = yield* body;
  yield { do: 'end', result };
  return result;
}
