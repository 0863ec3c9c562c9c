import type { ViteUserConfig } from 'vitest/config';

/** Every package runs its tests against TypeScript source, so a test never sees a stale build. */
const conditions: string[] = ['latchkey-source'];

export const shared: ViteUserConfig = {
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['**/*.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    passWithNoTests: false,
    maxWorkers: 2,
  },
};
