import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { makeHostKey, SftpServer } from '@latchkey/adapter-sftp';
import { LoginDelays } from '@latchkey/server-guard';
import { VaultError } from '@latchkey/vault';
import { afterEach, describe, expect, test } from 'vitest';
import {
  CERTIFICATE,
  content,
  type Fixture,
  type FixtureOptions,
  PASSWORD,
  put,
  startFixture,
  USER,
  until,
} from './support/fixture.js';
import { overriding } from './support/overriding.js';
import { collect, RawClient } from './support/raw-client.js';

/** Rows of docs/attacks.md, as far as they concern FTP. */

const fixtures: Fixture[] = [];

async function start(options: FixtureOptions = {}): Promise<Fixture> {
  const fixture = await startFixture(options);
  fixtures.push(fixture);
  return fixture;
}

afterEach(async () => {
  for (const fixture of fixtures.splice(0)) await fixture.close();
});

describe('row 35: brute force', () => {
  test('failures over FTP count for SFTP too, until the address is banned from both', async () => {
    const throttle = new LoginDelays(1, 2, Date.now, 5);
    const fixture = await start({ throttle });
    const sftp = await SftpServer.listen({
      hostKey: makeHostKey(),
      users: { verifyPassword: async () => undefined, authorizedKeys: () => undefined },
      loginDelays: throttle,
    });
    const client = await fixture.connect();
    for (let guess = 0; guess < 5; guess++) {
      await client.command(`USER ${USER}`, 331);
      await client.command(`PASS guess ${guess}`, 530);
    }
    await expect(fixture.connect()).rejects.toThrow('got the end');
    const ssh = connectTcp(sftp.address.port, '127.0.0.1');
    expect((await collect(ssh)).toString()).toBe('');
    await sftp.close();
  });

  test('users that nobody has are asked for and answered like others', async () => {
    const asked: string[] = [];
    const fixture = await start({
      users: {
        verifyPassword: async (user) => {
          asked.push(user);
          return undefined;
        },
      },
    });
    const client = await fixture.connect();
    const replies: unknown[] = [];
    for (const user of [USER, 'nobody']) {
      replies.push([await client.command(`USER ${user}`), await client.command('PASS x')]);
    }
    expect(replies[0]).toEqual(replies[1]);
    expect(asked).toEqual([USER, 'nobody']);
    await client.command(`USER ${'u'.repeat(2_000)}`, 331);
    await client.command('PASS x', 530);
    expect(asked).toHaveLength(2);
  });

  test('a directory of users that throws is a failed login', async () => {
    const fixture = await start({
      users: {
        verifyPassword: async () => {
          throw new Error('database is down');
        },
      },
    });
    const client = await fixture.connect();
    await client.command(`USER ${USER}`, 331);
    expect((await client.command('PASS x', 530)).lines.join()).not.toContain('database');
    expect(fixture.log.some(({ level }) => level === 'error')).toBe(true);
  });
});

describe('row 36: path escape', () => {
  test.each([
    ['..', '/'],
    ['../../..', '/'],
    ['/../d/..//./d', '/d'],
    ['d//e/../..///d/', '/d'],
    ['%2e%2e', undefined],
    ['..%2f..', undefined],
    ['d\\..\\..', undefined],
  ])('CWD %s', async (path, target) => {
    const fixture = await start();
    await put(fixture.vault, ['d', 'e', 'f'], 'x');
    const client = await fixture.logIn();
    await client.command(`CWD ${path}`, target === undefined ? 550 : 250);
    expect((await client.command('PWD', 257)).lines[0]).toContain(`"${target ?? '/'}"`);
  });

  test('a prefix is no parent', async () => {
    const fixture = await start();
    await put(fixture.vault, ['data', 'f'], 'x');
    await put(fixture.vault, ['data-secret', 'f'], 'x');
    const client = await fixture.logIn();
    await client.command('CWD data', 250);
    await client.command('SIZE ../data-secret/f', 213);
    await client.command('SIZE -secret/f', 550);
  });
});

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
    const strangers = await Promise.all(Array.from({ length: 16 }, () => fixture.connect()));
    const refused = new RawClient(fixture.port);
    await refused.expect(421);
    const socket = connectTcp({ port: fixture.port, host: '127.0.0.1', localAddress: '127.0.0.2' });
    const other = new RawClient(fixture.port, socket);
    await other.expect(220);
    other.destroy();
    strangers[0]?.destroy();
    await until(() => fixture.server.load.connections < 16);
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

