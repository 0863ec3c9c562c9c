import { nodeProvider } from '@latchkey/encryption/node';
import { FileStore } from '@latchkey/store-file';
import { Vault } from '@latchkey/vault';
import { expect, it } from 'vitest';
import { PASSPHRASE, Workspace } from './program.js';

it('lists objects that file protocols do not see', async () => {
  const workspace = await Workspace.create();
  const store = await FileStore.open({ root: workspace.store, durability: 'relaxed' });
  const vault = await Vault.open({ store, provider: nodeProvider, passphrase: PASSPHRASE });
  const session = vault.session();
  await session.mkdir(['b']);
  for (const path of [['a'], ['a', 'x'], ['a', '', 'y'], ['a', '']])
    await session.writeObject(['b', ...path], Buffer.from('1'), { existing: 1 });
  await vault.close();
  const { stdout } = await workspace.run(['ls', '-R']);
  expect(stdout.trim().split('\n')).toEqual(['b/', 'b/a', 'b/a/', 'b/a/', 'b/a//', 'b/a//y', 'b/a/x']);
});
