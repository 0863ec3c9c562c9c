/**
 * What every store must do, as one call for a package's tests:
 *
 *     describeStore('my store', async () => ({ store: await MyStore.open(...), cleanup: async () => {} }));
 *
 * Needs vitest in the calling package.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Store } from '../store.js';
import { blobRules } from './blobs.js';
import { listingRules } from './listing.js';
import { raceRules } from './races.js';
import { registerRules } from './registers.js';

export interface StoreUnderTest {
  readonly store: Store;
  /** A second, independent opening of the same store, as another process would. */
  reopen?(): Promise<Store>;
  /** Removes what the test left. The suite closes every store first. */
  cleanup(): Promise<void>;
}

/** Opens stores for one test of the suite. */
export interface RuleContext {
  readonly store: Store;
  /** Another opening if the store has one, else the same store. */
  another(): Promise<Store>;
}

/** One rule. It throws when the store breaks it. */
export interface Rule {
  readonly id: string;
  readonly check: (context: RuleContext) => Promise<void>;
}

/** Rules that a store breaks, by id, each with the reason. */
export type Deviations = Readonly<Record<string, string>>;

/** All rules, for documentation and for a store's own tests. */
export const STORE_RULES: readonly Rule[] = [...blobRules, ...registerRules, ...listingRules, ...raceRules];

/** Runs one rule. With a `deviation`, the rule must be broken: a deviation that is not needed throws. */
export async function checkRule(rule: Rule, context: RuleContext, deviation?: string): Promise<void> {
  if (deviation === undefined) {
    await rule.check(context);
    return;
  }
  const broken = await rule.check(context).then(
    () => false,
    () => true,
  );
  if (!broken) throw new Error(`the deviation from "${rule.id}" is not needed: ${deviation}`);
}

/** The ids among `deviations` that name no rule. */
export function unknownDeviations(deviations: Deviations): string[] {
  const known = new Set(STORE_RULES.map((rule) => rule.id));
  return Object.keys(deviations).filter((id) => !known.has(id));
}

/**
 * Declares one test per rule, each against a fresh store. A rule named in `deviations` must fail: a deviation which
 * is not needed, or names no rule, is a failure itself.
 */
export function describeStore(
  name: string,
  makeStore: () => Promise<StoreUnderTest>,
  deviations: Deviations = {},
): void {
  describe(name, () => {
    let made: StoreUnderTest;
    let opened: Store[] = [];

    beforeEach(async () => {
      made = await makeStore();
      opened = [made.store];
    });
    afterEach(async () => {
      for (const store of opened) await store.close();
      await made.cleanup();
    });

    const another = async (): Promise<Store> => {
      if (made.reopen === undefined) return made.store;
      const store = await made.reopen();
      opened.push(store);
      return store;
    };
    for (const rule of STORE_RULES) {
      const deviation = deviations[rule.id];
      test(deviation === undefined ? rule.id : `${rule.id} (deviates: ${deviation})`, async () => {
        await checkRule(rule, { store: made.store, another }, deviation);
      });
    }
    test('every deviation names a rule', () => {
      expect(unknownDeviations(deviations)).toEqual([]);
    });
  });
}
