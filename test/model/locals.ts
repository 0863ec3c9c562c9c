import { Context, type Script } from './context.js';
import type { Limits, Rules } from './rules.js';
import type { Outcome, Step } from './world.js';

/** Numbers for texts: equal numbers mean equal texts, with no chance of a collision. */
export class Interner {
  readonly #numbers = new Map<string, number>();

  number(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    this.#numbers.set(text, this.#numbers.size);
    return this.#numbers.size - 1;
  }
}

/**
 * Where an actor stands. What it knows is a function of the outcomes it has seen, so equal histories are one node, and
 * an actor is run only once for each of them, however often the explorer comes by.
 */
export interface Local {
  readonly id: number;
  readonly depth: number;
  readonly parent: Local | undefined;
  readonly outcome: Outcome | undefined;
  /** The next step; undefined when the actor is through. */
  readonly step: Step | undefined;
  /** The call that begins with the next step. */
  readonly begins: object | undefined;
  /** The answer given on arriving here. */
  readonly ends: string | undefined;
}

export class Unfolding {
  readonly #script: Script;
  readonly #make: () => Context;
  readonly #nodes = new Map<string, Local>();
  readonly #outcomes = new Interner();
  readonly #known = new Map<string, Local>();
  #count = 0;
  readonly start: Local;

  constructor(name: string, script: Script, rules: Rules, limits: Limits) {
    this.#script = script;
    this.#make = () => new Context(name, rules, limits);
    this.start = this.#arrive(undefined, undefined);
  }

  after(local: Local, outcome: Outcome): Local {
    const key = `${local.id} ${this.#outcomes.number(JSON.stringify(outcome))}`;
    const known = this.#nodes.get(key);
    if (known !== undefined) return known;
    const arrived = this.#arrive(local, outcome);
    const node = this.#sameKnowledge(arrived);
    this.#nodes.set(key, node);
    return node;
  }

  /** The first node seen with the same step and the same knowledge. */
  #sameKnowledge(local: Local): Local {
    const { step, begins, ends } = local;
    if (step === undefined || !('knows' in step)) return local;
    const key = JSON.stringify([step, begins, ends]);
    const known = this.#known.get(key);
    if (known === undefined) this.#known.set(key, local);
    return known ?? local;
  }

  /** Runs the actor again up to here. Its marks (`begin`, `end`) take no time and are stepped over. */
  #arrive(parent: Local | undefined, outcome: Outcome | undefined): Local {
    const outcomes: Outcome[] = outcome === undefined ? [] : [outcome];
    for (let at = parent; at?.outcome !== undefined; at = at.parent) outcomes.push(at.outcome);
    outcomes.reverse();
    const actor = this.#script(this.#make());
    let yielded = actor.next();
    let begins: object | undefined;
    let ends: string | undefined;
    const stepOverMarks = (): void => {
      begins = undefined;
      ends = undefined;
      while (yielded.done !== true && (yielded.value.do === 'begin' || yielded.value.do === 'end')) {
        if (yielded.value.do === 'begin') begins = yielded.value.call;
        else ends = yielded.value.result;
        yielded = actor.next({ now: 0, is: 'done' });
      }
    };
    stepOverMarks();
    for (const seen of outcomes) {
      yielded = actor.next(seen);
      stepOverMarks();
    }
    const step = yielded.done === true ? undefined : yielded.value;
    const depth = (parent?.depth ?? -1) + 1;
    this.#count += 1;
    return { id: this.#count, depth, parent, outcome, step, begins, ends };
  }
}
