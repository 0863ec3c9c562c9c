import { generateKeyPairSync } from 'node:crypto';
import ssh2 from 'ssh2';
import { afterEach, describe, expect, test } from 'vitest';
import { PACKET } from '../src/codec/constants.js';
import { describeHostKey, makeHostKey, type UserDirectory } from '../src/index.js';
import { MemorySession } from './memory-session.js';
import { type Fixture, type FixtureOptions, PASSWORD, startFixture, USER } from './support/fixture.js';
import { connect, RawClient } from './support/raw-client.js';

const fixtures: Fixture[] = [];

async function start(options: FixtureOptions = {}): Promise<Fixture> {
  const fixture = await startFixture(options);
  fixtures.push(fixture);
  return fixture;
}

afterEach(async () => {
  for (const fixture of fixtures.splice(0)) await fixture.close();
});

/** A directory in which the public key of each of these private keys may log in. */
function usersWithKeys(...keys: string[]): UserDirectory {
  const session = new MemorySession();
  const lines = keys.map((key) => {
    const parsed = ssh2.utils.parseKey(key);
    if (parsed instanceof Error) throw parsed;
    return `${parsed.type} ${parsed.getPublicSSH().toString('base64')} someone`;
  });
  return {
    verifyPassword: async () => undefined,
    authorizedKeys: () => ({ keys: ['# a comment', 'rubbish', ...lines], session }),
  };
}

describe('passwords', () => {
  test('the right one opens the session, others and other users do not', async () => {
    const fixture = await start();
    const client = await RawClient.open(fixture);
    client.end();
    await expect(connect(fixture, { password: 'wrong' })).rejects.toThrow('authentication methods failed');
    await expect(connect(fixture, { username: 'eve' })).rejects.toThrow('authentication methods failed');
    await expect(connect(fixture, { password: '' })).rejects.toThrow('authentication methods failed');
  });

  test('a directory that throws is a failed login, not the end of the server', async () => {
    let broken = true;
    const session = new MemorySession();
    const fixture = await start({
      users: {
        verifyPassword: async () => {
          if (broken) throw new Error('database is down');
          return session;
        },
        authorizedKeys: () => undefined,
      },
    });
    await expect(connect(fixture)).rejects.toThrow('authentication methods failed');
    broken = false;
    (await connect(fixture)).end();
  });

  test('an absurdly long password is not even looked at', async () => {
    let asked = 0;
    const fixture = await start({
      users: {
        verifyPassword: async () => {
          asked += 1;
          return undefined;
        },
        authorizedKeys: () => undefined,
      },
    });
    await expect(connect(fixture, { password: 'x'.repeat(20_000) })).rejects.toThrow();
    expect(asked).toBe(0);
  });

  test('the directory is asked for users that nobody has, too', async () => {
    const asked: string[] = [];
    const fixture = await start({
      users: {
        verifyPassword: async (user) => {
          asked.push(user);
          return undefined;
        },
        authorizedKeys: (user) => {
          asked.push(user);
          return undefined;
        },
      },
    });
    await expect(connect(fixture, { username: 'nobody', privateKey: fixture.userKey })).rejects.toThrow();
    expect(new Set(asked)).toEqual(new Set(['nobody']));
    expect(asked).toHaveLength(2);
  });

  test('a connection ends after its attempts', async () => {
    const fixture = await start({ limits: { loginAttempts: 3 } });
    let tries = 0;
    const client = new ssh2.Client();
    client.on('error', () => {});
    const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
    client.connect({
      host: '127.0.0.1',
      port: fixture.port,
      username: USER,
      authHandler: (_left, _partial, next) => {
        tries += 1;
        next({ type: 'password', username: USER, password: `guess ${tries}` });
      },
    });
    await closed;
    expect(tries).toBeLessThanOrEqual(4);
    expect(fixture.log.some(({ details }) => details.reason === 'too many failed logins')).toBe(true);
  });
});

