import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { CERTIFICATE, content, PASSWORD, put, secureLogIn, start, USER, until } from './support/fixture.js';
import { collect, RawClient } from './support/raw-client.js';

/** Rows of docs/attacks.md, as far as they concern FTP. */

/** A data connection with TLS, and what lies beneath it. */
async function secureData(
  client: RawClient,
  control: TLSSocket,
): Promise<{ socket: Socket; data: TLSSocket }> {
  const socket = await client.passive();
  const session = control.getSession();
  const data = connectTls({ socket, rejectUnauthorized: false, ...(session && { session }) });
  data.on('error', () => {});
  return { socket, data };
}

const TLS_REQUIRED = { mode: 'require', certificate: CERTIFICATE } as const;

describe('row 30: FTP bounce', () => {
  test.each([
    'PORT 10,0,0,1,4,1',
    'PORT 127,0,0,2,4,1',
    'PORT 127,0,0,1,3,255',
    'PORT 127,0,0,1,0,0',
    'EPRT |1|10.0.0.1|1025|',
    'EPRT |1|127.0.0.1|1023|',
    'EPRT |1|127.0.0.1|65536|',
    'EPRT |2|::1|1025|',
    'EPRT |2|::ffff:10.0.0.1|1025|',
  ])('%s leads elsewhere and is refused', async (command) => {
    const client = await (await start()).logIn();
    await client.command(command, 504);
    await client.command('LIST', 425);
  });

  test.each([
    'PORT 1,2,3',
    'PORT 127,0,0,1,4,256',
    'PORT 127,0,0,1,4,-1',
    'PORT a,b,c,d,e,f',
    'PORT 127,0,0,1,4,1,1',
    'EPRT |1|127.0.0.1|',
    'EPRT |1|localhost|1025|',
    'EPRT |1|::1|1025|',
    'EPRT x',
  ])('%s is a syntax error', async (command) => {
    const client = await (await start()).logIn();
    await client.command(command, 501);
  });

  test('an unknown address family gets its code, and active mode can be off', async () => {
    await (await (await start()).logIn()).command('EPRT |3|127.0.0.1|1025|', 522);
    const client = await (await start({ activeMode: false })).logIn();
    await client.command('PORT 127,0,0,1,4,1', 502);
    await client.command('EPRT |1|127.0.0.1|1025|', 502);
  });

  test('a passive port takes the control peer only, and once', async () => {
    const fixture = await start({ host: '0.0.0.0' });
    await put(fixture.vault, ['f'], 'for the client');
    const client = await fixture.logIn();
    const port = await client.passivePort();
    const stranger = connectTcp({ port, host: '127.0.0.1', localAddress: '127.0.0.2' });
    expect((await collect(stranger)).length).toBe(0);
    const first = connectTcp(port, '127.0.0.1');
    await once(first, 'connect');
    const second = connectTcp(port, '127.0.0.1');
    expect((await collect(second)).length).toBe(0);
    await client.command('RETR f', 150);
    expect((await collect(first)).toString()).toBe('for the client');
    await client.expect(226);
    const late = connectTcp(port, '127.0.0.1');
    expect((await collect(late)).length).toBe(0);
  });
});

