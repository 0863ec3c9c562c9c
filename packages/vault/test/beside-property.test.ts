import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type ObjectSession, type Path, VaultError } from '../src/index.js';
import { collect, openFresh, text } from './fresh-vault.js';

/*
 * Objects under any keys, while file protocols move and remove what they see. Whatever a step does or is refused, every
 * object is where it was put or moved to, and nowhere else.
 */

const NAME = fc.constantFrom('', 'a', 'b', 'a!');
const KEY = fc.array(NAME, { minLength: 1, maxLength: 3 });
const SEEN = fc.array(fc.constantFrom('a', 'b', 'a!'), { minLength: 1, maxLength: 2 });

type Step =
  | { readonly kind: 'put' | 'delete'; readonly path: Path }
  | { readonly kind: 'move'; readonly from: Path; readonly to: Path }
  | { readonly kind: 'remove'; readonly path: Path };

const STEP: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: KEY.map((path): Step => ({ kind: 'put', path })) },
  { weight: 1, arbitrary: KEY.map((path): Step => ({ kind: 'delete', path })) },
  { weight: 2, arbitrary: fc.tuple(SEEN, SEEN).map(([from, to]): Step => ({ kind: 'move', from, to })) },
  { weight: 1, arbitrary: SEEN.map((path): Step => ({ kind: 'remove', path })) },
);

/** By JSON of the path. */
type Model = Map<string, string>;

const keyOf = (path: Path): string => JSON.stringify(path);
const isBelow = (path: Path, above: Path): boolean =>
  path.length > above.length && above.every((name, index) => name === path[index]);

async function step(session: ObjectSession, model: Model, one: Step, content: string): Promise<void> {
  if (one.kind === 'put') {
    await session.writeObject(one.path, text(content), { existing: 0 });
    model.set(keyOf(one.path), content);
    return;
  }
  if (one.kind === 'delete') {
    const there = model.delete(keyOf(one.path));
    const removed = session.removeObject(one.path, { existing: 0 });
    if (there) await removed;
    else await expect(removed).rejects.toBeInstanceOf(VaultError);
    return;
  }
  const from = one.kind === 'move' ? one.from : one.path;
  const seen = await session.stat(from).catch(() => undefined);
  try {
    if (one.kind === 'move') await session.rename(from, one.to, { replace: true });
    else await session.remove(from, { recursive: true });
  } catch (error) {
    expect(error).toBeInstanceOf(VaultError);
    return;
  }
  const isMoved = (path: Path): boolean =>
    seen?.kind === 'directory' ? isBelow(path, from) : keyOf(path) === keyOf(from);
  const moved = [...model].filter(([key]) => isMoved(JSON.parse(key) as Path));
  for (const [key] of moved) model.delete(key);
  if (one.kind === 'move')
    for (const [key, value] of moved)
      model.set(keyOf([...one.to, ...(JSON.parse(key) as Path).slice(from.length)]), value);
}

async function objects(session: ObjectSession, path: Path, found: Model): Promise<Model> {
  const { entries } = await session.listObjects(path);
  for (const { name, kind } of entries) {
    const at = [...path, name];
    if (kind === 'directory') await objects(session, at, found);
    else {
      const reader = await session.openObject(at);
      found.set(keyOf(at), Buffer.from(await collect(reader.stream())).toString());
      await reader.close();
    }
  }
  return found;
}

/** Every name once, and what it leads to: the directory, if there is one. */
async function checkSeen(session: ObjectSession, path: Path): Promise<void> {
  const { entries } = await session.list(path);
  expect(new Set(entries.map((entry) => entry.name)).size).toBe(entries.length);
  for (const entry of entries) {
    expect(await session.stat([...path, entry.name])).toEqual(entry);
    if (entry.kind === 'directory') await checkSeen(session, [...path, entry.name]);
  }
}

it('neither loses an object nor shows two things of a name', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(STEP, { minLength: 4, maxLength: 16 }), async (steps) => {
      const { vault } = await openFresh();
      const session = vault.session();
      const model: Model = new Map();
      for (const [index, one] of steps.entries()) {
        await step(session, model, one, `${index}`);
        expect(await objects(session, [], new Map())).toEqual(model);
      }
      await checkSeen(session, []);
      expect((await vault.check({ readContent: true })).problems).toEqual([]);
      await vault.close();
    }),
    { numRuns: 40 },
  );
});
