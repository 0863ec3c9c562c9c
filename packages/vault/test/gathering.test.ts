import { describe, expect, test } from 'vitest';
import { Gathering } from '../src/directory/gathering.js';

const NEVER_MS = 100_000;
const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
};

describe('gathering changes for a commit', () => {
  test('a client that writes alone never waits for others', async () => {
    const gathering = new Gathering(NEVER_MS);
    for (let round = 0; round < 3; round++) await gathering.gather(() => 1);
  });

  test('waits for as many as came together the last time', async () => {
    const gathering = new Gathering(NEVER_MS);
    await gathering.gather(() => 3);
    let waiting = 1;
    let left = false;
    const next = gathering
      .gather(() => waiting)
      .then(() => {
        left = true;
      });
    await turns();
    gathering.notice(++waiting);
    await turns();
    expect(left).toBe(false);
    gathering.notice(++waiting);
    await next;
  });

  test('loses patience, and expects fewer the next time', async () => {
    const gathering = new Gathering(1);
    await gathering.gather(() => 3);
    await gathering.gather(() => 1);
    const patient = new Gathering(NEVER_MS);
    await patient.gather(() => 2);
    await patient.gather(() => 2);
    await gathering.gather(() => 2);
  });
});
