import { describe, expect, test } from 'vitest';
import { startBare } from './support/bare.js';
import { CERTIFICATE, start, USER, until } from './support/fixture.js';

/**
 * Faults that were found in ftp-srv 4.6.3, by their numbers in ADR 0501: signals and limits. Each is shown on bare
 * ftp-srv first, in a process of its own, so that a newer version without it is noticed, and then looked for here.
 */

describe('fault 11: it installs signal handlers that end the process', () => {
  test('bare ftp-srv does', async () => {
    expect((await startBare()).handlers).toBe(1);
  });

  test('here there are none', async () => {
    const signals = ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const;
    const count = (): number[] => signals.map((signal) => process.listenerCount(signal));
    const before = count();
    await start();
    expect(count()).toEqual(before);
  });
});

describe('fault 12: no limits on attempts or connections, passwords are taken before TLS', () => {
  test('bare ftp-srv lets one connection guess for ever, and many connect', async () => {
    const server = await startBare();
    const client = await server.connect();
    await client.command('USER ada', 331);
    for (let guess = 0; guess < 30; guess++) await client.command(`PASS guess ${guess}`, 530);
    const many = await Promise.all(Array.from({ length: 100 }, () => server.connect()));
    expect(many).toHaveLength(100);
  });

  test('here a connection ends after its attempts', async () => {
    const { connect } = await start({ limits: { loginAttempts: 3 } });
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
    const { connect, server } = await start({ limits });
    const clients = [await connect(), await connect(), await connect()];
    await expect(connect()).rejects.toThrow('421');
    clients[0]?.destroy();
    await until(() => server.load.connections === 2);
    await connect();
  });

  test('here no password is taken in clear where TLS is required', async () => {
    const { connect } = await start({ tls: { mode: 'require', certificate: CERTIFICATE } });
    const client = await connect();
    await client.command(`USER ${USER}`, 530);
    await client.command('PASS correct horse', 503);
    await client.startTls();
    await client.command(`USER ${USER}`, 331);
    await client.command('PASS correct horse', 230);
  });
});
