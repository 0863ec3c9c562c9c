import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { connect as connectTcp, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { type Bare, orSilence, startBare } from './support/bare.js';
import {
  CERTIFICATE,
  content,
  type Fixture,
  type FixtureOptions,
  put,
  startFixture,
  USER,
  until,
} from './support/fixture.js';
import { collect, type RawClient } from './support/raw-client.js';

/**
 * The faults that were found in ftp-srv 4.6.3, in the order of ADR 0501. Each is shown on bare ftp-srv first, in a
 * process of its own, so that a newer version without it is noticed, and then looked for here.
 */

const closing: (() => Promise<void>)[] = [];

async function ours(options: FixtureOptions = {}): Promise<Fixture> {
  const fixture = await startFixture(options);
  closing.push(() => fixture.close());
  return fixture;
}

async function bare(options: object = {}): Promise<Bare> {
  const server = await startBare(options);
  closing.push(() => server.close());
  return server;
}

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A passive data connection, asked for with PASV, which both servers have. */
async function pasv(client: RawClient): Promise<Socket> {
  const { lines } = await client.command('PASV', 227);
  const [high = 0, low = 0] = (/(\d+),(\d+)\)/.exec(lines[0] ?? '') ?? []).slice(1).map(Number);
  const socket = connectTcp(high * 256 + low, '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** Starts TLS the moment 234 arrives. Whether the handshake succeeds. */
async function fastHandshake(client: RawClient): Promise<boolean> {
  const plain = client.socket;
  plain.removeAllListeners('data');
  const result = new Promise<boolean>((resolve) => {
    plain.once('data', () => {
      const secure = connectTls({ socket: plain, rejectUnauthorized: false });
      secure.once('secureConnect', () => resolve(true));
      secure.once('error', () => resolve(false));
      secure.once('close', () => resolve(false));
    });
  });
  client.send('AUTH TLS\r\n');
  return (await orSilence(result)) === true;
}

describe('fault 1: a client that connects to a passive port and resets it crashes the process', () => {
  async function reset(client: RawClient): Promise<void> {
    const data = await pasv(client);
    client.send('STOR f\r\n');
    await orSilence(client.reply());
    data.write('some');
    await new Promise((resolve) => setTimeout(resolve, 20));
    data.resetAndDestroy();
  }

  test('bare ftp-srv exits', async () => {
    const server = await bare();
    for (let round = 0; round < 5 && server.process.exitCode === null; round++) {
      const client = await server.logIn();
      const data = await pasv(client);
      data.resetAndDestroy();
      await orSilence(server.exited);
    }
    expect(server.process.exitCode).not.toBe(null);
  });

  test('here others are served on, and so is the session itself', async () => {
    const { logIn } = await ours();
    const client = await logIn();
    const data = await pasv(client);
    data.resetAndDestroy();
    await client.command('NOOP', 200);
    await reset(client);
    await client.expect(426);
    await client.upload('STOR f', 'whole');
    expect((await client.download('RETR f')).toString()).toBe('whole');
  });
});

describe('fault 2: bytes pipelined behind AUTH TLS are executed as if they were secure', () => {
  async function inject(client: RawClient): Promise<RawClient> {
    const plain = client.socket;
    plain.removeAllListeners('data');
    client.send('AUTH TLS\r\nSYST\r\n');
    await once(plain, 'data');
    const secure = connectTls({ socket: plain, rejectUnauthorized: false });
    const { RawClient: Raw } = await import('./support/raw-client.js');
    const protectedClient = new Raw(client.port, secure);
    await Promise.race([once(secure, 'secureConnect'), once(secure, 'close')]).catch(() => {});
    return protectedClient;
  }

  test('bare ftp-srv answers the command that was sent in clear', async () => {
    const server = await bare();
    const client = await inject(await server.connect());
    // It does so inside TLS, or spoils the handshake with its answer.
    expect(await orSilence(client.reply())).not.toBe('silence');
  });

  test('here it is dropped', async () => {
    const { connect } = await ours();
    const client = await inject(await connect());
    await client.command('NOOP', 200);
  });
});

describe('fault 3: a fast ClientHello is parsed as a command', () => {
  test('bare ftp-srv fails handshakes that begin at once', async () => {
    const server = await bare();
    const results: boolean[] = [];
    for (let round = 0; round < 20; round++) results.push(await fastHandshake(await server.connect()));
    expect(results).toContain(false);
  });

  test('here forty in a row succeed', async () => {
    const { connect } = await ours({ limits: { unauthenticatedPerAddress: 64 } });
    for (let round = 0; round < 40; round++) expect(await fastHandshake(await connect())).toBe(true);
  });
});

describe('fault 4: FTPS data waits for the handshake before the 150 reply', () => {
  async function list(client: RawClient): Promise<[Socket, Promise<{ code: number } | undefined>]> {
    await client.command('PBSZ 0', 200);
    await client.command('PROT P', 200);
    const data = await pasv(client);
    client.send('LIST\r\n');
    return [data, client.reply()];
  }

  test('bare ftp-srv is silent to a client that waits for 150', async () => {
    const server = await bare();
    const client = await server.connect();
    // Late enough for fault 3.
    await client.startTls({}, 200);
    await client.command(`USER ${USER}`, 331);
    await client.command('PASS correct horse', 230);
    const [, answer] = await list(client);
    expect(await orSilence(answer)).toBe('silence');
  });

  test('here 150 comes first', async () => {
    const { connect, vault } = await ours();
    await put(vault, ['f'], 'x');
    const client = await connect();
    const control = await client.startTls();
    await client.command(`USER ${USER}`, 331);
    await client.command('PASS correct horse', 230);
    const [data, answer] = await list(client);
    expect((await answer)?.code).toBe(150);
    const session = control.getSession();
    const secure = connectTls({ socket: data, rejectUnauthorized: false, ...(session && { session }) });
    expect((await collect(secure)).toString()).toContain(' f\r\n');
    await client.expect(226);
  });
});

describe('fault 5: no line buffering', () => {
  test('bare ftp-srv takes half a line for a command', async () => {
    const server = await bare();
    const client = await server.connect();
    client.send('NO');
    await client.expect(502);
  });

  test('here a line may come in any pieces, and pieces may hold many lines', async () => {
    const { connect } = await ours();
    const client = await connect();
    for (const byte of 'NOOP\r\nSY') {
      client.send(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await client.expect(200);
    client.send('ST\r\nNOOP\r\nNOOP\r\nSYST\r\n');
    for (const code of [215, 200, 200, 215]) await client.expect(code);
  });
});

describe('fault 6: the parser eats quotes and tokens such as -x', () => {
  test('bare ftp-srv deletes another file than the one that was named', async () => {
    const server = await bare();
    for (const name of ['foo bar', 'foo -x bar']) writeFileSync(join(server.root, name), 'x');
    const client = await server.logIn();
    await client.command('DELE foo -x bar', 250);
    expect(existsSync(join(server.root, 'foo bar'))).toBe(false);
    expect(existsSync(join(server.root, 'foo -x bar'))).toBe(true);
  });

  test.each(['foo -x bar', 'a "quoted" name', '"', ' leading', 'trailing ', '-l', 'two  spaces', "it's"])(
    'here the name %j is taken as it is',
    async (name) => {
      const { logIn, vault } = await ours();
      await put(vault, ['foo bar'], 'x');
      const client = await logIn();
      await client.upload(`STOR ${name}`, 'named');
      expect((await content(vault, name)).toString()).toBe('named');
      await client.command(`DELE ${name}`, 250);
      expect((await vault.list([])).entries.map((entry) => entry.name)).toEqual(['foo bar']);
    },
  );
});

describe('fault 7: LIST -la is taken for a path', () => {
  test('bare ftp-srv does not list', async () => {
    const server = await bare();
    const client = await server.logIn();
    await pasv(client);
    const answer = await client.command('LIST -la');
    expect(answer.code).toBeGreaterThanOrEqual(400);
  });

  test.each([
    'LIST -la',
    'LIST -a',
    'LIST -al d',
    'LIST -l -a d',
    'LIST -1 d',
    'LIST -- d',
    'LIST d',
    'NLST -l',
  ])('here %s lists', async (command) => {
    const { logIn, vault } = await ours();
    await put(vault, ['d', 'inside'], 'x');
    const client = await logIn();
    expect((await client.download(command)).toString()).toContain(command.endsWith('d') ? 'inside' : 'd\r\n');
  });
});

describe('fault 8: the control socket is paused during transfers', () => {
  const BIG = randomBytes(8 * 1024 * 1024);

  test('bare ftp-srv ignores ABOR, and says nothing of a data connection that is lost', async () => {
    const server = await bare();
    writeFileSync(join(server.root, 'big'), BIG);
    const client = await server.logIn();
    const data = await pasv(client);
    await client.command('RETR big', 150);
    data.pause();
    client.send('ABOR\r\n');
    expect(await orSilence(client.reply())).toBe('silence');
    data.destroy();
    const other = await server.logIn();
    const upload = await pasv(other);
    await other.command('STOR up', 150);
    upload.write('part');
    await new Promise((resolve) => setTimeout(resolve, 50));
    upload.destroy();
    const answer = await orSilence(other.reply());
    // Silence, or, worse, the part is taken for the whole.
    expect(answer === 'silence' || answer?.code === 226).toBe(true);
  });

  test('here ABOR ends the transfer at once', async () => {
    const { logIn, vault } = await ours();
    await put(vault, ['big'], BIG);
    const client = await logIn();
    const data = await pasv(client);
    data.pause();
    await client.command('RETR big', 150);
    // As Telnet sends it (RFC 959, section 4.1.3).
    client.send(Buffer.concat([Buffer.from([0xff, 0xf4, 0xff, 0xf2]), Buffer.from('ABOR\r\n')]));
    await client.expect(426);
    await client.expect(226);
    await client.command('NOOP', 200);
  });

  test('here a lost data connection is answered and what came is kept for REST', async () => {
    const { logIn, vault } = await ours();
    const client = await logIn();
    const data = await pasv(client);
    await client.command('STOR up', 150);
    data.write(BIG.subarray(0, 2_000_000));
    await until(async () => /, 2000000 bytes/.test((await client.command('STAT', 211)).lines.join()));
    data.resetAndDestroy();
    await client.expect(426);
    expect((await client.command('SIZE up', 213)).lines).toEqual(['213 2000000']);
    expect((await vault.stat(['up'])).draft).toBe(true);
    await client.command('REST 2000000', 350);
    await client.upload('STOR up', BIG.subarray(2_000_000));
    expect((await content(vault, 'up')).equals(BIG)).toBe(true);
  });

  test('here a lost control connection ends the upload; the old file stands', async () => {
    const { server, logIn, vault } = await ours();
    await put(vault, ['up'], 'old');
    const client = await logIn();
    const data = await pasv(client);
    await client.command('STOR up', 150);
    data.write(BIG.subarray(0, 1_000_000));
    const ended = new Promise((resolve) => data.once('close', resolve));
    client.destroy();
    await ended;
    await until(() => server.load.connections === 0);
    expect((await content(vault, 'up')).toString()).toBe('old');
  });
});

describe('fault 9: PORT without an argument is an unhandled rejection', () => {
  test('bare ftp-srv never answers', async () => {
    const server = await bare();
    const client = await server.logIn();
    client.send('PORT\r\n');
    expect(await orSilence(client.reply())).toBe('silence');
  });

  test('here it is a syntax error', async () => {
    const { logIn } = await ours();
    const client = await logIn();
    await client.command('PORT', 501);
    await client.command('NOOP', 200);
  });
});

describe('fault 10: connectors poll, and leak listeners until ports run out', () => {
  const RANGE = 4;

  test('bare ftp-srv has no port left', async () => {
    const server = await bare({ pasv_min: 42_310, pasv_max: 42_309 + RANGE });
    const client = await server.logIn();
    const codes: number[] = [];
    for (let round = 0; round <= RANGE; round++) {
      const answer = await orSilence(client.command('PASV'));
      codes.push(answer === 'silence' ? 0 : answer.code);
    }
    expect(codes.every((code) => code === 227)).toBe(false);
  });

  test('here four ports serve any number of commands and clients that never connect', async () => {
    const passive = { ports: { min: 42_320, max: 42_319 + RANGE } };
    const { server, logIn } = await ours({ passive });
    const client = await logIn();
    for (let round = 0; round < 50; round++) await client.command('PASV', 227);
    for (let round = 0; round < 20; round++) {
      const other = await logIn();
      await other.command(round % 2 === 0 ? 'PASV' : 'EPSV', 227, 229);
      other.destroy();
      await until(() => server.load.connections === 1);
    }
    for (let round = 0; round < 20; round++) await client.upload(`STOR f${round}`, 'x');
    expect(server.load.passivePorts).toBeLessThanOrEqual(RANGE);
  });
});

describe('fault 11: it installs signal handlers that end the process', () => {
  test('bare ftp-srv does', async () => {
    expect((await bare()).handlers).toBe(1);
  });

  test('here there are none', async () => {
    const signals = ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const;
    const count = (): number[] => signals.map((signal) => process.listenerCount(signal));
    const before = count();
    await ours();
    expect(count()).toEqual(before);
  });
});

describe('fault 12: no limits on attempts or connections, passwords are taken before TLS', () => {
  test('bare ftp-srv lets one connection guess for ever, and many connect', async () => {
    const server = await bare();
    const client = await server.connect();
    await client.command('USER ada', 331);
    for (let guess = 0; guess < 30; guess++) await client.command(`PASS guess ${guess}`, 530);
    const many = await Promise.all(Array.from({ length: 100 }, () => server.connect()));
    expect(many).toHaveLength(100);
  });

  test('here a connection ends after its attempts', async () => {
    const { connect } = await ours({ limits: { loginAttempts: 3 } });
    const client = await connect();
    for (let guess = 1; guess <= 3; guess++) {
      await client.command('USER ada', 331);
      await client.command(`PASS guess ${guess}`, guess < 3 ? 530 : 421);
    }
    expect(await client.reply()).toBe(undefined);
  });

  test.each([
    [{ connections: 3 }],
    [{ connectionsPerAddress: 3 }],
    [{ unauthenticated: 3 }],
    [{ unauthenticatedPerAddress: 3 }],
  ])('here connections are limited: %j', async (limits) => {
    const { connect, server } = await ours({ limits });
    const clients = [await connect(), await connect(), await connect()];
    await expect(connect()).rejects.toThrow('421');
    clients[0]?.destroy();
    await until(() => server.load.connections === 2);
    await connect();
  });

  test('here no password is taken in clear where TLS is required', async () => {
    const { connect } = await ours({ tls: { mode: 'require', certificate: CERTIFICATE } });
    const client = await connect();
    await client.command(`USER ${USER}`, 530);
    await client.command('PASS correct horse', 503);
    await client.startTls();
    await client.command(`USER ${USER}`, 331);
    await client.command('PASS correct horse', 230);
  });
});
