import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { seededRandom } from '@latchkey/store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PASSPHRASE, startLatchkey } from '../servers/latchkey.mjs';
import { Journal } from './journal.js';
import { home, SHARED, type State, work } from './load.mjs';
import { ROUNDS, SEED, WORKERS } from './rounds.js';
import { SftpTarget } from './sftp-target.js';
import { judge } from './witness.js';

const SECRET = { passphrase: PASSPHRASE };

let place: string;
beforeAll(() => {
  place = mkdtempSync(path.join(tmpdir(), 'latchkey-crash-'));
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

type Server = Awaited<ReturnType<typeof startLatchkey>>;

async function makeDirectories(server: Server): Promise<void> {
  const target = await SftpTarget.connect(server);
  for (const name of [SHARED, ...Array.from({ length: WORKERS }, (_, worker) => home(worker))]) {
    await target.mkdir(name);
  }
  target.end();
}

/** Loads a server over as many connections as there are workers, and kills it after `enough` acknowledgements. */
async function loadAndKill(
  server: Server,
  states: readonly State[],
  {
    seed,
    firstVersion,
    enough,
    delayMs,
  }: { seed: number; firstVersion: number; enough: number; delayMs: number },
): Promise<Journal> {
  const journal = new Journal(states);
  let killed: Promise<void> | undefined;
  const kill = async (): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    await server.kill();
  };
  await Promise.all(
    states.map(async (state, worker) => {
      const target = await SftpTarget.connect(server);
      const job = { worker, state, random: seededRandom(seed + worker), firstVersion };
      try {
        await work(target, job, (event) => {
          journal.note(event);
          if (journal.acknowledged >= enough) killed ??= kill();
        });
      } catch (error) {
        // Whatever fails before the server is killed is a fault of its own.
        if (killed === undefined) throw error;
      }
      target.end();
    }),
  );
  await killed;
  return journal;
}

describe('the server is killed under load', () => {
  it(
    `${ROUNDS} times: what was acknowledged stands, nothing is torn (seed ${SEED})`,
    async () => {
      const random = seededRandom(SEED);
      let states: State[] = Array.from({ length: WORKERS }, () => ({ files: {}, directories: [] }));
      for (let round = 0; round < ROUNDS; round++) {
        const server = await startLatchkey(place, { durability: round % 2 === 0 ? 'relaxed' : 'full' });
        if (round === 0) await makeDirectories(server);
        const enough = 20 + Math.floor(random() * 100);
        const journal = await loadAndKill(server, states, {
          seed: Math.floor(random() * 2 ** 31),
          firstVersion: round * 1_000_000,
          enough,
          delayMs: random() * 30,
        });
        expect(journal.acknowledged).toBeGreaterThanOrEqual(enough);
        states = await judge(server.storage, SECRET, journal, WORKERS);
      }
    },
    60_000 * ROUNDS,
  );
});
