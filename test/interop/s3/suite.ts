import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import type { S3Place } from '../client.js';
import { DEVIATIONS, deviationOf } from '../deviations.js';
import { Needles } from '../scan/needles.js';
import type { Amount } from '../script/step.js';
import { playLatchkey } from '../servers.js';
import type { Played } from '../suite.js';
import { Workspace } from '../workspace.js';
import type { Connected } from './client.js';
import type { S3Step } from './script.js';

export interface S3Suite<C extends Connected> {
  readonly name: string;
  /** Skips the test, or fails it in CI, when the client is not installed. */
  require(test: TestContext): string;
  connect(program: string, server: S3Place, scratch: string): C;
  readonly steps: readonly S3Step<C>[];
  /** Of the default run. */
  readonly amount?: Amount;
}

const LIMIT_MS = 15 * 60_000;
const FULL: Amount = { mebibytes: 1024, files: 5000 };
/** More parts than one, and quick: what is stored does not depend on the client. */
const REDUCED: Amount = { mebibytes: 12, files: 60 };

/**
 * Plays clients one after the other against one server, one test a step; then what it kept is searched and compared.
 * They share it because making a vault and looking through it costs more than what a client does.
 */
export function s3Suites(tls: 'off' | 'require', suites: readonly S3Suite<Connected>[]): void {
  const needles = new Needles();
  let place: string;
  let played: Played;
  let local: Workspace;

  beforeAll(async () => {
    place = mkdtempSync(path.join(tmpdir(), 'latchkey-s3-'));
    for (const folder of ['server', 'local']) mkdirSync(path.join(place, folder));
    played = await playLatchkey(path.join(place, 'server'), tls);
    local = new Workspace(path.join(place, 'local'), needles);
  }, LIMIT_MS);

  afterAll(async () => {
    await played?.stored.close();
    await played?.stop();
    rmSync(place, { recursive: true, force: true });
  }, LIMIT_MS);

  suites.forEach((suite, index) => {
    const amount = process.env.LATCHKEY_TEST_LONG === '1' ? FULL : (suite.amount ?? REDUCED);
    describe(suite.name, () => {
      let client: Connected | undefined;
      const connected = (test: TestContext): { client: Connected; server: S3Place } => {
        const program = suite.require(test);
        const server = played.target.s3;
        if (server === undefined) throw new Error('the server does not speak S3');
        const scratch = path.join(place, `client-${index}`);
        if (client === undefined) mkdirSync(scratch);
        client ??= suite.connect(program, server, scratch);
        return { client, server };
      };

      afterAll(async () => {
        await client?.close?.();
      }, LIMIT_MS);

      for (const step of suite.steps) {
        const deviation = deviationOf(suite.name, step.id);
        const title = deviation ? `${step.id}: cannot, ${deviation.reason}` : `${step.id}: ${step.title}`;
        it(title, { timeout: LIMIT_MS }, async (test) => {
          const using = connected(test);
          const lacking = (step.needs ?? []).filter((method) => !(method in using.client));
          expect(lacking.length > 0).toBe(deviation !== undefined);
          if (deviation) return;
          const bucket = `/${local.remember(`bucket-${index}-of-${step.id}`)}`;
          await played.prepare(bucket);
          await step.run({ ...using, local, stored: played.stored, bucket, amount });
        });
      }

      it('deviations name its steps', () => {
        const known = new Set(suite.steps.map((step) => step.id));
        const named = DEVIATIONS.filter((deviation) => deviation.client === suite.name).flatMap(
          ({ steps: ids }) => ids,
        );
        expect(named.filter((id) => !known.has(id))).toEqual([]);
      });
    });
  });

  it('afterwards', { timeout: LIMIT_MS }, async () => {
    expect(needles.count).toBeGreaterThan(100);
    for (const { title, check } of played.checks(needles)) {
      await check().catch((error: unknown) => {
        throw new Error(`${title}: ${error instanceof Error ? error.message : String(error)}`, {
          cause: error,
        });
      });
    }
  });
}