describe('row 41: one session’s crash', () => {
  test('an exception in a command is that command’s', async () => {
    const fixture = await start({
      wrap: (session) =>
        overriding(session, {
          stat: async (path) => {
            if (path.at(-1) === 'explodes') throw new TypeError('secret detail of a bug');
            return session.stat(path);
          },
          list: async () => {
            throw new RangeError('another');
          },
        }),
    });
    const client = await fixture.logIn();
    expect((await client.command('CWD explodes', 451)).lines.join()).not.toContain('secret');
    await client.passive();
    await client.command('LIST', 451);
    await client.command('NOOP', 200);
    expect(fixture.log.filter(({ message }) => message === 'a command failed')).toHaveLength(2);
    await (await fixture.logIn()).command('NOOP', 200);
  });

  test('a client that sends more than there is space for reads why, instead of a reset', async () => {
    const fixture = await start({
      wrap: (session) =>
        overriding(session, {
          open: async (path, options) => {
            const handle = await session.open(path, options);
            return overriding(handle, {
              write: async (offset, bytes) => {
                if (offset > 1_000_000) throw new VaultError('no-space', 'no space left for p/secret-object');
                await handle.write(offset, bytes);
              },
            });
          },
        }),
    });
    const client = await fixture.logIn();
    const data = await client.passive();
    const failures: Error[] = [];
    data.on('error', (error) => failures.push(error));
    await client.command('STOR f', 150);
    const closed = once(data, 'close');
    data.resume();
    data.write(randomBytes(8_000_000));
    const { lines } = await client.expect(552);
    expect(lines.join()).not.toContain('secret-object');
    data.end(randomBytes(8_000_000));
    await closed;
    expect(failures).toEqual([]);
    await client.command('NOOP', 200);
    const warning = fixture.log.find(({ message }) => message.startsWith('no space left'));
    expect(warning).toMatchObject({ level: 'warn', details: { command: 'STOR', user: USER } });
    expect(JSON.stringify(warning)).not.toContain('secret-object');
  });

  test('a vault that fails in the middle of a download or an upload breaks it visibly', async () => {
    const fixture = await start({
      wrap: (session) =>
        overriding(session, {
          open: async (path, options) => {
            const handle = await session.open(path, options);
            return overriding(handle, {
              readPieces: async (offset, length) => {
                if (offset > 0) throw new VaultError('damaged', 'a segment is damaged');
                return handle.readPieces(offset, length);
              },
              close: async () => {
                if (options.write !== true) return handle.close();
                await handle.abandon();
                throw new VaultError('no-space', 'the store is full');
              },
            });
          },
        }),
    });
    await put(fixture.vault, ['f'], randomBytes(2_000_000));
    const client = await fixture.logIn();
    const data = await client.passive();
    const received = collect(data);
    await client.command('RETR f', 150);
    await client.expect(550);
    expect((await received).length).toBeLessThan(2_000_000);
    const upload = await client.passive();
    await client.command('STOR f', 150);
    upload.end('new');
    expect((await client.expect(552)).lines.join()).toContain('no space left where the vault is stored');
    expect((await fixture.vault.stat(['f'])).size).toBe(2_000_000);
  });
});

describe('row 42: secrets in logs', () => {
  test('a login is logged with its address, and so is one in clear that is refused', async () => {
    const open = await start();
    await open.logIn();
    expect(open.log).toContainEqual({
      level: 'info',
      message: 'logged in',
      details: { user: USER, address: '127.0.0.1', protocol: 'ftp', tls: false },
    });
    const strict = await start({ tls: { mode: 'require', certificate: CERTIFICATE } });
    await (await strict.connect()).command(`USER ${USER}`, 530);
    expect(strict.log).toContainEqual({
      level: 'warn',
      message: 'login in clear refused',
      details: { user: USER, address: '127.0.0.1' },
    });
  });

  test('a time behind the year 9999 is none', async () => {
    const fixture = await start();
    await put(fixture.vault, ['f'], 'x');
    const client = await fixture.logIn();
    await client.command('MFMT 99991231235960 f', 501);
    await client.command('MFMT 99991231235959 f', 213);
  });

  test('no password and no content reaches a log line', async () => {
    const fixture = await start();
    const client = await fixture.connect();
    await client.command('USER ada\u001b[31m', 331);
    await client.command('PASS wrong-secret-password', 530);
    await client.command(`USER ${USER}`, 331);
    await client.command(`PASS ${PASSWORD}`, 230);
    await client.upload('STOR f', 'secret content');
    const log = JSON.stringify(fixture.log);
    expect(log).toContain('login failed');
    for (const secret of ['wrong-secret-password', PASSWORD, 'secret content', '\\u001b'])
      expect(log).not.toContain(secret);
  });
});
