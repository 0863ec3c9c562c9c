import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { configurationFile } from '../src/config/schema.js';
import { loadSettings } from '../src/config/settings.js';
import { EXIT_CODES } from '../src/exit-codes.js';
import { folder, latchkey, Workspace } from './program.js';

function configured(text: string): string {
  const path = join(folder(), 'latchkey.toml');
  writeFileSync(path, text);
  return path;
}

/** Every name that a schema knows, at any depth. */
function keysOf(schema: z.core.JSONSchema.BaseSchema): string[] {
  const below = Object.entries(schema.properties ?? {}).flatMap(([name, inside]) => [
    name,
    ...(typeof inside === 'object' ? keysOf(inside) : []),
  ]);
  const { items } = schema;
  return [...below, ...(typeof items === 'object' && !Array.isArray(items) ? keysOf(items) : [])];
}

describe('latchkey.toml', () => {
  it('has paths relative to itself', async () => {
    const path = configured(
      'vault = "here"\nstate = "/abs"\npassphrase-file = "p"\n[sftp]\nhost-key = "k"\n',
    );
    const settings = await loadSettings({ config: path }, {});
    const base = join(path, '..');
    expect(settings.vault).toBe(join(base, 'here'));
    expect(settings.state).toBe('/abs');
    expect(settings.passphrase).toEqual({ file: join(base, 'p') });
    expect(settings.sftp).toEqual({ host: '127.0.0.1', port: 2022, hostKey: join(base, 'k') });
  });

  it('yields to the environment, which yields to flags', async () => {
    const path = configured('vault = "/file"\ndurability = "relaxed"\n[sftp]\nport = 1\n');
    expect((await loadSettings({ config: path }, {})).vault).toBe('/file');
    const env = { LATCHKEY_VAULT: '/env', LATCHKEY_SFTP_PORT: '2', LATCHKEY_DURABILITY: 'full' };
    expect(await loadSettings({ config: path }, env)).toMatchObject({
      vault: '/env',
      durability: 'full',
      sftp: { port: 2 },
    });
    expect(await loadSettings({ config: path, vault: '/flag', durability: 'relaxed' }, env)).toMatchObject({
      vault: '/flag',
      durability: 'relaxed',
    });
  });

  it('takes the passphrase from the strongest place that names one', async () => {
    const path = configured('passphrase-file = "/file"\n');
    const env = { LATCHKEY_PASSPHRASE: 'x', LATCHKEY_PASSPHRASE_FILE: '/env' };
    expect((await loadSettings({ config: path }, {})).passphrase).toEqual({ file: '/file' });
    expect((await loadSettings({ config: path }, { LATCHKEY_PASSPHRASE: '' })).passphrase).toEqual({
      file: '/file',
    });
    expect((await loadSettings({ config: path }, env)).passphrase).toEqual({ value: 'x' });
    expect((await loadSettings({ config: path, passphraseCommand: 'c' }, env)).passphrase).toEqual({
      command: 'c',
    });
  });

  it.each([
    ['valut = "x"', 'unknown key valut'],
    ['passphrase = "x"', 'unknown key passphrase'],
    ['[sftp]\nprot = 1', 'unknown key sftp.prot'],
    ['[[users]]\nname = "a"\n[[users]]\nname = "b"\nkeys = 1', 'unknown key users.2.keys'],
    ['[sftp]\nport = 70000', 'sftp.port:'],
    [
      '[[users]]\nname = "a"\npassword = "plain"',
      'users.1.password: must be a hash made by `latchkey password`',
    ],
    ['[memory]\ncache = "much"', 'memory.cache: must be a size such as "256MiB"'],
    ['durability = "some"', 'durability:'],
  ])('%j is refused and named', async (text, message) => {
    const refused = loadSettings({ config: configured(text) }, {});
    await expect(refused).rejects.toMatchObject({
      outcome: 'usage',
      message: expect.stringContaining(message),
    });
  });

  it('is not quoted when it cannot be read, for it may hold a secret', async () => {
    const done = await latchkey([
      'ls',
      '--config',
      configured('vault = "v"\nsecret-thing = hunter2hunter2\n'),
    ]);
    expect(done.status).toBe(2);
    expect(done.stderr).toContain('line 2');
    expect(done.stderr).not.toContain('hunter2');
  });

  it('is found in the working directory, before that of the user', async () => {
    const workspace = await Workspace.create();
    const user = join(workspace.path, 'config', 'latchkey');
    mkdirSync(user, { recursive: true });
    writeFileSync(join(user, 'latchkey.toml'), 'vault = "../../nowhere"\n');
    const env = { LATCHKEY_VAULT: '', XDG_CONFIG_HOME: join(workspace.path, 'config') };
    expect(await workspace.run(['ls'], { env })).toMatchObject({ status: 3 });
    writeFileSync(workspace.local('latchkey.toml'), 'vault = "store"\n');
    expect(await workspace.run(['ls'], { env })).toMatchObject({ status: 0 });
    expect(await workspace.run(['ls', '--config', 'missing.toml'], { env })).toMatchObject({ status: 2 });
  });
});

