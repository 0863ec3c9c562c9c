import { describe, expect, test } from 'vitest';
import { Convoys } from '../src/files/convoys.js';

const NEVER_MS = 100_000;
const HERE = 'one directory';

/** Whether a promise has settled by the next turn of the event loop. */
async function settles(promise: Promise<void>): Promise<boolean> {
  let done = false;
  void promise.then(() => {
    done = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  return done;
}

describe('files that are published together', () => {
  test('a writer that is alone never waits, nor one of another directory', async () => {
    const convoys = new Convoys(NEVER_MS);
    convoys.enter(HERE);
    convoys.enter('another directory');
    for (let round = 0; round < 3; round++) expect(await settles(convoys.join(HERE))).toBe(true);
    expect(await settles(convoys.join('a third'))).toBe(true);
  });

  test('go when every writer of the directory is ready', async () => {
    const convoys = new Convoys(NEVER_MS);
    for (let writer = 0; writer < 3; writer++) convoys.enter(HERE);
    const first = convoys.join(HERE);
    const second = convoys.join(HERE);
    expect(await settles(Promise.race([first, second]))).toBe(false);
    await Promise.all([first, second, convoys.join(HERE)]);
  });

  test('do not wait for a writer that gives up', async () => {
    const convoys = new Convoys(NEVER_MS);
    convoys.enter(HERE);
    const leave = convoys.enter(HERE);
    const waiting = convoys.join(HERE);
    expect(await settles(waiting)).toBe(false);
    leave();
    await waiting;
  });

  test('are no more than sixteen', async () => {
    const convoys = new Convoys(NEVER_MS);
    for (let writer = 0; writer < 50; writer++) convoys.enter(HERE);
    await Promise.all(Array.from({ length: 16 }, () => convoys.join(HERE)));
  });

  test('wait rarely where nobody comes, also when the directory is left between', async () => {
    const convoys = new Convoys(1);
    let waits = 0;
    for (let round = 0; round < 200; round++) {
      const leaves = [convoys.enter(HERE), convoys.enter(HERE)];
      const joining = convoys.join(HERE);
      if (!(await settles(joining))) waits += 1;
      await joining;
      for (const leave of leaves) leave();
    }
    expect(waits).toBeGreaterThan(0);
    expect(waits).toBeLessThan(12);
  });

  test('wait again where others have come', async () => {
    const convoys = new Convoys(1);
    convoys.enter(HERE);
    convoys.enter(HERE);
    await convoys.join(HERE);
    expect(await settles(convoys.join(HERE))).toBe(true);
    await Promise.all([convoys.join(HERE), convoys.join(HERE)]);
    const patient = new Convoys(NEVER_MS);
    patient.enter(HERE);
    patient.enter(HERE);
    await Promise.all([patient.join(HERE), patient.join(HERE)]);
    expect(await settles(patient.join(HERE))).toBe(false);
  });
});
