import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { content, type Fixture, type FixtureOptions, put, secureLogIn, start } from './support/fixture.js';
import type { RawClient } from './support/raw-client.js';

/** Row 32 of docs/attacks.md: what someone between client and server does to the TLS of a data connection. */

/** close_notify as a record in clear: everybody can write it. */
const FORGED_CLOSE_NOTIFY = Buffer.from([0x15, 3, 3, 0, 2, 1, 0]);

async function secure(options: FixtureOptions = {}): Promise<{ fixture: Fixture; client: RawClient }> {
  const fixture = await start(options);
  const { client } = await secureLogIn(fixture);
  return { fixture, client };
}

/** Sends the first flight of a client that speaks `version`, and nothing after it. */
async function sendHello(data: Socket, version: 'TLSv1.2' | 'TLSv1.3'): Promise<void> {
  const flight = await new Promise<Buffer>((resolve) => {
    const wire = new Duplex({
      read: () => {},
      write: (chunk: Buffer, _encoding, callback) => {
        resolve(chunk);
        callback();
      },
    });
    connectTls({ socket: wire, minVersion: version, maxVersion: version }).on('error', () => {});
  });
  data.resume();
  const answered = once(data, 'data');
  data.write(flight);
  await answered;
}

describe.each(['TLSv1.2', 'TLSv1.3'] as const)(
  'a close_notify in clear within the handshake of %s',
  (version) => {
    test.each([
      ['STOR', ['STOR f']],
      ['REST and STOR', ['REST 3', 'STOR f']],
      ['APPE', ['APPE f']],
    ])('%s does not take the data for whole', async (_name, commands) => {
      const { fixture, client } = await secure();
      await put(fixture.vault, ['f'], 'the old version');
      const data = await client.passive();
      for (const command of commands) await client.command(command, 150, 350);
      await sendHello(data, version);
      data.end(FORGED_CLOSE_NOTIFY);
      await client.expect(426);
      expect((await content(fixture.vault, 'f')).toString()).toBe('the old version');
    });
  },
);

test('a close_notify in clear instead of a handshake does not make an empty file', async () => {
  const { fixture, client } = await secure();
  await put(fixture.vault, ['f'], 'the old version');
  const data = await client.passive();
  await client.command('STOR f', 150);
  data.end(FORGED_CLOSE_NOTIFY);
  await client.expect(426);
  expect((await content(fixture.vault, 'f')).toString()).toBe('the old version');
});

test.each(['RETR f', 'LIST', 'NLST', 'MLSD'])(
  '%s over a data connection that is closed before its handshake is answered at once',
  async (command) => {
    const { fixture, client } = await secure({
      limits: { dataIdleMs: 600_000, dataConnectMs: 600_000 },
    });
    await put(fixture.vault, ['f'], 'content');
    const data = await client.passive();
    await client.command(command, 150);
    data.end();
    await client.expect(426);
    await client.command('NOOP', 200);
  },
);

test.each(['RETR f', 'LIST', 'STOR new', 'APPE f'])(
  '%s does not wait for a handshake for ever',
  async (command) => {
    const { fixture, client } = await secure({ limits: { dataIdleMs: 600_000, dataConnectMs: 200 } });
    await put(fixture.vault, ['f'], 'content');
    await client.passive();
    await client.command(command, 150);
    await client.expect(425);
    expect((await content(fixture.vault, 'f')).toString()).toBe('content');
  },
);
