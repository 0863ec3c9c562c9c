import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { orSilence, pasv, startBare } from './support/bare.js';
import { content, put, start } from './support/fixture.js';

/**
 * Faults that were found in ftp-srv 4.6.3, by their numbers in ADR 0501: how it reads commands. Each is shown on bare
 * ftp-srv first, in a process of its own, so that a newer version without it is noticed, and then looked for here.
 */

describe('fault 5: no line buffering', () => {
  test('bare ftp-srv takes half a line for a command', async () => {
    const server = await startBare();
    const client = await server.connect();
    client.send('NO');
    await client.expect(502);
  });

  test('here a line may come in any pieces, and pieces may hold many lines', async () => {
    const { connect } = await start();
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
    const server = await startBare();
    for (const name of ['foo bar', 'foo -x bar']) writeFileSync(join(server.root, name), 'x');
    const client = await server.logIn();
    await client.command('DELE foo -x bar', 250);
    expect(existsSync(join(server.root, 'foo bar'))).toBe(false);
    expect(existsSync(join(server.root, 'foo -x bar'))).toBe(true);
  });

  test.each(['foo -x bar', 'a "quoted" name', '"', ' leading', 'trailing ', '-l', 'two  spaces', "it's"])(
    'here the name %j is taken as it is',
    async (name) => {
      const { logIn, vault } = await start();
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
    const server = await startBare();
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
    const { logIn, vault } = await start();
    await put(vault, ['d', 'inside'], 'x');
    const client = await logIn();
    expect((await client.download(command)).toString()).toContain(command.endsWith('d') ? 'inside' : 'd\r\n');
  });
});

describe('fault 9: PORT without an argument is an unhandled rejection', () => {
  test('bare ftp-srv never answers', async () => {
    const server = await startBare();
    const client = await server.logIn();
    client.send('PORT\r\n');
    expect(await orSilence(client.reply())).toBe('silence');
  });

  test('here it is a syntax error', async () => {
    const { logIn } = await start();
    const client = await logIn();
    await client.command('PORT', 501);
    await client.command('NOOP', 200);
  });
});
