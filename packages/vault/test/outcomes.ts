import { createHash } from 'node:crypto';
import { type Entry, type Path, VaultError, type VaultSession } from '../src/index.js';
import { collect } from './fresh-vault.js';
import { type Operation, onModel, prefixes } from './operations.js';
import { directory, file, type ModelDirectory, ModelError, type ModelNode, TreeModel } from './tree-model.js';

/** A whole tree as one text, so that an observed one can be looked up among the allowed ones. */
export type Picture = string;

function digest(bytes: Uint8Array): string {
  return `${bytes.length}:${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}`;
}

export function picture(model: TreeModel): Picture {
  const lines: string[] = [];
  const visit = (node: ModelNode, path: string): void => {
    if (node.kind === 'file') lines.push(`${path} file ${node.mode} ${node.metadata} ${digest(node.bytes)}`);
    else if (node.kind === 'symlink') lines.push(`${path} link ${node.target}`);
    else {
      lines.push(`${path} directory ${node.mode}`);
      for (const [name, child] of node.children) visit(child, `${path}/${name}`);
    }
  };
  visit(model.root, '');
  return lines.sort().join('\n');
}

/** The tree as a session sees it. Drafts, which only an interrupted operation leaves, are removed first. */
export async function observed(session: VaultSession): Promise<TreeModel> {
  const model = new TreeModel();
  await observeDirectory(session, [], model.root);
  return model;
}

async function observeDirectory(session: VaultSession, path: Path, into: ModelDirectory): Promise<void> {
  for await (const entry of session.entries(path)) {
    const below = [...path, entry.name];
    if (entry.draft) {
      await session.remove(below);
      continue;
    }
    if (entry.kind === 'file') {
      const note = entry.metadata.get('note') ?? '';
      into.children.set(entry.name, file(await collect(session.read(below)), entry.mode, note));
    } else if (entry.kind === 'symlink') {
      into.children.set(entry.name, { kind: 'symlink', target: await session.readlink(below) });
    } else if (await leadsSomewhere(session, below, entry)) {
      const child = directory(entry.mode);
      into.children.set(entry.name, child);
      await observeDirectory(session, below, child);
    }
  }
}

/** A record that a move or removal left behind half-done is listed until somebody meets it. */
async function leadsSomewhere(session: VaultSession, path: Path, entry: Entry): Promise<boolean> {
  try {
    return (await session.stat(path)).id === entry.id;
  } catch (error) {
    if (error instanceof VaultError && error.code === 'not-found') return false;
    throw error;
  }
}

export function copyOf(model: TreeModel): TreeModel {
  const copy = new TreeModel();
  const clone = (from: ModelDirectory, to: ModelDirectory): void => {
    for (const [name, child] of from.children) {
      if (child.kind !== 'directory') to.children.set(name, child);
      else {
        const below = directory(child.mode);
        to.children.set(name, below);
        clone(child, below);
      }
    }
  };
  clone(model.root, copy.root);
  return copy;
}

function changed(model: TreeModel, change: (copy: TreeModel) => void): TreeModel[] {
  const copy = copyOf(model);
  try {
    change(copy);
    return [copy];
  } catch (error) {
    if (error instanceof ModelError) return [];
    throw error;
  }
}

/** What may stand after an operation that failed without saying whether it was done: all, nothing, or a documented part. */
export function allowed(model: TreeModel, one: Operation): Set<Picture> {
  const outcomes = [model, ...changed(model, (copy) => onModel(copy, one))];
  if (one.op === 'makeAll') {
    for (let depth = 1; depth < one.path.length; depth++)
      outcomes.push(...changed(model, (copy) => copy.makeAll(one.path.slice(0, depth))));
  }
  if (one.op === 'rename') {
    // A file is copied before its old name goes; an empty directory that is replaced goes first.
    outcomes.push(...changed(model, (copy) => copy.copy(one.path, one.to, one.replace)));
    const gone = changed(model, (copy) => copy.rmdir(one.to));
    if (one.replace) outcomes.push(...gone);
  }
  if (one.op === 'edit') {
    for (let steps = 0; steps <= one.edits.length; steps++)
      outcomes.push(
        ...changed(model, (copy) => copy.edit(one.path, one.create, (bytes) => prefixes(one, bytes, steps))),
      );
  }
  return new Set(outcomes.map(picture));
}
