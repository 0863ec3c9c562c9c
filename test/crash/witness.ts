import { existsSync, readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
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

interface Observed extends State {
  /** Listed directories that cannot be entered: a crash left the record of one that was being removed or moved. */
  readonly ghosts: readonly string[];
}

/** Everything that is in the vault. Throws for a torn file. */
async function observe(session: VaultSession, path: readonly string[] = []): Promise<Observed> {
  const files: State['files'] = {};
  const directories: string[] = [];
  const ghosts: string[] = [];
  for await (const entry of session.entries(path)) {
    const here = [...path, entry.name];
    const text = here.join('/');
    if (entry.kind !== 'directory') {
      // A look at a file whose move was cut off finishes the move: its old name may be gone a moment after it was listed.
      const content = await unlessMissing(() => whole(session, here));
      if (content !== undefined) files[text] = framesIn(content);
      continue;
    }
    const below = await unlessMissing(() => observe(session, here));
    if (below === undefined) {
      ghosts.push(text);
      continue;
    }
    Object.assign(files, below.files);
    directories.push(text, ...below.directories);
    ghosts.push(...below.ghosts);
  }
  return { files, directories, ghosts };
}

async function unlessMissing<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof VaultError) || error.code !== 'not-found') throw error;
    return undefined;
  }
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
  // The first look finishes what was being moved.
  await visit(root, secret, (vault) => observe(vault.session()));
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
    await collect(root, vault);
    const { problems, files, unreferenced } = await vault.check({ readContent: true });
    expect(problems).toEqual([]);
    expect(files).toBe(known);
    expect(unreferenced).toBe(0);
    expect((await observe(vault.session())).ghosts).toEqual([]);
  });
  return states;
}

/**
 * Collects garbage until nothing is left. A record that was left behind keeps a removed directory for a run, and what that
 * shared with others is free only once the directory itself is gone.
 */
async function collect(root: string, vault: Vault): Promise<void> {
  for (let run = 0; run < 4; run++) {
    const { reason } = await vault.gc({ deadAfterMs: 0 });
    if (reason === undefined) continue;
    // The program was killed while it moved a directory, and may count as alive for half a minute.
    expect(reason).toContain('a directory is being moved');
    letMinutePass(root);
    expect((await vault.gc({ deadAfterMs: 0 })).reason).toBeUndefined();
  }
}

/** Dates the register of moves back, which is all that time would do to it. */
function letMinutePass(root: string): void {
  const register = join(root, 'registers', 'm');
  if (!existsSync(register)) return;
  const then = Date.now() / 1000 - 60;
  for (const generation of readdirSync(register)) utimesSync(join(register, generation), then, then);
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
