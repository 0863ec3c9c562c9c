import { connect as connectTcp } from 'node:net';
import { makeHostKey, SftpServer } from '@latchkey/adapter-sftp';
import { LoginDelays } from '@latchkey/server-guard';
import { describe, expect, test } from 'vitest';
import { CERTIFICATE, PASSWORD, put, start, USER } from './support/fixture.js';
import { collect } from './support/raw-client.js';

/** Rows of docs/attacks.md, as far as they concern FTP. */

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
