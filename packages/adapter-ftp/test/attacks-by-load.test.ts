import { randomBytes } from 'node:crypto';
import { connect as connectTcp } from 'node:net';
import { describe, expect, test } from 'vitest';
import { content, PASSWORD, start, USER, until } from './support/fixture.js';
import { overriding } from './support/overriding.js';
import { RawClient } from './support/raw-client.js';

/** Rows of docs/attacks.md, as far as they concern FTP. */

describe('row 40: slow and huge clients', () => {
  test('one that never logs in is let go, others are served meanwhile', async () => {
    const fixture = await start({ limits: { loginMs: 50 } });
    const slow = await fixture.connect();
    slow.send('US');
    await slow.expect(421);
    await fixture.logIn();
  });

  test('connections without a login of one address do not keep others out', async () => {
    const fixture = await start();
    const strangers = await Promise.all(Array.from({ length: 32 }, () => fixture.connect()));
    const refused = new RawClient(fixture.port);
    await refused.expect(421);
    const socket = connectTcp({ port: fixture.port, host: '127.0.0.1', localAddress: '127.0.0.2' });
    const other = new RawClient(fixture.port, socket);
    await other.expect(220);
    other.destroy();
    strangers[0]?.destroy();
    await until(() => fixture.server.load.connections < 32);
    await fixture.logIn();
    expect(fixture.log.find(({ message }) => message === 'connection refused')?.details.limit).toBe(
      'unauthenticatedPerAddress',
    );
  });

  test('a vault that is slow stops the client instead of filling the memory', async () => {
    let taken = 0;
    let open: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const fixture = await start({
      wrap: (session) =>
        overriding(session, {
          open: async (path, options) => {
            const handle = await session.open(path, options);
            return overriding(handle, {
              write: async (offset, bytes) => {
                taken += bytes.length;
                await gate;
                await handle.write(offset, bytes);
              },
            });
          },
        }),
    });
    const client = await fixture.logIn();
    const data = await client.passive();
    await client.command('STOR big', 150);
    const bytes = randomBytes(32 * 1024 * 1024);
    data.end(bytes);
    await until(() => taken > 256 * 1024);
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(taken).toBeLessThan(1024 * 1024);
    open();
    await client.expect(226);
    expect((await content(fixture.vault, 'big')).equals(bytes)).toBe(true);
  });

  test('a client that reads no replies is not listened to', async () => {
    let listed = 0;
    const fixture = await start({
      wrap: (session) =>
        overriding(session, {
          list: (path, options) => {
            listed += 1;
            return session.list(path, options);
          },
        }),
    });
    for (let index = 0; index < 500; index++) await fixture.vault.mkdir([`${index}`.padEnd(200, '-')]);
    const client = await fixture.logIn();
    client.socket.pause();
    client.send('STAT /\r\n'.repeat(2_000));
    const other = await fixture.logIn();
    for (let before = -1; before !== listed; ) {
      before = listed;
      for (let turn = 0; turn < 100; turn++) await other.command('NOOP', 200);
    }
    // What the buffers of the operating system hold, and not all two thousand listings.
    expect(listed).toBeLessThan(500);
  });

  test('a flood of STAT during a transfer is not answered into memory', async () => {
    const fixture = await start();
    const client = await fixture.logIn();
    await client.passive();
    await client.command('STOR f', 150);
    client.socket.pause();
    let taken = 0;
    const piece = 'STAT\n'.repeat(50_000);
    for (let count = 0; count < 100; count++) {
      client.socket.write(piece, () => {
        taken += piece.length;
      });
    }
    const other = await fixture.logIn();
    for (let before = -1; before !== taken; ) {
      before = taken;
      for (let turn = 0; turn < 200; turn++) await other.command('NOOP', 200);
    }
    // What the buffers of the operating system hold, and not all the 25 MB.
    expect(taken).toBeLessThan(15_000_000);
  });

  test('a client that reads on after a flood is served on', async () => {
    const fixture = await start();
    const client = await fixture.logIn();
    const data = await client.passive();
    await client.command('STOR f', 150);
    client.socket.pause();
    client.send('STAT\r\n'.repeat(5_000));
    const other = await fixture.logIn();
    for (let turn = 0; turn < 100; turn++) await other.command('NOOP', 200);
    client.socket.resume();
    data.end('content');
    const codes = new Map<number, number>();
    client.send('PWD\r\n');
    for (let code = 0; code !== 257; ) {
      code = (await client.expect(211, 226, 257)).code;
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    expect(codes).toEqual(
      new Map([
        [211, 5_000],
        [226, 1],
        [257, 1],
      ]),
    );
  });

  test('two thousand connections and data ports leave nothing behind', async () => {
    const fixture = await start({
      passive: { ports: { min: 42_400, max: 42_410 } },
      limits: { unauthenticatedPerAddress: 20 },
    });
    const before = process.getActiveResourcesInfo().filter((name) => /TCP|Timeout/.test(name)).length;
    for (let round = 0; round < 100; round++) {
      const clients = await Promise.all(Array.from({ length: 20 }, () => fixture.connect()));
      const first = clients[0];
      if (round % 10 === 0 && first !== undefined) {
        await first.command(`USER ${USER}`, 331);
        await first.command(`PASS ${PASSWORD}`, 230);
        await first.command('EPSV', 229);
      }
      for (const client of clients) client.destroy();
      await until(() => fixture.server.load.connections === 0);
    }
    expect(fixture.server.load.passivePorts).toBeLessThanOrEqual(11);
    const after = process.getActiveResourcesInfo().filter((name) => /TCP|Timeout/.test(name)).length;
    expect(after - before).toBeLessThan(40);
  });
});
