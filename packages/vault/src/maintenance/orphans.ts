import type { EscrowFields, Head } from '@latchkey/encryption';
import { headEscrow, openEscrow } from '@latchkey/encryption';
import type { VaultContext } from '../context.js';
import type { Directory } from '../directory/directory.js';

/** A head that the tree does not lead to. */
export interface Orphan {
  readonly directory: Directory;
  readonly head: Head;
  readonly escrow: EscrowFields;
  /** By the store's clock, milliseconds since 1970. */
  readonly modifiedAt: number;
}

/** Heads in the store that `reached` does not know, opened with the owner's escrow key. */
export async function* orphans(
  context: VaultContext,
  reached: (register: string) => boolean,
  problem: (object: string, error: unknown) => void,
): AsyncGenerator<Orphan> {
  const { store, provider, keys, vaultId, directories } = context;
  for await (const listed of store.list('h/')) {
    if (reached(listed.key)) continue;
    try {
      const state = await store.readRegister(listed.key);
      if (state.status !== 'value') continue;
      const escrow = openEscrow(provider, keys.escrowSecret, vaultId, headEscrow(state.bytes));
      const directory = directories.of(escrow);
      if (directory.register !== listed.key) throw new Error('the head stands in the place of another');
      yield {
        directory,
        head: await directory.head(performance.now()),
        escrow,
        modifiedAt: listed.modifiedAt,
      };
    } catch (error) {
      problem(listed.key, error);
    }
  }
}
