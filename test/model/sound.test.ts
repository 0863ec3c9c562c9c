import { expect, it } from 'vitest';
import { CASES } from './cases.js';
import { type Case, expectSound } from './check.js';

it.each(Object.entries<Case>(CASES))('no interleaving breaks: %s', (_name, given) => {
  const verdict = expectSound(given);
  // One end only would mean that nothing was interleaved at all.
  expect(verdict.ends).toBeGreaterThan(1);
});
