import { expect } from 'vitest';
import type { Script } from './context.js';
import { Explorer, type Scenario, type Verdict } from './explorer.js';
import { type Rules, SOUND } from './rules.js';
import { settle, sweep, worldOf } from './scenario.js';

/** The long run explores with one more fault in every case, and walks more. */
export const LONG = process.env.LATCHKEY_TEST_LONG === '1';

const STATE_BOUND = LONG ? 3_000_000 : 400_000;

export interface Case extends Omit<Scenario, 'start' | 'settle' | 'sweep' | 'rules'> {
  readonly tree: Readonly<Record<string, readonly string[]>>;
  readonly actors: Readonly<Record<string, Script>>;
}

export function scenarioOf(given: Case, broken: Partial<Rules> = {}): Scenario {
  const { tree, ...rest } = given;
  const sessions = Object.keys(given.actors);
  const rules = { ...SOUND, ...broken };
  return { ...rest, rules, start: worldOf(tree, sessions), settle, sweep: sweep(sessions) };
}

/** In the long run, the same with one more swap whose outcome is unknown. */
const harder = (given: Case): Case => (LONG ? { ...given, swapFaults: (given.swapFaults ?? 0) + 1 } : given);

function report(verdict: Verdict): string {
  const { violation } = verdict;
  return violation === undefined ? 'sound' : `${violation.problem}\n${violation.trace.join('\n')}`;
}

/** Explores every interleaving and expects no harm. */
export function expectSound(given: Case, broken: Partial<Rules> = {}): Verdict {
  const verdict = new Explorer(scenarioOf(harder(given), broken)).exhaust(STATE_BOUND);
  expect(report(verdict)).toBe('sound');
  return verdict;
}

/** Explores with a broken rule and expects the harm that the rule prevents. */
export function expectCaught(given: Case, broken: Partial<Rules>, problem: RegExp): Verdict {
  const verdict = new Explorer(scenarioOf(given, broken)).exhaust(STATE_BOUND);
  expect(report(verdict)).toMatch(problem);
  return verdict;
}

/** A small generator of numbers from 0 to below 1 (xorshift, 32 bits): equal seeds, equal walks. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Random walks where there are too many interleavings to see them all. */
export function expectSoundWalks(given: Case, seed: number, walks: number): Verdict {
  const verdict = new Explorer(scenarioOf(harder(given))).wander(LONG ? walks * 20 : walks, seeded(seed));
  expect(report(verdict)).toBe('sound');
  return verdict;
}
