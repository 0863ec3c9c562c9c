import { MemoryStore } from '@latchkey/store';
import { text } from './fresh-vault.js';
import { HookedStore, type HookPoint } from './hooked-store.js';
import { emptyVault } from './template.js';

/** A vault whose commits can be held up, so that changes gather for the next, and what tells a commit of its root. */
export async function gatheringVault() {
  const hooked = new HookedStore(new MemoryStore());
  const vault = await (await emptyVault(hooked))();
  const session = vault.session();
  let root = '';
  hooked.hook = ({ method, key }) => {
    if (method === 'swapRegister') root = key;
  };
  await session.write(['first'], text('x'));
  hooked.hook = undefined;
  const isCommit = ({ method, key, when }: HookPoint): boolean =>
    method === 'swapRegister' && key === root && when === 'before';
  return { hooked, session, isCommit };
}