describe('row 31: TLS strip and stealing', () => {
  test('with TLS required nothing goes in clear', async () => {
    const fixture = await start({ tls: TLS_REQUIRED });
    const plain = await fixture.connect();
    await plain.command(`USER ${USER}`, 530);
    await plain.command(`PASS ${PASSWORD}`, 503);
    await plain.command('PBSZ 0', 503);
    await plain.command('PROT P', 503);
    await plain.command('CCC', 533);
    const client = await fixture.connect();
    await client.startTls();
    await client.command('AUTH TLS', 503);
    await client.command(`USER ${USER}`, 331);
    await client.command(`PASS ${PASSWORD}`, 230);
    await client.command('PROT P', 503);
    await client.command('EPSV', 229);
    await client.command('LIST', 521);
    await client.command('PBSZ 0', 200);
    await client.command('PROT C', 534);
    await client.command('PROT E', 536);
    await client.command('PROT X', 504);
    await client.command('CCC', 534);
    await client.command('PROT P', 200);
    await client.command('NOOP', 200);
  });

  test('unknown mechanisms are refused, and TLS ends a login made in clear', async () => {
    const fixture = await start();
    const client = await fixture.logIn();
    await client.command('AUTH GSSAPI', 504);
    await client.command('AUTH', 501);
    await client.startTls();
    await client.command('PWD', 530);
  });

  test('bytes sent before the handshake are dropped', async () => {
    const fixture = await start();
    const client = await fixture.connect();
    client.send(`AUTH TLS\r\nUSER ${USER}\r\nPASS ${PASSWORD}\r\n`);
    await client.expect(234);
    client.socket.removeAllListeners('data');
    const secure = new RawClient(
      fixture.port,
      connectTls({ socket: client.socket, rejectUnauthorized: false }),
    );
    await secure.command('PWD', 530);
  });

  test('an upload without close_notify is not committed, and can be resumed', async () => {
    const fixture = await start();
    await put(fixture.vault, ['f'], 'old');
    const { client, control } = await secureLogIn(fixture);
    for (const name of ['f', 'new']) {
      const { socket, data } = await secureData(client, control);
      await client.command(`STOR ${name}`, 150);
      data.write('part of a file');
      await once(data, 'secureConnect');
      await until(async () => (await client.command('STAT', 211)).lines.join().includes(', 14 bytes'));
      // Under TLS's feet: what somebody on the way can do.
      socket.end();
      await client.expect(426);
    }
    expect((await content(fixture.vault, 'f')).toString()).toBe('old');
    expect(await fixture.vault.stat(['new'])).toMatchObject({ draft: true, size: 14 });
    await client.command('REST 14', 350);
    const { data: rest } = await secureData(client, control);
    await client.command('STOR new', 150);
    rest.end(', resumed');
    await client.expect(226);
    expect((await content(fixture.vault, 'new')).toString()).toBe('part of a file, resumed');
  });

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'with %s, whole uploads of any size are committed',
    async (version) => {
      const fixture = await start();
      const { client } = await secureLogIn(fixture, { minVersion: version, maxVersion: version });
      for (const size of [0, 1, 2, 16_384, 5_000_000]) {
        const bytes = randomBytes(size);
        const socket = await client.passive();
        const data = connectTls({
          socket,
          rejectUnauthorized: false,
          minVersion: version,
          maxVersion: version,
        });
        await client.command('STOR f', 150);
        // Node's client closes without a handshake when it has nothing to send before it.
        await once(data, 'secureConnect');
        data.end(bytes);
        await client.expect(226);
        expect((await content(fixture.vault, 'f')).equals(bytes)).toBe(true);
      }
    },
  );

  test('where reuse is required a data connection needs the session of its own control connection', async () => {
    const fixture = await start({ tls: { ...TLS_REQUIRED, sessionReuse: 'require' } });
    await put(fixture.vault, ['f'], 'secret');
    const version = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;
    const one = await secureLogIn(fixture, version);
    const two = await secureLogIn(fixture, version);
    const attempt = async (control: TLSSocket | undefined): Promise<[number, string]> => {
      const socket = await one.client.passive();
      const session = control?.getSession();
      await one.client.command('RETR f', 150);
      const data = connectTls({ socket, rejectUnauthorized: false, ...version, ...(session && { session }) });
      data.on('error', () => {});
      const received = await collect(data);
      return [(await one.client.expect(226, 522, 426)).code, received.toString()];
    };
    expect(await attempt(one.control)).toEqual([226, 'secret']);
    expect(await attempt(two.control)).toEqual([522, '']);
    expect(await attempt(undefined)).toEqual([522, '']);
    for (const size of [0, 3, 1_000_000]) {
      const socket = await one.client.passive();
      const session = one.control.getSession();
      await one.client.command('STOR f', 150);
      const data = connectTls({ socket, rejectUnauthorized: false, ...version, ...(session && { session }) });
      await once(data, 'secureConnect');
      data.end(Buffer.alloc(size));
      await one.client.expect(226);
      expect((await content(fixture.vault, 'f')).length).toBe(size);
    }
  });

  test('older versions of TLS are refused', async () => {
    const fixture = await start();
    const client = await fixture.connect();
    await client.command('AUTH TLS', 234);
    client.socket.removeAllListeners('data');
    const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    const secure = connectTls({ socket: client.socket, rejectUnauthorized: false, ...old });
    const outcome = await new Promise<string>((resolve) => {
      secure.once('secureConnect', () => resolve('connected'));
      secure.once('error', () => resolve('refused'));
    });
    expect(outcome).toBe('refused');
  });
});

describe('row 32: line abuse', () => {
  test.each<[string, string | Buffer, number]>([
    ['an overlong line', `NOOP ${'x'.repeat(100_000)}\r\n`, 500],
    ['an overlong line in pieces', `CWD ${'y'.repeat(8 * 1024)}\r\n`, 500],
    ['a bare CR', 'NO\rOP\r\n', 501],
    ['CR CR LF', 'NOOP\r\r\n', 501],
    ['a NUL', 'NO\0OP\r\n', 501],
    ['a NUL behind CR', 'NOOP\r\0\r\n', 501],
    ['Telnet inside a line', Buffer.from('4e4ffff64f500d0a', 'hex'), 501],
    ['nothing', '\r\n', 500],
    ['no letters', '\x01\x02\x03\r\n', 500],
    ['a name of the prototype', 'CONSTRUCTOR x\r\n', 500],
    ['__proto__', '__PROTO__ x\r\n', 500],
  ])('%s gets an error reply and the session lives', async (_what, bytes, code) => {
    const client = await (await start()).logIn();
    client.send(bytes);
    await client.expect(code);
    await client.command('NOOP', 200);
  });

  test('Telnet commands before a line are taken away, LF alone ends one', async () => {
    const client = await (await start()).logIn();
    client.send(Buffer.concat([Buffer.from('fffb01fff4ff', 'hex'), Buffer.from('NOOP\r\n')]));
    await client.expect(200);
    client.send('NOOP\nSYST\n');
    await client.expect(200);
    await client.expect(215);
  });
});
