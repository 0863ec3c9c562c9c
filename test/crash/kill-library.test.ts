import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { nodeProvider } from '@latchkey/encryption/node';
import { seededRandom } from '@latchkey/store';
import { FileStore } from '@latchkey/store-file';
import { Vault } from '@latchkey/vault';
import { afterAll, describe, expect, it } from 'vitest';
import { Journal } from './journal.js';
import { home, SHARED, type State } from './load.mjs';
import { ROUNDS, SEED, WORKERS } from './rounds.js';
import { judge, readAlong } from './witness.js';

const WRITER = path.resolve(import.meta.dirname, 'writer.mjs');
const KDF = { memoryKiB: 64 * 1024, passes: 3, lanes: 1 };

const places: string[] = [];
afterAll(() => {
  for (const place of places) rmSync(place, { recursive: true, force: true });
});

async function newVault(): Promise<{ root: string; words: string }> {
  const root = mkdtempSync(path.join(tmpdir(), 'latchkey-crash-'));
  places.push(root);
  const store = await FileStore.open({ root, create: true, durability: 'relaxed' });
  const vault = await Vault.create({
    store,
    provider: nodeProvider,
    passphrase: 'crash and recover',
    kdf: KDF,
  });
  const words = await vault.addRecovery();
  const session = vault.session();
  for (const name of [SHARED, ...Array.from({ length: WORKERS }, (_, worker) => home(worker))]) {
    await session.mkdir([name]);
  }
  await vault.close();
  await store.close();
  return { root, words };
}

interface Job {
  readonly root: string;
  readonly words: string;
  readonly durability: 'full' | 'relaxed';
  readonly seed: number;
  readonly firstVersion: number;
  readonly states: readonly State[];
}

/** Runs a writer until it has been acknowledged `enough` times and a little longer, and kills it in mid-sentence. */
async function runAndKill(job: Job, journal: Journal, enough: number, delayMs: number): Promise<void> {
  const child = spawn(process.execPath, [WRITER, JSON.stringify(job)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  let doomed = false;
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    journal.note(JSON.parse(line));
    if (journal.acknowledged < enough || doomed) return;
    doomed = true;
    setTimeout(() => child.kill('SIGKILL'), delayMs);
  });
  const drained = new Promise((resolve) => lines.once('close', resolve));
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) =>
    child.once('exit', (...ending) => resolve(ending)),
  );
  await drained;
  expect({ code, signal, complaint }).toEqual({ code: null, signal: 'SIGKILL', complaint: '' });
}

describe.each(['full', 'relaxed'] as const)('a writer is killed, durability %s', (durability) => {
  it(
    `${ROUNDS} times: what was acknowledged stands, nothing is torn (seed ${SEED})`,
    async () => {
      const { root, words } = await newVault();
      const random = seededRandom(SEED);
      let states: State[] = Array.from({ length: WORKERS }, () => ({ files: {}, directories: [] }));
      let read = 0;
      for (let round = 0; round < ROUNDS; round++) {
        const seed = Math.floor(random() * 2 ** 31);
        const enough = 20 + Math.floor(random() * 150);
        const journal = new Journal(states);
        const job = { root, words, durability, seed, states, firstVersion: round * 1_000_000 };
        const along = new AbortController();
        const reading = readAlong(root, { words }, along.signal);
        await runAndKill(job, journal, enough, random() * 30);
        along.abort();
        read += await reading;
        states = await judge(root, { words }, journal, WORKERS);
        expect(journal.acknowledged).toBeGreaterThanOrEqual(enough);
      }
      expect(read).toBeGreaterThan(ROUNDS);
      // As many rounds as in the long run take their time.
    },
    60_000 * ROUNDS,
  );
});
