import fc from 'fast-check';
import { expect } from 'vitest';
import type { FileHandle, VaultSession } from '../src/index.js';
import { collect } from './fresh-vault.js';
import { ModelError, type Names, type TreeModel } from './tree-model.js';

/** Sizes around what changes the way content is kept: inline, one chunk, several, and the edges between them. */
const SIZES = [0, 1, 100, 1023, 1024, 1025, 4000, 65_535, 65_536, 65_537, 140_000] as const;

export type Edit =
  | { readonly do: 'write'; readonly at: number; readonly size: number; readonly seed: number }
  | { readonly do: 'append'; readonly size: number; readonly seed: number }
  | { readonly do: 'truncate'; readonly size: number }
  | { readonly do: 'sync' }
  | { readonly do: 'read'; readonly at: number; readonly size: number };

export type Operation =
  | { readonly op: 'mkdir' | 'makeAll' | 'rmdir' | 'stat' | 'list'; readonly path: Names }
  | { readonly op: 'remove'; readonly path: Names; readonly recursive: boolean }
  | {
      readonly op: 'write';
      readonly path: Names;
      readonly size: number;
      readonly seed: number;
      readonly exclusive: boolean;
    }
  | { readonly op: 'symlink'; readonly path: Names; readonly target: string }
  | { readonly op: 'rename' | 'copy'; readonly path: Names; readonly to: Names; readonly replace: boolean }
  | { readonly op: 'attributes'; readonly path: Names; readonly mode: number; readonly seconds: number }
  | { readonly op: 'read'; readonly path: Names; readonly offset: number; readonly length: number }
  | {
      readonly op: 'edit';
      readonly path: Names;
      readonly create: boolean;
      readonly append: boolean;
      readonly edits: readonly Edit[];
      readonly end: 'close' | 'abandon';
    }
  | { readonly op: 'many'; readonly path: Names; readonly count: number; readonly seed: number };

export function pattern(size: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at++) bytes[at] = (at * 31 + (at >> 8) * 7 + seed * 131 + 1) & 255;
  return bytes;
}

/** A place in a tree that is not known yet: most operations are to meet something there, or room for it. */
export interface Spot {
  readonly how: 'directory' | 'file' | 'new' | 'anywhere';
  readonly pick: number;
  readonly name: string;
  readonly path: Names;
}

const name = fc.constantFrom('a', 'b', 'c', 'a.txt', 'é', '𐍈', '\uffee', 'a b');
const spot = (...how: Spot['how'][]): fc.Arbitrary<Spot> =>
  fc.record({
    how: fc.constantFrom(...how),
    pick: fc.nat(10_000),
    name,
    path: fc.array(name, { minLength: 1, maxLength: 3 }),
  });
const there = spot('file', 'file', 'directory', 'anywhere');
const room = spot('new', 'new', 'new', 'file', 'directory', 'anywhere');

/** Finds the place in the tree as it is now. */
export function locate(model: TreeModel, { how, pick, name: last, path }: Spot): Names {
  const { directories, files } = model.all();
  const chosen = how === 'file' ? files : directories;
  if (how === 'anywhere' || chosen.length === 0) return path;
  const found = chosen[pick % chosen.length] as Names;
  if (how === 'new') return found.length < 6 ? [...found, last] : path;
  return found.length === 0 ? path : found;
}

type Placed<T> = T extends unknown ? { [K in keyof T]: K extends 'path' | 'to' ? Spot : T[K] } : never;
export type Plan = Placed<Operation>;

/** The operation that a plan means in the tree as it is now. */
export function planned(model: TreeModel, plan: Plan): Operation {
  const to = 'to' in plan ? { to: locate(model, plan.to) } : {};
  return { ...plan, path: locate(model, plan.path), ...to } as Operation;
}

const size = fc.constantFrom(...SIZES);
const seed = fc.nat(255);
const at = fc.constantFrom(0, 1, 500, 1024, 4000, 65_530, 65_536, 131_000, 200_000);

const edit: fc.Arbitrary<Edit> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('write' as const), at, size, seed }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('append' as const), size, seed }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('truncate' as const), size }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('sync' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('read' as const), at, size }) },
);