describe('keys', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
    type: 'pkcs1',
    format: 'pem',
  });
  const ecdsa = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
    type: 'sec1',
    format: 'pem',
  });

  test.each([
    ['Ed25519', makeHostKey()],
    ['ECDSA', ecdsa.toString()],
    ['RSA with SHA-2', rsa.toString()],
  ])('%s', async (_title, privateKey) => {
    const fixture = await start({ users: usersWithKeys(privateKey) });
    const options = { username: 'x', privateKey };
    const client = new ssh2.Client();
    client.on('error', () => {});
    await new Promise<void>((resolve, reject) => {
      client.once('ready', resolve).once('error', reject);
      client.connect({ host: '127.0.0.1', port: fixture.port, ...options });
    });
    client.end();
  });

  test('a key that is not in the list, or is another user’s, is refused', async () => {
    const fixture = await start({ users: usersWithKeys(makeHostKey()) });
    const attempt = connect(fixture, { privateKey: makeHostKey(), password: '' });
    await expect(attempt).rejects.toThrow('authentication methods failed');
  });

  test('a signature of another key than the one presented is refused', async () => {
    const wanted = makeHostKey();
    const fixture = await start({ users: usersWithKeys(wanted) });
    const [right, forged] = [wanted, makeHostKey()].map((key) => ssh2.utils.parseKey(key));
    if (right instanceof Error || forged instanceof Error || right === undefined || forged === undefined)
      throw new Error();
    const sign = forged.sign.bind(forged);
    Object.defineProperty(right, 'sign', { value: sign });
    const client = new ssh2.Client();
    const outcome = new Promise<string>((resolve) => {
      client.once('ready', () => resolve('ready')).once('error', (error) => resolve(error.message));
    });
    client.connect({ host: '127.0.0.1', port: fixture.port, username: USER, privateKey: right as never });
    expect(await outcome).toContain('authentication methods failed');
  });
});

describe('host keys', () => {
  test('are Ed25519, read back, and keep every byte of a public key that begins with zeros', () => {
    const seen = new Set<string>();
    for (let count = 0; count < 600; count++) {
      const key = makeHostKey();
      const { type, fingerprint, publicKey } = describeHostKey(key);
      expect(type).toBe('ssh-ed25519');
      expect(fingerprint).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
      expect(Buffer.from(publicKey.split(' ')[1] ?? '', 'base64')).toHaveLength(51);
      seen.add(fingerprint);
    }
    expect(seen.size).toBe(600);
  });

  test.each([
    '',
    'rubbish',
    '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n',
  ])('%j is refused', (text) => {
    expect(() => describeHostKey(text)).toThrow('cannot be read');
  });

  test('a public key is refused, and a server does not start with it', async () => {
    const { publicKey } = describeHostKey(makeHostKey());
    expect(() => describeHostKey(publicKey)).toThrow('public key');
    await expect(startFixture({ hostKey: publicKey })).rejects.toThrow('public key');
  });
});

test('a port in use is an error that says so', async () => {
  const fixture = await start();
  const { SftpServer } = await import('../src/index.js');
  const users: UserDirectory = { verifyPassword: async () => undefined, authorizedKeys: () => undefined };
  const second = SftpServer.listen({ hostKey: makeHostKey(), port: fixture.port, users });
  await expect(second).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

test('a server that is closed lets its clients go and abandons their files', async () => {
  const fixture = await start();
  const client = await RawClient.open(fixture);
  const handle = await client.open('/f', 0x02 | 0x08);
  let open = (): void => {};
  fixture.vault.gate = new Promise((resolve) => {
    open = resolve;
  });
  client.post(PACKET.WRITE, (writer) => writer.bytes(handle).uint64(0).text('on its way'));
  client.post(PACKET.STAT, (writer) => writer.text('/'));
  expect((await client.next()).type).toBe(PACKET.ATTRS);
  const closed = fixture.server.close();
  await client.closed;
  expect(fixture.vault.openHandles).toBe(1);
  open();
  await closed;
  expect(fixture.vault.openHandles).toBe(0);
  expect(fixture.vault.abandoned).toEqual(['f']);
  await expect(connect(fixture, { password: PASSWORD })).rejects.toThrow();
});
