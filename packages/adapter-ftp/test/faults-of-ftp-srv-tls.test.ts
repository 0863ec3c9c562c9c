import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { orSilence, pasv, startBare } from './support/bare.js';
import { put, start, USER } from './support/fixture.js';
import { collect, type RawClient } from './support/raw-client.js';

/**
 * Faults that were found in ftp-srv 4.6.3, by their numbers in ADR 0501: what it does about TLS. Each is shown on bare
 * ftp-srv first, in a process of its own, so that a newer version without it is noticed, and then looked for here.
 */

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
    const server = await startBare();
    const client = await inject(await server.connect());
    // It does so inside TLS, or spoils the handshake with its answer.
    expect(await orSilence(client.reply())).not.toBe('silence');
  });

  test('here it is dropped', async () => {
    const { connect } = await start();
    const client = await inject(await connect());
    await client.command('NOOP', 200);
  });
});

describe('fault 3: a fast ClientHello is parsed as a command', () => {
  test('bare ftp-srv fails handshakes that begin at once', async () => {
    const server = await startBare();
    // Others, who keep it from being ready by chance before the first byte is there.
    const others = await Promise.all([server.connect(), server.connect(), server.connect()]);
    const results: boolean[] = [];
    for (let round = 0; round < 200 && !results.includes(false); round++) {
      const client = await server.connect();
      for (const other of others) other.send('NOOP\r\n'.repeat(20));
      results.push(await fastHandshake(client));
    }
    expect(results).toContain(false);
  });

  test('here forty in a row succeed', async () => {
    const { connect } = await start({ limits: { unauthenticatedPerAddress: 64 } });
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
    const server = await startBare();
    const client = await server.connect();
    // Late enough for fault 3.
    await client.startTls({}, 200);
    await client.command(`USER ${USER}`, 331);
    await client.command('PASS correct horse', 230);
    const [, answer] = await list(client);
    expect(await orSilence(answer)).toBe('silence');
  });

  test('here 150 comes first', async () => {
    const { connect, vault } = await start();
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
