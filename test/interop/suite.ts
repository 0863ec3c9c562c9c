import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { Cannot, type Client, type Target } from './client.js';
import { DEVIATIONS, deviationOf } from './deviations.js';
import { Needles } from './scan/needles.js';
import { BRIEF, SCRIPT, SHORT } from './script/script.js';
import type { Amount, Step } from './script/step.js';
import type { Observer } from './trees.js';
import { Workspace } from './workspace.js';

/** A server that the script is played against, with ways past the client to what it stored. */
export interface Played {
  readonly target: Target;
  readonly stored: Observer;
  /** Makes a directory without the client. */
  prepare(remote: string): Promise<void>;
  /** What must hold after the script; gets everything that passed through the client. */
  checks(needles: Needles): readonly { title: string; check(): Promise<void> }[];
  stop(): Promise<void>;
}

export interface Suite<C extends Client> {
  readonly name: string;
  /** Skips the test, or fails it in CI, when the client is not installed. */
  require(test: TestContext): string;
  connect(program: string, target: Target, scratch: string): C;
  /** Of the default run, where it is not the usual one. The long run moves the full amount with every client. */
  readonly amount?: Amount;
  /** Plays a part of the script in the default run, because the same client plays the whole in another suite. */
  readonly brief?: true;
  /** Sends and lists every odd name by itself in the default run, too. */
  readonly eachName?: true;
  /** What only this client can do. */
  readonly extras?: readonly Step<C>[];
  start(place: string): Promise<Played>;
}

const LIMIT_MS = 15 * 60_000;
const FULL: Amount = { mebibytes: 1024, files: 5000 };
/** More than any window, buffer or page, and quick: a default run has many clients. */
const REDUCED: Amount = { mebibytes: 48, files: 200 };

/** Plays the script with one client: one test a step, then what the server kept is searched and compared. */
export function interopSuite<C extends Client>(suite: Suite<C>): void {
  const long = process.env.LATCHKEY_TEST_LONG === '1';
  const amount = long ? FULL : (suite.amount ?? REDUCED);
  describe(suite.name, () => {
    const needles = new Needles();
    let place: string;
    let played: Played;
    let client: C | undefined;
    let local: Workspace;

    beforeAll(async () => {
      place = mkdtempSync(path.join(tmpdir(), 'latchkey-interop-'));
      for (const folder of ['server', 'client', 'local']) mkdirSync(path.join(place, folder));
      played = await suite.start(path.join(place, 'server'));
      local = new Workspace(path.join(place, 'local'), needles);
    }, LIMIT_MS);

    afterAll(async () => {
      await client?.close?.();
      await played?.stored.close();
      await played?.stop();
      rmSync(place, { recursive: true, force: true });
    }, LIMIT_MS);

    const connected = (test: TestContext): C => {
      const program = suite.require(test);
      client ??= suite.connect(program, played.target, path.join(place, 'client'));
      return client;
    };

    const script = suite.eachName || long ? SCRIPT : suite.brief ? BRIEF : SHORT;
    for (const step of [...script, ...(suite.extras ?? [])]) {
      const deviation = deviationOf(suite.name, step.id);
      const title = deviation ? `${step.id}: cannot, ${deviation.reason}` : `${step.id}: ${step.title}`;
      it(title, { timeout: LIMIT_MS }, async (test) => {
        const using = connected(test);
        const remote = `${played.target.base}/${local.remember(`step-${step.id}`)}`;
        await played.prepare(remote);
        const lacking = (step.needs ?? []).filter((method) => using[method] === undefined);
        const stage = { client: using, target: played.target, local, stored: played.stored, remote, amount };
        const running =
          lacking.length > 0
            ? Promise.reject(new Cannot(`it has no ${lacking.join(', ')}`))
            : step.run(stage);
        if (deviation) await expect(running).rejects.toBeInstanceOf(Cannot);
        else await running;
      });
    }

    it('deviations name steps of the script', () => {
      const known = new Set([...SCRIPT, ...(suite.extras ?? [])].map((step) => step.id));
      const named = DEVIATIONS.filter((deviation) => deviation.client === suite.name).flatMap(
        ({ steps: ids }) => ids,
      );
      expect(named.filter((id) => !known.has(id))).toEqual([]);
      expect(named).toHaveLength(new Set(named).size);
    });

    it('afterwards', { timeout: LIMIT_MS }, async (test) => {
      suite.require(test);
      expect(needles.count).toBeGreaterThan(100);
      for (const { title, check } of played.checks(needles)) {
        await check().catch((error: unknown) => {
          throw new Error(`${title}: ${error instanceof Error ? error.message : String(error)}`, {
            cause: error,
          });
        });
      }
    });
  });
}
