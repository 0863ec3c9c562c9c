import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Fixture, startFixture } from './support/fixture.js';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture.close());

test('leaves a data connection to the client when there is nothing to transfer', async () => {
  const client = await fixture.logIn();
  const data = await client.passive();
  const events: string[] = [];
  for (const event of ['end', 'error', 'close']) data.on(event, () => events.push(event));
  data.resume();
  // As the first bytes of a handshake would lie there, unread.
  data.write('unread');
  await client.command('RETR missing.bin', 550);
  await client.command('NOOP', 200);
  expect(events).toEqual([]);
  const closed = new Promise((resolve) => data.once('close', resolve));
  await client.passive();
  await closed;
  expect(events).toEqual(['end', 'close']);
});
