import { nodeProvider } from '@latchkey/encryption/node';
import { FileStore } from '@latchkey/store-file';
import { Vault, VaultError, type VaultSession } from '@latchkey/vault';
import { expect } from 'vitest';
import { framesIn } from './frames.mjs';
import { type Journal, stateText } from './journal.js';
import { home, owns, type State } from './load.mjs';

export interface Secret {
  readonly passphrase?: string;
  readonly words?: string;
}

/** Opens the vault in a directory as a program of its own, works with it and closes it. */
export async function visit<T>(root: string, secret: Secret, work: (vault: Vault) => Promise<T>): Promise<T> {
  const store = await FileStore.open({ root, durability: 'relaxed' });
  try {
    const vault = await Vault.open({ store, provider: nodeProvider, graceSeconds: 1, ...secret });
    try {
      return await work(vault);
    } finally {
      await vault.close();
    }
  } finally {
    await store.close();
  }
}

/** Everything that is in the vault. Throws for a torn file. */
async function observe(session: VaultSession, path: readonly string[] = []): Promise<State> {
  const files: State['files'] = {};
  const directories: string[] = [];
  for await (const entry of session.entries(path)) {
    const here = [...path, entry.name];
    const text = here.join('/');
    if (entry.kind === 'directory') {
      const below = await observeListed(session, here);
      if (below === undefined) continue;
      Object.assign(files, below.files);
      directories.push(text, ...below.directories);
    } else {
      files[text] = framesIn(await whole(session, here));
    }
  }
  return { files, directories };
}

/**
 * A directory that a listing told of. A crash may leave the record of one that has been removed or moved away: such a
 * record leads nowhere, and is gone once somebody has tried to follow it.
 */
async function observeListed(session: VaultSession, path: readonly string[]): Promise<State | undefined> {
  try {
    return await observe(session, path);
  } catch (error) {
    if (!(error instanceof VaultError) || error.code !== 'not-found') throw error;
  }
  for (let tries = 0; tries < 500; tries++) {
    const names: string[] = [];
    for await (const entry of session.entries(path.slice(0, -1))) names.push(entry.name);
    if (!names.includes(path.at(-1) as string)) return undefined;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`/${path.join('/')} is listed for good and cannot be entered`);
}

async function whole(session: VaultSession, path: readonly string[]): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of session.read(path)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function ofWorker({ files, directories }: State, worker: number): State {
  return {
    files: Object.fromEntries(Object.entries(files).filter(([path]) => owns(worker, path))),
    directories: directories.filter((path) => path.startsWith(`${home(worker)}/`)),
  };
}

/**
 * Judges what a killed program left behind: every acknowledged operation stands and none is half done, nothing is
 * damaged, and garbage is collected to the last blob. Returns what each worker has now.
 */
export async function judge(
  root: string,
  secret: Secret,
  journal: Journal,
  workers: number,
): Promise<State[]> {
  const seen = await visit(root, secret, (vault) => observe(vault.session()));
  const states = Array.from({ length: workers }, (_, worker) => {
    const mine = ofWorker(seen, worker);
    const { states: possible, pending } = journal.expected(worker);
    const texts = possible.map(stateText);
    if (!texts.includes(stateText(mine))) {
      expect(stateText(mine), `worker ${worker}, during ${JSON.stringify(pending)}`).toBe(texts[0]);
    }
    return mine;
  });
  const known = Object.keys(seen.files).length;
  expect(states.reduce((sum, state) => sum + Object.keys(state.files).length, 0)).toBe(known);
  await visit(root, secret, async (vault) => {
    const { reason } = await vault.gc({ deadAfterMs: 0 });
    expect(reason).toBeUndefined();
    const { problems, files, unreferenced } = await vault.check({ readContent: true });
    expect(problems).toEqual([]);
    expect(files).toBe(known);
    expect(unreferenced).toBe(0);
  });
  return states;
}

/** What a reader may be told of a path that somebody else is changing. */
const MOVING: readonly string[] = ['not-found', 'not-a-directory', 'is-a-directory', 'stale'];

/**
 * Reads everything, again and again, while another program writes: no torn file is ever read, and nothing is ever
 * called damaged. Resolves with the number of files read once `signal` aborts.
 */
export async function readAlong(root: string, secret: Secret, signal: AbortSignal): Promise<number> {
  return visit(root, secret, async (vault) => {
    const session = vault.session();
    let read = 0;
    const pass = async (path: readonly string[]): Promise<void> => {
      for await (const entry of session.entries(path)) {
        if (signal.aborted) return;
        const here = [...path, entry.name];
        await tolerant(async () => {
          if (entry.kind === 'directory') return pass(here);
          framesIn(await whole(session, here));
          read++;
        });
      }
    };
    while (!signal.aborted) {
      await tolerant(() => pass([]));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return read;
  });
}

async function tolerant(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof VaultError) || !MOVING.includes(error.code)) throw error;
  }
}
