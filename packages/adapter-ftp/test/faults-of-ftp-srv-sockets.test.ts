import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { orSilence, pasv, startBare } from './support/bare.js';
import { content, put, start, until } from './support/fixture.js';
import type { RawClient } from './support/raw-client.js';

/**
 * Faults that were found in ftp-srv 4.6.3, by their numbers in ADR 0501: its data connections. Each is shown on bare
 * ftp-srv first, in a process of its own, so that a newer version without it is noticed, and then looked for here.
 */

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
    const server = await startBare();
    for (let round = 0; round < 5 && server.process.exitCode === null; round++) {
      const client = await server.logIn();
      const data = await pasv(client);
      data.resetAndDestroy();
      await orSilence(server.exited);
    }
    expect(server.process.exitCode).not.toBe(null);
  });

  test('here others are served on, and so is the session itself', async () => {
    const { logIn } = await start();
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

describe('fault 8: the control socket is paused during transfers', () => {
  const BIG = randomBytes(8 * 1024 * 1024);

  test('bare ftp-srv ignores ABOR, and says nothing of a data connection that is lost', async () => {
    const server = await startBare();
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
    const { logIn, vault } = await start();
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
    const { logIn, vault } = await start();
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
    const { server, logIn, vault } = await start();
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

describe('fault 10: connectors poll, and leak listeners until ports run out', () => {
  const RANGE = 4;

  test('bare ftp-srv has no port left', async () => {
    const server = await startBare({ pasv_min: 42_310, pasv_max: 42_309 + RANGE });
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
    const { server, logIn } = await start({ passive });
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
