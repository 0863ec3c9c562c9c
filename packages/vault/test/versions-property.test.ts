import { MemoryStore } from '@latchkey/store';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Keeping, ObjectSession, VersionEntry } from '../src/index.js';
import { collect } from './fresh-vault.js';
import { emptyVault } from './template.js';

/** More of them, for a night, by LATCHKEY_PROPERTY_RUNS. */
const RUNS = Number(process.env.LATCHKEY_PROPERTY_RUNS ?? 60);
const BUCKETS = ['a', 'b'];
const NAMES = ['f', 'g'];
const KEEPINGS = ['none', 'all', 'suspended'] as const;

interface Version {
  /** The first byte; undefined of a marker. */
  readonly seed: number | undefined;
  readonly isNull: boolean;
}

/** Versions as S3 documents them: of each name a list, the newest first. Without keeping a name has one at most. */
class Model {
  readonly keeping = new Map<string, (typeof KEEPINGS)[number]>(BUCKETS.map((bucket) => [bucket, 'none']));
  readonly names = new Map<string, readonly Version[]>();

  at(path: readonly string[]): readonly Version[] {
    return this.names.get(path.join('/')) ?? [];
  }

  current(path: readonly string[]): number | undefined {
    return this.at(path)[0]?.seed;
  }

  put(path: readonly string[], seed: number | undefined): void {
    const state = this.keeping.get(path[0] as string);
    const old = this.at(path);
    const key = path.join('/');
    if (state === 'all') this.names.set(key, [{ seed, isNull: false }, ...old]);
    else if (state === 'suspended')
      this.names.set(key, [{ seed, isNull: true }, ...old.filter((one) => !one.isNull)]);
    // What was kept before stays, and what is the current one is replaced, whatever it is called.
    else {
      const rest = old[0]?.seed === undefined ? old : old.slice(1);
      this.names.set(key, seed === undefined ? rest : [{ seed, isNull: true }, ...rest]);
    }
  }

  remove(path: readonly string[]): boolean {
    if (this.current(path) === undefined) return false;
    this.put(path, undefined);
    return true;
  }

  destroy(path: readonly string[], index: number): boolean {
    const old = this.at(path);
    if (index >= old.length) return false;
    this.names.set(
      path.join('/'),
      old.filter((_, at) => at !== index),
    );
    return true;
  }
}

const path = fc.tuple(fc.constantFrom(...BUCKETS), fc.constantFrom(...NAMES));
const step = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('keep' as const),
      bucket: fc.constantFrom(...BUCKETS),
      keeping: fc.constantFrom(...KEEPINGS.slice(1)),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom('write' as const, 'object' as const, 'edit' as const),
      path,
      size: fc.constantFrom(10, 5000),
      seed: fc.nat(255),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom('remove' as const, 'removeObject' as const), path }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom('rename' as const, 'copy' as const, 'compose' as const),
      path,
      to: path,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('destroy' as const, 'restore' as const),
      path,
      index: fc.nat(3),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function content(seed: number, size: number): Uint8Array {
  return new Uint8Array(size).map((_, index) => (seed + index * 7) & 255);
}

async function versionsOf(session: ObjectSession, at: readonly string[]): Promise<VersionEntry[]> {
  const { entries } = await session.versions.list(at.slice(0, 1));
  return entries.filter((one): one is VersionEntry => 'place' in one && one.name === at[1]);
}

const refused = async (work: Promise<unknown>): Promise<boolean> =>
  work.then(
    () => false,
    (error: { code?: string }) => {
      if (error.code !== 'not-found' && error.code !== 'exists') throw error;
      return true;
    },
  );

