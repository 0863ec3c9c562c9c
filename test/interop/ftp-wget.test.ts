import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { PASSPHRASE, startLatchkey } from '../servers/latchkey.mjs';
import { requireProgram, run, succeed } from './run.js';
import { Needles } from './scan/needles.js';
import { readTree, without } from './trees.js';
import { VaultObserver } from './vault.js';
import { Workspace } from './workspace.js';

// wget only downloads, so it does not play the script: what it finds is put there through the library.

let place: string;
let server: Awaited<ReturnType<typeof startLatchkey>>;
let library: VaultObserver;
let local: Workspace;

beforeAll(async () => {
  place = mkdtempSync(path.join(tmpdir(), 'latchkey-wget-'));
  for (const folder of ['server', 'local']) mkdirSync(path.join(place, folder));
  server = await startLatchkey(path.join(place, 'server'), { ftp: { tls: 'allow', implicit: true } });
  library = await VaultObserver.open(server.storage, PASSPHRASE);
  local = new Workspace(path.join(place, 'local'), new Needles());
});

afterAll(async () => {
  await library?.close();
  await server?.stop();
  rmSync(place, { recursive: true, force: true });
});

/** How each kind of connection is asked for: scheme, port and options. */
const WAYS = {
  'plain FTP': () => ['ftp', server.ftp?.port],
  'explicit TLS': () => ['ftps', server.ftp?.port],
  'implicit TLS': () => ['ftps', server.ftp?.implicitPort, '--ftps-implicit'],
} as const;

type Way = keyof typeof WAYS;

async function wget(test: TestContext, way: Way, remote: string, ...more: string[]): Promise<string> {
  const [scheme, port, ...options] = WAYS[way]();
  const url = `${scheme}://${server.host}:${port}${remote.split('/').map(encodeURIComponent).join('/')}`;
  const into = local.folder();
  const trust = [
    '--ca-certificate',
    server.ftp?.certificate ?? '',
    '--no-config',
    '--tries=1',
    '--timeout=60',
  ];
  const login = ['--ftp-user', server.user, '--ftp-password', server.password];
  const args = ['--no-verbose', '-P', into, ...trust, ...login, ...options.map(String), ...more, url];
  await succeed(requireProgram(test, 'wget'), args, { env: { HOME: place, TZ: 'UTC' }, cwd: into });
  return into;
}

/** The same tree in the vault and here. */
async function makeTree(name: string): Promise<string> {
  const here = local.folder();
  await library.session.mkdir([name]);
  for (const [below, size] of [
    ['first.bin', 100_000],
    ['with space & ümlaut.txt', 12],
    ['empty.txt', 0],
    ['inner/second.bin', 70_000],
    ['inner/deeper/third.txt', 1],
  ] as const) {
    const file = local.file(path.basename(below), size);
    const bytes = readFileSync(file.path);
    await library.session.write([name, ...below.split('/')], bytes, { parents: true });
    mkdirSync(path.dirname(path.join(here, below)), { recursive: true });
    writeFileSync(path.join(here, below), bytes);
  }
  return here;
}

describe.each(Object.keys(WAYS) as Way[])('wget over %s', (way) => {
  it.for([0, 1, 65_537, 9_000_011])('downloads a file of %i bytes with its day', async (size, test) => {
    const sent = local.file('downloaded.bin', size);
    const bytes = readFileSync(sent.path);
    const attributes = { modified: { seconds: 1_234_567_890, nanoseconds: 0 } };
    await library.session.write(['downloaded.bin'], bytes, { attributes });
    const into = await wget(test, way, '/downloaded.bin', '-N');
    expect(readFileSync(path.join(into, 'downloaded.bin')).equals(bytes)).toBe(true);
    // It asks LIST, which has the day of older files.
    const [item] = Object.values(await readTree(into));
    expect(item).toMatchObject({ modified: 1_234_567_890 - (1_234_567_890 % 86_400) });
  });

  it('downloads a tree', async (test) => {
    const name = `tree over ${way}`;
    const here = await makeTree(name);
    const into = await wget(test, way, `/${name}/`, '-r', '-l', '0', '-nH', '--cut-dirs=1');
    expect(without(await readTree(into), 'modified', 'mode')).toEqual(
      without(await readTree(here), 'modified', 'mode'),
    );
  });

  it('continues a download', async (test) => {
    const sent = local.file('continued.bin', 900_001);
    const bytes = readFileSync(sent.path);
    await library.session.write(['continued.bin'], bytes);
    const part = path.join(local.folder(), 'continued.bin');
    writeFileSync(part, bytes.subarray(0, 400_007));
    await wget(test, way, '/continued.bin', '-c', '-P', path.dirname(part));
    expect(readFileSync(part).equals(bytes)).toBe(true);
  });

  it('fails for a file that is not there and for a wrong password', async (test) => {
    await expect(wget(test, way, '/never-uploaded.bin')).rejects.toThrow(/No such file/);
    await expect(wget(test, way, '/', '--ftp-password', 'wrong')).rejects.toThrow(/Login incorrect/);
  });
});

it('wget is refused where TLS is required and it was not asked for', async (test) => {
  const strict = path.join(place, 'strict');
  mkdirSync(strict);
  const other = await startLatchkey(strict);
  try {
    const url = `ftp://${other.user}:secret@${other.host}:${other.ftp?.port}/`;
    const done = await run(requireProgram(test, 'wget'), ['--no-config', '--tries=1', '-O', '-', url]);
    expect(done.status).not.toBe(0);
    // Before the password has gone out.
    expect(other.ftp?.certificate).toBeDefined();
    expect(done.stderr).not.toContain('==> PASS');
  } finally {
    await other.stop();
  }
});
