import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, type TestContext, test } from 'vitest';
import { content, type Fixture, PASSWORD, startFixture, USER, until } from './support/fixture.js';

const execute = promisify(execFile);
const BIG = randomBytes(12 * 1024 * 1024 + 17);

let fixture: Fixture;

beforeAll(async () => {
  fixture = await startFixture({ implicitPort: 0 });
  writeFileSync(local('big'), BIG);
});
afterAll(() => fixture.close());
beforeEach(async () => {
  for await (const entry of fixture.vault.entries([]))
    await fixture.vault.remove([entry.name], { recursive: true });
});

const local = (...names: string[]): string => join(fixture.directory, ...names);

/** Skips a test whose program is missing; where everything has to be installed it fails instead. */
function needs(context: TestContext, program: string, ...args: string[]): void {
  try {
    execFileSync(program, args.length === 0 ? ['--version'] : args, { stdio: 'ignore' });
  } catch (error) {
    if (process.env.CI !== undefined) throw error;
    context.skip(`${program} is not installed`);
  }
}

async function run(program: string, ...args: string[]): Promise<string> {
  const { stdout } = await execute(program, args, {
    timeout: 60_000,
    env: { ...process.env, HOME: fixture.directory },
    maxBuffer: 1 << 26,
  });
  return stdout;
}

describe.each([
  ['in clear', 'ftp', []],
  ['active', 'ftp', ['--ftp-port', '-']],
  ['explicit TLS', 'ftp', ['--insecure', '--ssl-reqd']],
  ['implicit TLS', 'ftps', ['--insecure']],
])('curl, %s', (_how, scheme, options) => {
  const curl = (path: string, ...args: string[]): Promise<string> => {
    const port = scheme === 'ftps' ? fixture.server.implicitAddress?.port : fixture.port;
    const login = ['--silent', '--show-error', '--user', `${USER}:${PASSWORD}`, ...options];
    return run('curl', ...login, ...args, `${scheme}://127.0.0.1:${port}/${path}`);
  };

  test('puts, gets, resumes and lists', async (context) => {
    needs(context, 'curl');
    await curl('d/big', '--upload-file', local('big'), '--ftp-create-dirs');
    expect((await content(fixture.vault, 'd', 'big')).equals(BIG)).toBe(true);
    await curl('d/big', '--output', local('back'));
    expect(readFileSync(local('back')).equals(BIG)).toBe(true);
    truncateSync(local('back'), 5_000_000);
    await curl('d/big', '--output', local('back'), '--continue-at', '-');
    expect(readFileSync(local('back')).equals(BIG)).toBe(true);
    expect(await curl('d/')).toMatch(/^-rw-r--r-- .* 12582929 .* big\r?\n$/);
    writeFileSync(local('part'), BIG.subarray(0, 3_000_000));
    await curl('part', '--upload-file', local('part'));
    writeFileSync(local('part'), BIG.subarray(0, 4_000_000));
    await curl('part', '--upload-file', local('part'), '--continue-at', '-');
    expect((await content(fixture.vault, 'part')).equals(BIG.subarray(0, 4_000_000))).toBe(true);
  });
});

describe.each(['false', 'true'])('lftp, TLS %s', (tls) => {
  test('mirrors a tree both ways with its times', async (context) => {
    needs(context, 'lftp');
    const [tree, back] = [local(`tree-${tls}`), local(`back-${tls}`)];
    mkdirSync(join(tree, 'deep', 'er'), { recursive: true });
    const names = ['plain', 'with space', 'ünï', "it's", '#hash'];
    for (const name of names) writeFileSync(join(tree, 'deep', 'er', name), `content of ${name}`);
    utimesSync(join(tree, 'deep', 'er', 'plain'), 1_234_567_890, 1_234_567_890);
    const settings = `set ftp:ssl-force ${tls}; set ssl:verify-certificate no; set net:max-retries 1; set cmd:fail-exit yes`;
    const open = `open -u ${USER},"${PASSWORD}" ftp://127.0.0.1:${fixture.port}`;
    const script = `${settings}; ${open}; mirror -R --parallel=3 ${tree} t; mirror --parallel=3 t ${back}; pget -n 3 t/deep/er/plain -o ${back}/pieces`;
    await run('lftp', '--norc', '-c', script);
    for (const name of names)
      expect(readFileSync(join(back, 'deep', 'er', name), 'utf8')).toBe(`content of ${name}`);
    expect((await fixture.vault.stat(['t', 'deep', 'er', 'plain'])).modified.seconds).toBe(1_234_567_890);
    expect(readFileSync(join(back, 'pieces'), 'utf8')).toBe('content of plain');
  });
});

test.each(['FTP', 'FTP_TLS'])('Python’s %s, thirty connections in a row', async (kind) => {
  const script = `
import ftplib, io
for round in range(30):
    ftp = ftplib.${kind}()
    ftp.connect('127.0.0.1', ${fixture.port})
    ftp.login(${JSON.stringify(USER)}, ${JSON.stringify(PASSWORD)})
    if hasattr(ftp, 'prot_p'): ftp.prot_p()
    name = 'file %d' % round
    ftp.storbinary('STOR ' + name, io.BytesIO(b'abc' * 1000))
    assert ftp.size(name) == 3000
    got = []
    ftp.retrbinary('RETR ' + name, got.append, rest=1500)
    assert b''.join(got) == b'abc' * 500
    assert name in ftp.nlst()
    assert dict(ftp.mlsd())[name]['size'] == '3000'
    ftp.storlines('STOR lines', io.BytesIO(b'one\\ntwo\\n'))
    lines = []
    ftp.retrlines('RETR lines', lines.append)
    assert lines == ['one', 'two']
    ftp.rename(name, name + '.new')
    ftp.delete(name + '.new')
    ftp.quit()
print('done')
`;
  expect(await run('python3', '-c', script)).toBe('done\n');
  expect((await content(fixture.vault, 'lines')).toString()).toBe('one\ntwo\n');
  await until(() => fixture.server.load.connections === 0);
});

test('a client that is killed in the middle of an upload leaves the old file and a draft of a new one', async (context) => {
  needs(context, 'curl');
  await fixture.vault.write(['old'], Buffer.from('old'));
  for (const name of ['old', 'new']) {
    const url = `ftp://127.0.0.1:${fixture.port}/${name}`;
    const args = [
      '--silent',
      '--limit-rate',
      '2M',
      '--user',
      `${USER}:${PASSWORD}`,
      '--upload-file',
      local('big'),
      url,
    ];
    const child = execFile('curl', args);
    const gone = new Promise((resolve) => child.once('exit', resolve));
    await until(() => fixture.server.load.connections === 1);
    await new Promise((resolve) => setTimeout(resolve, 300));
    child.kill('SIGKILL');
    await gone;
    await until(() => fixture.server.load.connections === 0);
  }
  expect(await fixture.vault.stat(['old'])).toMatchObject({ size: 3 });
  await until(async () => (await fixture.vault.stat(['new']).catch(() => undefined))?.draft === true);
});
