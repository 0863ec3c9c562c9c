import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { nodeProvider } from '@latchkey/encryption/node';
import { FileStore } from '@latchkey/store-file';
import { Vault } from '@latchkey/vault';
import { expect, it } from 'vitest';
import { MAIN, PASSPHRASE, Workspace } from './program.js';

it('reads a pipe that is named, and skips one inside a directory with a warning', async () => {
  const workspace = await Workspace.create();
  const script = `mkdir tree && mkfifo fifo tree/inside
    { sleep 0.3; echo late > fifo; } &
    latchkey() { '${process.execPath}' '${MAIN}' "$@"; }
    latchkey cp fifo vault:/late && latchkey cp <(echo x) vault:/imp && latchkey cp /dev/null vault:/none &&
    latchkey cp -r tree vault:/ && latchkey cat vault:/late vault:/imp vault:/none`;
  const done = spawnSync('bash', ['-c', script], {
    cwd: workspace.path,
    env: { PATH: process.env.PATH, ...workspace.env },
    encoding: 'utf8',
  });
  expect(done).toMatchObject({ status: 0, stdout: 'late\nx\n' });
  expect(done.stderr).toContain('tree/inside is a device, socket or pipe and was skipped');
});

it('fails for an unfinished upload that is named, and warns of one inside a directory', async () => {
  const workspace = await Workspace.create();
  const store = await FileStore.open({ root: workspace.store, durability: 'relaxed' });
  const vault = await Vault.open({ store, provider: nodeProvider, passphrase: PASSPHRASE });
  await vault.session().mkdir(['in']);
  const upload = await vault.session().open(['in', 'x'], { write: true, create: true });
  await upload.write(0, Buffer.from('half'));
  await upload.abandon();
  await vault.close();
  await store.close();
  for (const args of [
    ['cat', 'vault:/in/x'],
    ['cp', 'vault:/in/x', 'got'],
    ['cp', 'vault:/in/x', '-'],
  ]) {
    const done = await workspace.run(args);
    expect(done).toMatchObject({ status: 6, stdout: '' });
    expect(done.stderr).toContain('the upload of vault:/in/x has not been finished');
  }
  expect(existsSync(workspace.local('got'))).toBe(false);
  const tree = await workspace.run(['cp', '-r', '--json', 'vault:/in', 'out']);
  expect(JSON.parse(tree.stdout)).toMatchObject({ files: 0, skipped: 1, failed: 0 });
  expect(tree.stderr).toContain('vault:/in/x is an unfinished upload and was skipped');
});
