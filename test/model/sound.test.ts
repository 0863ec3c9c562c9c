import { expect, it } from 'vitest';
import { CASES } from './cases.js';
import { type Case, expectSound } from './check.js';

it.each(Object.entries<Case>(CASES))('no interleaving breaks: %s', (name, given) => {
  const t = Date.now();
  const verdict = expectSound(given);
  console.log(name, verdict.states, verdict.ends, Date.now() - t);
  expect(verdict.ends).toBeGreaterThan(1);
});
