import type { Script } from './context.js';
import { describeCalls, isExplained, type Lived } from './history.js';
import { Interner, type Local, Unfolding } from './locals.js';
import type { Call } from './plain.js';
import { LIMITS, type Limits, type Rules, SOUND } from './rules.js';
import { findProblem, walkTree } from './tree.js';
import { deliver, execute, isEnabled, type Step, type SwapFault, type World } from './world.js';

export interface Scenario {
  readonly start: World;
  readonly actors: Readonly<Record<string, Script>>;
  /** How often each kind of trouble may strike, anywhere. Default: never. */
  readonly crashes?: number;
  readonly swapFaults?: number;
  readonly ticks?: number;
  readonly limits?: Partial<Limits>;
  readonly rules?: Rules;
  /** A record that nobody was told of yet may refer to a deleted blob. */
  readonly mayDangle?: boolean;
  /** Runs alone when everybody is through or has crashed: what a later visitor puts right. */
  readonly settle?: Script;
  /** Runs alone after that, a long time later: the sweep that shows what is still protected. */
  readonly sweep?: Script;
}

export interface Verdict {
  /** Distinct states seen. */
  readonly states: number;
  /** Distinct ends: everybody through or crashed. */
  readonly ends: number;
  readonly violation?: { readonly problem: string; readonly trace: readonly string[] };
}

interface Budget {
  readonly crashes: number;
  readonly swapFaults: number;
  readonly ticks: number;
}

interface State {
  readonly world: World;
  readonly locals: readonly Local[];
  /** Actors that crashed, one bit each. */
  readonly crashed: number;
  readonly calls: readonly Lived[];
  readonly budget: Budget;
  readonly from: { readonly label: string; readonly state: State } | undefined;
}

const FAULTS: readonly SwapFault[] = ['applied', 'lost', 'late'];
const LONG_AFTER = 1000;

