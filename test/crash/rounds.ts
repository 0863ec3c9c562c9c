import { randomInt } from 'node:crypto';

/** Kills in one run. */
export const ROUNDS: number = process.env.LATCHKEY_TEST_LONG === '1' ? 50 : 5;
export const WORKERS = 3;

/** Given in LATCHKEY_TEST_SEED to play a run again, as far as the operating system's timing allows. */
export const SEED: number = Number(process.env.LATCHKEY_TEST_SEED ?? randomInt(2 ** 31));