describe('the command line', () => {
  it.each([
    [['frobnicate'], "unknown command 'frobnicate'"],
    [['ls', '--jsno'], "unknown option '--jsno'"],
    [['cp', 'one'], 'sources and a target are needed'],
    [['ls'], 'which vault?'],
    [['ls', '--durability', 'maybe'], '--durability must be full or relaxed'],
    [['connect', 'telnet', '--user', 'a'], 'the client must be openssh or'],
    [['serve', '--port', '99999'], '--port must be a port'],
    [['cp', 'a', 'b'], 'one side of a copy must be in the vault'],
    [['rm', '/etc'], '/etc is not in the vault'],
    [['rm', '-r', 'vault:/'], 'the top of the vault cannot be removed'],
    [['gc', '--dead-after', 'soon'], '--dead-after must be a span'],
  ])('%j is a usage error', async (args, message) => {
    const done = await latchkey(args);
    expect(done).toMatchObject({ status: 2, stdout: '' });
    expect(done.stderr).toMatch(/^latchkey: /);
    expect(done.stderr).toContain(message);
  });

  it('never takes a secret as a flag, and does not repeat one that was tried', async () => {
    for (const flag of ['--passphrase=hunter2', '--password=hunter2', '--new-passphrase=hunter2']) {
      const done = await latchkey([flag, 'ls']);
      expect(done.status).toBe(2);
      expect(done.stderr).toContain('secrets are never given as flags');
      expect(done.stderr).not.toContain('hunter2');
    }
  });

  it('tells its version and helps', async () => {
    expect((await latchkey(['version'])).stdout).toMatch(/^latchkey \d+\.\d+\.\d+, vault format 1, node /);
    expect(JSON.parse((await latchkey(['version', '--json'])).stdout)).toMatchObject({ format: 1 });
    expect((await latchkey(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(await latchkey(['cp', '--help'])).toMatchObject({ status: 0, stderr: '' });
    expect(await latchkey([])).toMatchObject({ status: 2, stdout: '' });
  });
});

describe('docs/cli.md', () => {
  const text = readFileSync(new URL('../../../docs/cli.md', import.meta.url), 'utf8');

  it('has the exit codes of the program, with the same meanings', () => {
    const rows = [...text.matchAll(/^\| (\d+) +\| (.+?) +\|$/gm)].map((row) => [Number(row[1]), row[2]]);
    expect(rows).toEqual(Object.values(EXIT_CODES).map(({ status, meaning }) => [status, meaning]));
  });

  it('shows a configuration that is valid and complete', async () => {
    const example = /```toml\n([\s\S]*?)```/.exec(text)?.[1] ?? '';
    const keys = keysOf(z.toJSONSchema(configurationFile, { unrepresentable: 'any', io: 'input' }));
    expect(keys.length).toBeGreaterThan(50);
    // Some stand in a comment beside the one that is used instead.
    expect(keys.filter((key) => !new RegExp(`(^|\\W)${key}( =|\\])`, 'm').test(example))).toEqual([]);
    const settings = await loadSettings({ config: configured(example) }, {});
    expect(settings.s3.limits).toEqual({
      connections: 1024,
      requests: 256,
      largeBodies: 8,
      slowMs: 3000,
      uploadBytes: 5 * 2 ** 30,
    });
    expect(settings.users).toHaveLength(2);
    expect(settings.memory).toEqual({ cacheBytes: 64 * 2 ** 20, transferBytes: 64 * 2 ** 20 });
  });

  it('has every command and every flag', async () => {
    const { stdout } = await latchkey(['--help']);
    const commands = [...stdout.matchAll(/^ {2}([a-z][a-z-]*)\b/gm)].map((match) => match[1] ?? '');
    expect(commands.length).toBeGreaterThan(15);
    for (const command of commands.filter((name) => name !== 'help')) {
      expect(text).toContain(`latchkey ${command}`);
      const help = (await latchkey([command, '--help'])).stdout;
      for (const [flag] of help.matchAll(/--[a-z-]+/g)) {
        expect({ command, flag, documented: text.includes(flag) }).toEqual({
          command,
          flag,
          documented: true,
        });
      }
    }
  });
});