export const plan: fc.Arbitrary<Plan> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ op: fc.constantFrom('mkdir' as const, 'makeAll' as const), path: room }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constantFrom('rmdir' as const, 'stat' as const, 'list' as const),
      path: spot('directory', 'file', 'anywhere'),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constant('write' as const),
      path: room,
      size,
      seed,
      exclusive: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constantFrom('rename' as const, 'copy' as const),
      path: there,
      to: room,
      replace: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ op: fc.constant('remove' as const), path: there, recursive: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constant('symlink' as const),
      path: room,
      target: fc.constantFrom('x', '../é'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('attributes' as const),
      path: there,
      mode: fc.nat(0o7777),
      seconds: fc.integer({ min: -100, max: 2_000_000_000 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ op: fc.constant('read' as const), path: there, offset: at, length: size }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constant('edit' as const),
      path: spot('file', 'file', 'new'),
      create: fc.boolean(),
      append: fc.boolean(),
      edits: fc.array(edit, { minLength: 1, maxLength: 14 }),
      end: fc.constantFrom('close' as const, 'close' as const, 'close' as const, 'abandon' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('many' as const),
      path: room,
      count: fc.constantFrom(20, 150, 300),
      seed,
    }),
  },
);

/** What an operation answers, in a form that can be compared. */
type Answer = unknown;

function splice(bytes: Uint8Array, offset: number, data: Uint8Array): Uint8Array {
  if (data.length === 0) return bytes;
  const result = new Uint8Array(Math.max(bytes.length, offset + data.length));
  result.set(bytes);
  result.set(data, offset);
  return result;
}

function resized(bytes: Uint8Array, to: number): Uint8Array {
  const result = new Uint8Array(to);
  result.set(bytes.subarray(0, to));
  return result;
}

export function onModel(model: TreeModel, one: Operation): Answer {
  switch (one.op) {
    case 'mkdir':
      return model.mkdir(one.path);
    case 'makeAll':
      return model.makeAll(one.path);
    case 'rmdir':
      return model.rmdir(one.path);
    case 'stat':
      return model.stat(one.path).kind;
    case 'list':
      return model.list(one.path);
    case 'remove':
      return model.remove(one.path, one.recursive);
    case 'write':
      return model.write(one.path, pattern(one.size, one.seed), { exclusive: one.exclusive });
    case 'symlink':
      return model.symlink(one.target, one.path);
    case 'rename':
      return model.rename(one.path, one.to, one.replace);
    case 'copy':
      return model.copy(one.path, one.to, one.replace);
    case 'attributes':
      return model.setAttributes(one.path, {
        mode: one.mode,
        seconds: one.seconds,
        metadata: `${one.seconds}`,
      });
    case 'read': {
      const node = model.stat(one.path);
      if (node.kind === 'directory') throw new ModelError('is-a-directory');
      if (node.kind === 'symlink') throw new ModelError('invalid-argument');
      return Buffer.from(node.bytes.slice(one.offset, one.offset + one.length)).toString('base64');
    }
    case 'edit':
      return editModel(model, one);
    case 'many': {
      model.makeAll(one.path);
      for (let index = 0; index < one.count; index++)
        model.write([...one.path, `n${index}`], pattern(index % 40, one.seed));
      return undefined;
    }
  }
}

/** The content after the first `steps` edits. */
export function prefixes(
  one: Extract<Operation, { op: 'edit' }>,
  before: Uint8Array,
  steps: number,
): Uint8Array {
  let bytes = before;
  for (const step of one.edits.slice(0, steps)) {
    if (step.do === 'write')
      bytes = splice(bytes, one.append ? bytes.length : step.at, pattern(step.size, step.seed));
    if (step.do === 'append') bytes = splice(bytes, bytes.length, pattern(step.size, step.seed));
    if (step.do === 'truncate') bytes = resized(bytes, step.size);
  }
  return bytes;
}

