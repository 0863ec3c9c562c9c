import { defineConfig } from 'vitest/config';
import { shared } from '../../vitest.shared.js';

/** Most tests here start the program many times, and each start pays for Argon2id. */
export default defineConfig({ ...shared, test: { ...shared.test, testTimeout: 240_000 } });