async function apply(session: ObjectSession, model: Model, one: Step): Promise<void> {
  if (one.do === 'keep') {
    const keeping: Keeping = { versions: one.keeping === 'all' ? 'all' : 'suspended', locks: false };
    await session.versions.setKeeping(one.bucket, () => keeping);
    model.keeping.set(one.bucket, one.keeping);
    return;
  }
  const there = model.current(one.path);
  if (one.do === 'write') {
    await session.write(one.path, content(one.seed, one.size));
    model.put(one.path, one.seed);
  } else if (one.do === 'object') {
    await session.writeObject(one.path, content(one.seed, one.size));
    model.put(one.path, one.seed);
  } else if (one.do === 'edit') {
    if (there === undefined) return;
    const handle = await session.open(one.path, { write: true });
    await handle.write(0, new Uint8Array([one.seed]));
    await handle.close();
    model.put(one.path, one.seed);
  } else if (one.do === 'remove') {
    expect(await refused(session.remove(one.path))).toBe(!model.remove(one.path));
  } else if (one.do === 'removeObject') {
    if (there === undefined) return;
    await session.removeObject(one.path);
    model.remove(one.path);
  } else if (one.do === 'rename') {
    const same = one.path.join() === one.to.join();
    expect(await refused(session.rename(one.path, one.to, { replace: true }))).toBe(there === undefined);
    if (there === undefined || same) return;
    model.put(one.to, there);
    model.remove(one.path);
  } else if (one.do === 'copy') {
    const same = one.path.join() === one.to.join();
    expect(await refused(session.copy(one.path, one.to, { replace: true }))).toBe(there === undefined);
    if (there !== undefined && !same) model.put(one.to, there);
  } else if (one.do === 'compose') {
    const made = session.composeObject([{ path: one.path }], one.to, {
      describe: () => ({ properties: {}, attributes: {} }),
    });
    expect(await refused(made)).toBe(there === undefined);
    if (there !== undefined) model.put(one.to, there);
  } else if ('index' in one) {
    const entry = (await versionsOf(session, one.path))[one.index];
    const version = model.at(one.path)[one.index];
    expect(entry?.marker).toBe(version === undefined ? undefined : version.seed === undefined);
    if (entry === undefined || version === undefined) return;
    if (one.do === 'destroy') {
      await session.versions.remove(one.path, entry.versionId);
      model.destroy(one.path, one.index);
    } else if (version.seed !== undefined) {
      await session.composeObject([{ path: one.path, version: entry.versionId }], one.path, {
        describe: () => ({ properties: {}, attributes: {} }),
      });
      model.put(one.path, version.seed);
    }
  }
}

async function same(session: ObjectSession, model: Model): Promise<void> {
  for (const bucket of BUCKETS)
    for (const name of NAMES) {
      const expected = model.at([bucket, name]);
      const found = await versionsOf(session, [bucket, name]);
      const told: Version[] = [];
      for (const entry of found) {
        let seed: number | undefined;
        if (!entry.marker) {
          const reader = await session.versions.open([bucket, name], entry.versionId);
          const read = await collect(reader.stream());
          await reader.close();
          seed = read[0];
          const rest = content(read.length > 1 ? (read[1] as number) - 7 : 0, read.length);
          expect(Buffer.compare(read.subarray(1), rest.subarray(1))).toBe(0);
        }
        told.push({ seed, isNull: entry.versionId === 'null' });
      }
      expect(told).toEqual(expected);
      expect(found.map((entry) => entry.latest)).toEqual(expected.map((_, at) => at === 0));
      const current = expected[0]?.seed;
      const missing = await refused(session.stat([bucket, name]));
      expect(missing).toBe(current === undefined);
    }
}

describe('versions under random operations, through two programs in turn', () => {
  it('are what S3 says they are, and lose no content', async () => {
    const steps = fc.array(fc.tuple(fc.nat(1), step), { minLength: 5, maxLength: 40, size: 'max' });
    await fc.assert(
      fc.asyncProperty(steps, async (chosen) => {
        const store = new MemoryStore();
        const open = await emptyVault(store);
        // Nobody is waited for: what is released is deleted at the next commit.
        const vaults = [await open(store, { graceSeconds: -1 }), await open(store, { graceSeconds: -1 })];
        const sessions = vaults.map((vault) => vault.session());
        for (const bucket of BUCKETS) await (sessions[0] as ObjectSession).mkdir([bucket]);
        const model = new Model();
        for (const [who, one] of chosen) await apply(sessions[who] as ObjectSession, model, one);
        for (const session of sessions) await same(session, model);
        for (const vault of vaults) {
          expect((await vault.gc()).reason).toBeUndefined();
          expect((await vault.check({ readContent: true })).problems).toEqual([]);
          await vault.close();
        }
        const again = await open(store);
        await same(again.session(), model);
        await again.close();
      }),
      { numRuns: RUNS },
    );
  }, 300_000);
});
