import { nodeProvider } from '@latchkey/encryption/node';
import { FileStore } from '@latchkey/store-file';
import { type Entry, type Path, Vault, VaultError, type VaultSession } from '@latchkey/vault';
import { type Item, type Observer, sha256Of, type Tree } from './trees.js';

/** Reads a vault through the library, beside the server that serves it. */
export class VaultObserver implements Observer {
  readonly session: VaultSession;
  readonly #vault: Vault;
  readonly #store: FileStore;

  private constructor(vault: Vault, store: FileStore) {
    this.#vault = vault;
    this.#store = store;
    this.session = vault.session();
  }

  static async open(root: string, passphrase: string): Promise<VaultObserver> {
    const store = await FileStore.open({ root });
    return new VaultObserver(await Vault.open({ store, provider: nodeProvider, passphrase }), store);
  }

  async tree(remote: string): Promise<Tree> {
    const tree: Tree = {};
    const visit = async (path: Path, below: string): Promise<void> => {
      for await (const entry of this.session.entries(path)) {
        const inside = below === '' ? entry.name : `${below}/${entry.name}`;
        tree[inside] = await this.#itemOf([...path, entry.name], entry);
        if (entry.kind === 'directory') await visit([...path, entry.name], inside);
      }
    };
    await visit(pathOf(remote), '');
    return tree;
  }

  async item(remote: string): Promise<Item | undefined> {
    const path = pathOf(remote);
    try {
      return await this.#itemOf(path, await this.session.stat(path));
    } catch (error) {
      if (error instanceof VaultError && error.code === 'not-found') return undefined;
      throw error;
    }
  }

  async #itemOf(path: Path, entry: Entry): Promise<Item> {
    if (entry.draft) throw new Error(`/${path.join('/')} was never published`);
    if (entry.kind === 'directory') return { kind: 'directory' };
    if (entry.kind === 'symlink') return { kind: 'symlink', target: await this.session.readlink(path) };
    const sha256 = await sha256Of(this.session.read(path));
    return { kind: 'file', size: entry.size, sha256, modified: entry.modified.seconds, mode: entry.mode };
  }

  async close(): Promise<void> {
    await this.#vault.close();
    await this.#store.close();
  }
}

/** A path as servers write it, as the library has it. */
export function pathOf(remote: string): string[] {
  return remote.split('/').filter((name) => name !== '');
}
