import { mkdirSync } from 'node:fs';
import { VaultError } from '@latchkey/vault';
import { expect, it } from 'vitest';
import { describe, nameStore } from '../src/failure.js';
import { Workspace } from './program.js';

it('says what to do next', async () => {
  const workspace = await Workspace.create();
  workspace.file('a.txt', 'a');
  mkdirSync(workspace.local('state'));
  workspace.file('state/ssh_host_ed25519_key', 'no key');
  workspace.file('pw', 'a password for logins');
  const cases: [string, number, string][] = [
    ['ls ./archive', 2, 'write vault:/archive\n'],
    ['mkdir vault:/q/w', 3, 'vault:/q does not exist\nhint: add -p'],
    ['cp a.txt vault:/no/such', 3, 'vault:/no does not exist or is not a directory\nhint: add --parents'],
    ['ls --passphrase-file state', 2, 'state is a directory, not a file with a passphrase'],
    [
      'init --passphrase-file no-such-file state',
      6,
      'state is not empty, and holds no vault\nhint: name an empty',
    ],
    ['connect openssh', 2, 'add --user NAME'],
    ['serve --no-ftp --port 0 --user ann --password-file pw', 1, 'holds no host key, or a damaged one'],
  ];
  for (const [command, status, text] of cases) {
    const flags = command.includes('--passphrase-file') ? { LATCHKEY_PASSPHRASE: '' } : {};
    const done = await workspace.run(command.split(' '), { env: flags });
    expect([command, done.status, done.stderr]).toEqual([command, status, expect.stringContaining(text)]);
  }
  expect(await workspace.ok('check')).toContain('no problems found');
});

it('repeats in its hints where the server is', async () => {
  const workspace = await Workspace.create();
  const done = await workspace.run('connect openssh --user ann --host nas --port 2200'.split(' '));
  expect(done.stderr).toContain('latchkey connect known-hosts --host nas --port 2200 >>');
});

it('names the directory of a full or read-only vault instead of an object in it', () => {
  nameStore('/srv/vault');
  for (const code of ['no-space', 'read-only'] as const) {
    const { outcome, message } = describe(new VaultError(code, 'blob 0123 could not be written'));
    expect(outcome).toBe('store');
    expect(message).toMatch(/^[^0-9]+: \/srv\/vault$/);
  }
});
