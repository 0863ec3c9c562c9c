import { VaultError, type VaultErrorCode } from '@latchkey/vault';
import { expect } from 'vitest';
import type { Victim } from './victim.js';

/** What the library may call an attack: never a success, never an error without a type. */
export const REFUSALS: readonly VaultErrorCode[] = [
  'damaged',
  'unsupported',
  'wrong-passphrase',
  'too-large',
];

/** The typed error of something that has to fail. Anything else that is thrown, or a success, fails the test. */
export async function refusal(work: () => Promise<unknown>): Promise<VaultError> {
  let result: unknown;
  try {
    result = await work();
  } catch (error) {
    if (error instanceof VaultError) return error;
    throw error;
  }
  throw new Error(`accepted: ${JSON.stringify(result)?.slice(0, 200)}`);
}

/** Expects a refusal by a fresh program, after which not one stored byte has changed. */
export async function expectRefused(
  victim: Victim,
  work: () => Promise<unknown>,
  codes: readonly VaultErrorCode[] = ['damaged'],
): Promise<VaultError> {
  const before = victim.fingerprint();
  const error = await refusal(work);
  expect(codes, error.message).toContain(error.code);
  expect(victim.fingerprint()).toEqual(before);
  return error;
}
