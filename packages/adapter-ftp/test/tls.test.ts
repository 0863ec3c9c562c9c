import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { describeCertificate, ensureCertificateFile, FtpServer, makeSelfSigned } from '../src/index.js';
import {
  CERTIFICATE,
  type Fixture,
  type FixtureOptions,
  put,
  startFixture,
  USER,
  until,
} from './support/fixture.js';
import { collect, RawClient } from './support/raw-client.js';

const fixtures: Fixture[] = [];

async function start(options: FixtureOptions = {}): Promise<Fixture> {
  const fixture = await startFixture(options);
  fixtures.push(fixture);
  return fixture;
}

afterEach(async () => {
  for (const fixture of fixtures.splice(0)) await fixture.close();
});

describe('self-signed certificates', () => {
  test('are valid X.509 for their names, signed by their own key', () => {
    for (let count = 0; count < 50; count++) {
      const { certificate, key } = makeSelfSigned({
        names: ['vault.example', '127.0.0.1', '2001:db8::1', '::1'],
      });
      const parsed = new X509Certificate(certificate);
      expect(parsed.verify(parsed.publicKey)).toBe(true);
      expect(parsed.checkHost('vault.example')).toBe('vault.example');
      for (const address of ['127.0.0.1', '2001:db8::1', '::1'])
        expect(parsed.checkIP(address)).toBe(address);
      expect(parsed.checkHost('other.example')).toBe(undefined);
      expect(parsed.ca).toBe(false);
      expect(key).toContain('PRIVATE KEY');
    }
  });

  test('have a lifetime, a subject and a fingerprint to compare', () => {
    const { certificate } = makeSelfSigned({ names: ['x.example'], years: 2 });
    const { fingerprint, notAfter, subject, selfSigned } = describeCertificate(certificate);
    expect(fingerprint).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    expect(notAfter.getUTCFullYear()).toBe(new Date().getUTCFullYear() + 2);
    expect(subject).toBe('CN=x.example');
    expect(selfSigned).toBe(true);
    expect(() => makeSelfSigned({ names: ['no name'] })).toThrow(RangeError);
    expect(() => describeCertificate('rubbish')).toThrow();
  });

  test('are read by OpenSSL, which finds nothing wrong', async () => {
    const { directory } = await start();
    const file = join(directory, 'certificate.pem');
    writeFileSync(file, makeSelfSigned({ names: ['localhost', '::1'] }).certificate);
    const text = execFileSync('openssl', ['x509', '-in', file, '-noout', '-text'], { encoding: 'utf8' });
    for (const part of [
      'DNS:localhost',
      'IP Address:0:0:0:0:0:0:0:1',
      'TLS Web Server Authentication',
      'Digital Signature',
    ])
      expect(text).toContain(part);
    expect(execFileSync('openssl', ['verify', '-CAfile', file, file], { encoding: 'utf8' })).toContain('OK');
  });

  test('the file is made once, for its owner only', async () => {
    const { directory } = await start();
    const file = join(directory, 'state', 'ftp.pem');
    expect(ensureCertificateFile(file)).toBe(true);
    const made = readFileSync(file, 'utf8');
    expect(ensureCertificateFile(file)).toBe(false);
    expect(readFileSync(file, 'utf8')).toBe(made);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});

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
    const client = await fixture.connect();
    const version = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;
    const control = await client.startTls(version);
    for (const line of [`USER ${USER}`, 'PASS correct horse', 'PBSZ 0', 'PROT P']) await client.command(line);
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
