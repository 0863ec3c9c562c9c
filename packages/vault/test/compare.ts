import { expect } from 'vitest';
import type { Entry, Path, VaultSession } from '../src/index.js';
import { collect } from './fresh-vault.js';
import type { ModelDirectory, ModelNode, TreeModel } from './tree-model.js';

/** Fails unless the whole tree that `session` shows is the model's: names, order, kinds, contents, attributes. */
export async function expectSame(session: VaultSession, model: TreeModel): Promise<void> {
  await compareDirectory(session, [], model.root, model);
}

async function compareDirectory(
  session: VaultSession,
  path: Path,
  node: ModelDirectory,
  model: TreeModel,
): Promise<void> {
  const listed: Entry[] = [];
  for await (const entry of session.entries(path)) listed.push(entry);
  expect(listed.map((entry) => entry.name)).toEqual(model.list(path));
  for (const entry of listed) {
    const child = node.children.get(entry.name) as ModelNode;
    const below = [...path, entry.name];
    expect(entry.kind).toBe(child.kind);
    expect(entry.draft).toBe(false);
    expect(await session.stat(below)).toEqual(entry);
    await compareEntry(session, below, entry, child, model);
  }
}

async function compareEntry(
  session: VaultSession,
  path: Path,
  entry: Entry,
  node: ModelNode,
  model: TreeModel,
): Promise<void> {
  if (node.kind === 'directory') {
    expect(entry.mode).toBe(node.mode);
    await compareDirectory(session, path, node, model);
  } else if (node.kind === 'symlink') {
    expect(await session.readlink(path)).toBe(node.target);
    expect(entry.size).toBe(Buffer.byteLength(node.target));
  } else {
    const bytes = await collect(session.read(path));
    expect({ path, size: entry.size, read: bytes.length }).toEqual({
      path,
      size: node.bytes.length,
      read: node.bytes.length,
    });
    expect(Buffer.compare(bytes, node.bytes)).toBe(0);
    expect(entry.mode).toBe(node.mode);
    expect(entry.metadata.get('note') ?? '').toBe(node.metadata);
    if (node.seconds !== undefined) expect(entry.modified.seconds).toBe(node.seconds);
  }
}
