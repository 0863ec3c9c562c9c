import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { describeCertificate, ensureCertificateFile, makeSelfSigned } from '@latchkey/server-guard';
import { describe, expect, test } from 'vitest';
import { FtpServer } from '../src/index.js';
import {
  CERTIFICATE,
  type Fixture,
  type FixtureOptions,
  put,
  secureLogIn,
  start,
  startFixture,
  USER,
  until,
} from './support/fixture.js';
import { collect, RawClient } from './support/raw-client.js';

/** The fingerprint that a client of explicit TLS sees. */
async function seen(fixture: Fixture): Promise<string> {
  const client = await fixture.connect();
  const secure = await client.startTls();
  return secure.getPeerCertificate().fingerprint256;
}

describe('certificates of a server', () => {
  test('from files are reloaded when they change; unusable ones are not taken', async () => {
    const { directory } = await start();
    const file = join(directory, 'ftp.pem');
    ensureCertificateFile(file);
    const files = { certificateFile: file, keyFile: file };
    const fixture = await start({ tls: { mode: 'require', certificate: files } });
    const first = fixture.server.certificate?.fingerprint;
    expect(await seen(fixture)).toBe(first);
    writeFileSync(file, 'in the middle of a replacement');
    expect(await seen(fixture)).toBe(first);
    expect(fixture.log.some(({ level }) => level === 'error')).toBe(true);
    const { certificate, key } = makeSelfSigned();
    writeFileSync(file, certificate + key);
    expect(await seen(fixture)).toBe(describeCertificate(certificate).fingerprint);
    expect(fixture.server.certificate?.fingerprint).toBe(describeCertificate(certificate).fingerprint);
  });

  test('that do not fit their key keep a server from starting', async () => {
    const pair = { certificate: makeSelfSigned().certificate, key: makeSelfSigned().key };
    await expect(start({ tls: { mode: 'require', certificate: pair } })).rejects.toThrow();
  });
});

describe('options that contradict each other are refused', () => {
  test.each<[string, FixtureOptions]>([
    ['implicit TLS without TLS', { tls: { mode: 'off' }, implicitPort: 0 }],
    ['a range that ends before it begins', { passive: { ports: { min: 2000, max: 1999 } } }],
    ['an external address that is none', { passive: { externalAddress: 'vault.example' } }],
  ])('%s', async (_what, options) => {
    await expect(start(options)).rejects.toThrow(RangeError);
  });

  test('a port in use is an error that says so', async () => {
    const { port, throttle } = await start();
    const users = { verifyPassword: async (): Promise<undefined> => undefined };
    const second = FtpServer.listen({ port, users, throttle, tls: { mode: 'off' } });
    await expect(second).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});

describe('implicit TLS', () => {
  test('protects both connections from the first byte, beside explicit TLS', async () => {
    const fixture = await start({ implicitPort: 0, tls: { mode: 'require', certificate: CERTIFICATE } });
    await put(fixture.vault, ['f'], 'secret');
    const port = fixture.server.implicitAddress?.port ?? 0;
    const control = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
    await once(control, 'secureConnect');
    const client = new RawClient(fixture.port, control);
    await client.expect(220);
    await client.command('AUTH TLS', 503);
    await client.command(`USER ${USER}`, 331);
    await client.command('PASS correct horse', 230);
    const socket = await client.passive();
    await client.command('RETR f', 150);
    const data = connectTls({ socket, rejectUnauthorized: false });
    expect((await collect(data)).toString()).toBe('secret');
    await client.expect(226);
    const explicit = await fixture.connect();
    await explicit.startTls();
    client.destroy();
    explicit.destroy();
    await until(() => fixture.server.load.connections === 0);
  });
});

describe('session reuse', () => {
  test.each(['off', 'prefer'] as const)('%s', async (sessionReuse) => {
    const fixture = await start({ tls: { mode: 'allow', certificate: CERTIFICATE, sessionReuse } });
    const version = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;
    const { client, control } = await secureLogIn(fixture, version);
    const socket = await client.passive();
    await client.command('NLST', 150);
    const session = control.getSession();
    const data = connectTls({ socket, rejectUnauthorized: false, ...version, ...(session && { session }) });
    await once(data, 'secureConnect');
    expect(data.isSessionReused()).toBe(sessionReuse === 'prefer');
    await collect(data);
    await client.expect(226);
  });
});

describe('PASV behind a router', () => {
  test('tells the external address, but not on the machine itself', async () => {
    const fixture = await start({ passive: { externalAddress: '203.0.113.7' } });
    const client = await fixture.logIn();
    expect((await client.command('PASV', 227)).lines[0]).toContain('(127,0,0,1,');
  });
});

test('a server that is closed says so, lets its clients go and keeps what they were sending', async () => {
  const fixture = await startFixture();
  const client = await fixture.logIn();
  const data = await client.passive();
  await client.command('STOR f', 150);
  data.write('on its way');
  await until(async () => (await client.command('STAT', 211)).lines.join().includes(', 10 bytes'));
  const closed = fixture.server.close();
  await client.expect(421, 426);
  await closed;
  expect(await fixture.vault.stat(['f'])).toMatchObject({ draft: true, size: 10 });
  await fixture.close();
});