/** Enumerates what a scenario can do. One instance holds the memory of one exploration. */
export class Explorer {
  readonly #scenario: Scenario;
  readonly #rules: Rules;
  readonly #limits: Limits;
  readonly #names: readonly string[];
  readonly #unfoldings: readonly Unfolding[];
  readonly #texts = new Interner();
  readonly #worlds = new WeakMap<World, number>();
  readonly #sound = new Set<number>();
  readonly #ends = new Set<string>();
  readonly #listers: boolean;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.#rules = scenario.rules ?? SOUND;
    this.#limits = { ...LIMITS, ...scenario.limits };
    this.#names = Object.keys(scenario.actors);
    this.#unfoldings = this.#names.map(
      (name) => new Unfolding(name, scenario.actors[name]!, this.#rules, this.#limits),
    );
    this.#listers = this.#names.includes('gc');
  }

  /** Visits every reachable state, depth first. Throws when there are more than `bound`: no verdict is better than half of one. */
  exhaust(bound: number): Verdict {
    const seen = new Set<string>();
    const stack: State[] = [this.#initial()];
    for (let state = stack.pop(); state !== undefined; state = stack.pop()) {
      const key = this.#key(state);
      if (seen.has(key)) continue;
      seen.add(key);
      if (seen.size > bound) throw new Error(`more than ${bound} states`);
      const successors = this.#successors(state);
      const problem = this.#problem(state, successors.length === 0);
      if (problem !== undefined) return this.#violation(seen.size, state, problem);
      stack.push(...successors);
    }
    return { states: seen.size, ends: this.#ends.size };
  }

  /** Takes `walks` random ways from start to end. `random` gives numbers from 0 to below 1. */
  wander(walks: number, random: () => number): Verdict {
    const seen = new Set<string>();
    for (let walk = 0; walk < walks; walk += 1) {
      let state: State | undefined = this.#initial();
      while (state !== undefined) {
        seen.add(this.#key(state));
        const successors: readonly State[] = this.#successors(state);
        const problem = this.#problem(state, successors.length === 0);
        if (problem !== undefined) return this.#violation(seen.size, state, problem);
        state = successors[Math.floor(random() * successors.length)];
      }
    }
    return { states: seen.size, ends: this.#ends.size };
  }

  #initial(): State {
    const { start, crashes = 0, swapFaults = 0, ticks = 0 } = this.#scenario;
    const locals = this.#unfoldings.map((unfolding) => unfolding.start);
    return {
      world: start,
      locals,
      crashed: 0,
      calls: [],
      budget: { crashes, swapFaults, ticks },
      from: undefined,
    };
  }

  #key(state: State): string {
    const { budget } = state;
    const locals = state.locals.map((local) => local.id).join();
    const calls = this.#texts.number(JSON.stringify(state.calls));
    const left = `${budget.crashes}.${budget.swapFaults}.${budget.ticks}`;
    return `${this.#worldNumber(state.world)}|${locals}|${state.crashed}|${calls}|${left}`;
  }

  #worldNumber(world: World): number {
    const known = this.#worlds.get(world);
    if (known !== undefined) return known;
    const number = this.#texts.number(JSON.stringify(world));
    this.#worlds.set(world, number);
    return number;
  }

  #isRunning(state: State, index: number): boolean {
    return state.locals[index]!.step !== undefined && (state.crashed & (1 << index)) === 0;
  }

  #successors(state: State): State[] {
    const { budget, world } = state;
    const running = this.#names.flatMap((_, index) => (this.#isRunning(state, index) ? [index] : []));
    if (running.length === 0) return [];
    const ready = running.filter((index) => isEnabled(world, state.locals[index]!.step!));
    // A new blob under a name that nobody knows commutes with whatever the others do, unless somebody lists blobs.
    const quiet = this.#listers ? undefined : ready.find((index) => state.locals[index]!.step!.do === 'put');
    if (quiet !== undefined) return [this.#step(state, quiet)];
    const states = ready.map((index) => this.#step(state, index));
    for (const index of ready) {
      if (budget.swapFaults > 0 && state.locals[index]!.step!.do === 'swap') {
        for (const fault of FAULTS) states.push(this.#step(state, index, fault));
      }
    }
    if (budget.crashes > 0) {
      for (const index of running) {
        const from = { label: `${this.#names[index]} crashes`, state };
        const left = { ...budget, crashes: budget.crashes - 1 };
        states.push({ ...state, crashed: state.crashed | (1 << index), budget: left, from });
      }
    }
    world.late.forEach((late, index) => {
      const from = { label: `the late swap of ${late.key} arrives`, state };
      states.push({ ...state, world: deliver(world, index), from });
    });
    // Time passes by leave of the budget, or because nobody can do anything else.
    if (budget.ticks > 0 || ready.length === 0) {
      const left = { ...budget, ticks: Math.max(0, budget.ticks - 1) };
      const later = { ...world, now: world.now + 1 };
      states.push({ ...state, world: later, budget: left, from: { label: 'time passes', state } });
    }
    return states;
  }

  #step(state: State, index: number, fault?: SwapFault): State {
    const local = state.locals[index]!;
    const { world, outcome } = execute(state.world, local.step!, fault);
    const arrived = this.#unfoldings[index]!.after(local, outcome);
    const locals = state.locals.map((old, other) => (other === index ? arrived : old));
    const name = this.#names[index]!;
    let { calls } = state;
    if (local.begins !== undefined) calls = begin(calls, name, local.begins as Call);
    if (arrived.ends !== undefined) calls = end(calls, name, arrived.ends);
    const budget =
      fault === undefined ? state.budget : { ...state.budget, swapFaults: state.budget.swapFaults - 1 };
    const label = `${name}: ${describeStep(local.step!)} -> ${outcome.is}${fault === undefined ? '' : ` (${fault})`}`;
    return { world, locals, crashed: state.crashed, calls, budget, from: { label, state } };
  }

  #problem(state: State, isEnd: boolean): string | undefined {
    const options = { mayDangle: this.#scenario.mayDangle === true };
    const number = this.#worldNumber(state.world);
    if (!this.#sound.has(number)) {
      const problem = findProblem(state.world, options);
      if (problem !== undefined) return problem;
      this.#sound.add(number);
    }
    return isEnd ? this.#problemAtEnd(state, number) : undefined;
  }

  /** Nobody runs any more: the tree must be explained by the calls, now, after healing, and after a late sweep. */
  #problemAtEnd(state: State, number: number): string | undefined {
    const key = `${number} ${JSON.stringify(state.calls)}`;
    if (this.#ends.has(key)) return undefined;
    this.#ends.add(key);
    const { tree: before } = walkTree(this.#scenario.start);
    const isCrashed = state.crashed !== 0;
    let world = state.world;
    const stages: [string, Script | undefined][] = [
      ['at the end', undefined],
      ['after healing', this.#scenario.settle],
      ['after a late sweep', this.#scenario.sweep],
    ];
    for (const [stage, script] of stages) {
      if (script !== undefined) {
        if (stage === 'after a late sweep') world = { ...world, now: world.now + LONG_AFTER };
        world = runAlone(script, world, this.#rules, this.#limits, stage.replaceAll(' ', ''));
      }
      const problem = findProblem(world, { mayDangle: false });
      if (problem !== undefined) return `${stage}: ${problem}`;
      if (!isExplained(before, state.calls, walkTree(world).tree)) {
        const tree = JSON.stringify(walkTree(world).tree);
        const crash = isCrashed ? ' (with a crash)' : '';
        return `${stage}: no order of the calls explains${crash} ${tree}\n${describeCalls(state.calls)}`;
      }
    }
    return undefined;
  }

  #violation(states: number, state: State, problem: string): Verdict {
    const trace: string[] = [];
    for (let at = state.from; at !== undefined; at = at.state.from) trace.push(at.label);
    return { states, ends: this.#ends.size, violation: { problem, trace: trace.reverse() } };
  }
}

/** Runs one actor to its end with nobody else about. Time passes when it waits. */
export function runAlone(
  script: Script,
  start: World,
  rules: Rules = SOUND,
  limits: Limits = LIMITS,
  name = 'alone',
): World {
  const unfolding = new Unfolding(name, script, rules, limits);
  let world = start;
  let local = unfolding.start;
  while (local.step !== undefined) {
    while (!isEnabled(world, local.step)) world = { ...world, now: world.now + 1 };
    const ran = execute(world, local.step);
    world = ran.world;
    local = unfolding.after(local, ran.outcome);
  }
  return world;
}

function begin(calls: readonly Lived[], actor: string, call: Call): readonly Lived[] {
  const before = calls.filter((other) => other.result !== undefined).map((other) => other.id);
  const id = `${actor}.${calls.filter((other) => other.id.startsWith(`${actor}.`)).length + 1}`;
  return [...calls, { id, call, before }].sort((a, b) => (a.id < b.id ? -1 : 1));
}

function end(calls: readonly Lived[], actor: string, result: string): readonly Lived[] {
  return calls.map((call) =>
    call.id.startsWith(`${actor}.`) && call.result === undefined ? { ...call, result } : call,
  );
}

function describeStep(step: Step): string {
  if (step.do === 'swap') return `swap ${step.key} ${JSON.stringify(step.value)}`;
  if (step.do === 'wait') return `wait until ${step.until}`;
  return `${step.do} ${'key' in step ? step.key : 'prefix' in step ? step.prefix : ''}`;
}