function editModel(model: TreeModel, one: Extract<Operation, { op: 'edit' }>): Answer {
  const reads: string[] = [];
  model.edit(one.path, one.create, (before) => {
    let published = 0;
    for (const [index, step] of one.edits.entries()) {
      if (step.do === 'sync') published = index;
      if (step.do !== 'read') continue;
      const bytes = prefixes(one, before, index);
      reads.push(Buffer.from(bytes.slice(step.at, step.at + step.size)).toString('base64'));
    }
    // What a handle has not synced when it is abandoned is a draft, which nobody sees beside a published file.
    return prefixes(one, before, one.end === 'close' ? one.edits.length : published);
  });
  return reads;
}

export async function onVault(session: VaultSession, one: Operation): Promise<Answer> {
  switch (one.op) {
    case 'mkdir':
      await session.mkdir(one.path);
      return;
    case 'makeAll':
      await session.mkdir(one.path, { recursive: true });
      return;
    case 'rmdir':
      return session.rmdir(one.path);
    case 'stat':
      return (await session.stat(one.path)).kind;
    case 'list':
      return pagedNames(session, one.path);
    case 'remove':
      return session.remove(one.path, { recursive: one.recursive });
    case 'write':
      await session.write(one.path, pattern(one.size, one.seed), { exclusive: one.exclusive });
      return;
    case 'symlink':
      await session.symlink(one.target, one.path);
      return;
    case 'rename':
      return session.rename(one.path, one.to, { replace: one.replace });
    case 'copy':
      await session.copy(one.path, one.to, { replace: one.replace });
      return;
    case 'attributes':
      await session.setAttributes(one.path, {
        mode: one.mode,
        modified: { seconds: one.seconds, nanoseconds: 5 },
        metadata: new Map([['note', `${one.seconds}`]]),
      });
      return;
    case 'read':
      return Buffer.from(
        await collect(session.read(one.path, { offset: one.offset, length: one.length })),
      ).toString('base64');
    case 'edit':
      return editVault(session, one);
    case 'many':
      await session.mkdir(one.path, { recursive: true });
      await Promise.all(
        Array.from({ length: one.count }, (_, index) =>
          session.write([...one.path, `n${index}`], pattern(index % 40, one.seed)),
        ),
      );
      return;
  }
}

async function editVault(session: VaultSession, one: Extract<Operation, { op: 'edit' }>): Promise<Answer> {
  const { create, append } = one;
  const handle = await session.open(one.path, { read: true, write: true, create, append });
  const reads: string[] = [];
  try {
    // A file that is being made is published even if nothing is written into it, as the model has it.
    if (one.end === 'abandon') await handle.sync();
    for (const step of one.edits) {
      if (step.do === 'write') await handle.write(step.at, pattern(step.size, step.seed));
      if (step.do === 'append') await handle.write((await handle.stat()).size, pattern(step.size, step.seed));
      if (step.do === 'truncate') await handle.truncate(step.size);
      if (step.do === 'sync') await handle.sync();
      if (step.do === 'read')
        reads.push(Buffer.from(await handle.read(step.at, step.size)).toString('base64'));
    }
  } catch (error) {
    await handle.abandon();
    throw error;
  }
  await finish(handle, one.end);
  return reads;
}

function finish(handle: FileHandle, end: 'close' | 'abandon'): Promise<void> {
  return end === 'close' ? handle.close() : handle.abandon();
}

async function pagedNames(session: VaultSession, at: Names): Promise<string[]> {
  const names: string[] = [];
  let after: string | undefined;
  do {
    const page = await session.list(at, { limit: 7, ...(after === undefined ? {} : { after }) });
    names.push(...page.entries.map((entry) => entry.name));
    after = page.next;
  } while (after !== undefined);
  return names;
}

/** Runs an operation on both and expects the same answer, or a refusal with the same code. */
export async function onBoth(session: VaultSession, model: TreeModel, one: Operation): Promise<void> {
  let expected: Answer;
  let refusal: string | undefined;
  try {
    expected = onModel(model, one);
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    refusal = error.code;
  }
  if (refusal === undefined) expect(await onVault(session, one)).toEqual(expected);
  else await expect(onVault(session, one)).rejects.toMatchObject({ name: 'VaultError', code: refusal });
}
