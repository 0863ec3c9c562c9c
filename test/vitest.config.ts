import { defineConfig } from 'vitest/config';
import { shared } from '../vitest.shared.js';
import { LongestFirst } from './longest-first.js';

export default defineConfig({
  ...shared,
  test: { ...shared.test, sequence: { sequencer: LongestFirst } },
});
