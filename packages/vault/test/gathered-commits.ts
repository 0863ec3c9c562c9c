import { MemoryStore } from '@latchkey/store';
import type { VaultSession } from '../src/index.js';
import { text } from './fresh-vault.js';
import { HookedStore, type HookPoint } from './hooked-store.js';
import { emptyVault } from './template.js';

export interface Gathering {
  readonly hooked: HookedStore;
  readonly session: VaultSession;
  /** Whether a call of the store is a commit of the root, which has not reached it yet. */
  readonly isCommit: (point: HookPoint) => boolean;
}

/** A vault whose commits can be held up, so that changes gather for the next. */
export async function gatheringVault(): Promise<Gathering> {
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
