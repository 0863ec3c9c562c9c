/**
 * The specification: a plain tree in memory, changed by one call after another. A history of concurrent calls is right
 * if some order of the calls, which respects who had answered before whom began, gives the same answers and the same
 * tree. A call may consist of several parts where the rules promise no more than that.
 */

export interface PlainFile {
  readonly kind: 'file';
  readonly atoms: readonly string[];
}

export interface PlainDirectory {
  readonly kind: 'directory';
  readonly id: string;
  readonly entries: Readonly<Record<string, PlainFile | PlainDirectory>>;
}

type Node = PlainFile | PlainDirectory;

export type Call =
  | {
      readonly do: 'put' | 'create' | 'putMakingParents';
      readonly path: string;
      readonly atoms: readonly string[];
    }
  | { readonly do: 'append'; readonly path: string; readonly atom: string }
  | { readonly do: 'remove' | 'read' | 'mkdir' | 'rmdir' | 'removeTree'; readonly path: string }
  | {
      readonly do: 'rename' | 'copy' | 'moveFile' | 'moveDirectory';
      readonly from: string;
      readonly to: string;
    }
  /** A file move whose source may stay, because somebody took the mark away. */
  | { readonly do: 'moveOrCopyFile'; readonly from: string; readonly to: string };

/** What a call remembers from one of its parts to the next. */
type Memory = string | undefined;

export interface Step {
  readonly tree: PlainDirectory;
  readonly memory: Memory;
  /** The answer, when this part gives it. */
  readonly result?: string;
}

export interface Part {
  readonly optional?: boolean;
  readonly run: (tree: PlainDirectory, memory: Memory) => Step;
}

export function find(tree: PlainDirectory, path: string): Node | undefined {
  let node: Node | undefined = tree;
  for (const name of path === '' ? [] : path.split('/')) {
    node = node?.kind === 'directory' ? node.entries[name] : undefined;
  }
  return node;
}

/** A tree with `node` at `path`, or without anything there. The parent exists. */
function set(tree: PlainDirectory, path: string, node: Node | undefined): PlainDirectory {
  const [name, ...rest] = path.split('/') as [string, ...string[]];
  const child = tree.entries[name];
  const value = rest.length === 0 ? node : set(child as PlainDirectory, rest.join('/'), node);
  const { [name]: _old, ...others } = tree.entries;
  return { ...tree, entries: value === undefined ? others : { ...others, [name]: value } };
}

function pathOf(tree: PlainDirectory, id: string, at = ''): string | undefined {
  for (const [name, node] of Object.entries(tree.entries)) {
    if (node.kind !== 'directory') continue;
    const path = at === '' ? name : `${at}/${name}`;
    const found = node.id === id ? path : pathOf(node, id, path);
    if (found !== undefined) return found;
  }
  return undefined;
}

const parentOf = (path: string): string => path.split('/').slice(0, -1).join('/');
const hasParent = (tree: PlainDirectory, path: string): boolean =>
  find(tree, parentOf(path))?.kind === 'directory';
const file = (atoms: readonly string[]): PlainFile => ({ kind: 'file', atoms });

type Change = (tree: PlainDirectory) => { tree: PlainDirectory } | { error: string };

function once(change: Change): Part {
  return {
    run(tree) {
      const changed = change(tree);
      if ('error' in changed) return { tree, memory: undefined, result: changed.error };
      return { tree: changed.tree, memory: undefined, result: 'ok' };
    },
  };
}

function write(path: string, content: (old: Node | undefined) => readonly string[] | string): Part {
  return once((tree) => {
    if (!hasParent(tree, path)) return { error: 'not-found' };
    const old = find(tree, path);
    if (old?.kind === 'directory') return { error: 'is-a-directory' };
    const atoms = content(old);
    return typeof atoms === 'string' ? { error: atoms } : { tree: set(tree, path, file(atoms)) };
  });
}

function makeParents(tree: PlainDirectory, path: string): PlainDirectory {
  const parent = parentOf(path);
  if (find(tree, parent) !== undefined) return tree;
  return set(makeParents(tree, parent), parent, { kind: 'directory', id: `new ${parent}`, entries: {} });
}

/** A copy takes what it finds at one moment and puts it down at a later one: two directories never change together. */
function capture(from: string): Part {
  return {
    run(tree) {
      const source = find(tree, from);
      if (source?.kind !== 'file') return { tree, memory: undefined, result: 'not-found' };
      return { tree, memory: source.atoms.join(',') };
    },
  };
}

function putDown(to: string, answers: boolean): Part {
  return {
    run(tree, memory) {
      if (!hasParent(tree, to)) return { tree, memory, result: 'not-found' };
      if (find(tree, to)?.kind === 'directory') return { tree, memory, result: 'is-a-directory' };
      const changed = set(tree, to, file(memory!.split(',')));
      return answers ? { tree: changed, memory, result: 'ok' } : { tree: changed, memory };
    },
  };
}

function removeCopied(from: string): Part {
  return {
    run(tree, memory) {
      const source = find(tree, from);
      const same = source?.kind === 'file' && source.atoms.join(',') === memory;
      return { tree: same ? set(tree, from, undefined) : tree, memory, result: 'ok' };
    },
  };
}

const keepCopied: Part = { run: (tree, memory) => ({ tree, memory, result: 'ok' }) };

/** A directory is moved by identity: whoever renames it inside its parent after the mover found it, loses nothing. */
function moveDirectoryParts(from: string, to: string): Part[] {
  return [
    {
      run(tree) {
        const node = find(tree, from);
        if (node?.kind !== 'directory') return { tree, memory: undefined, result: 'not-found' };
        return { tree, memory: node.id };
      },
    },
    {
      run(tree, memory) {
        const fail = (result: string): Step => ({ tree, memory, result });
        const at = pathOf(tree, memory!);
        if (at === undefined || !hasParent(tree, to)) return fail('not-found');
        if (`${to}/`.startsWith(`${at}/`)) return fail('invalid-argument');
        if (find(tree, to) !== undefined) return fail('exists');
        return { tree: set(set(tree, at, undefined), to, find(tree, at)), memory, result: 'ok' };
      },
    },
  ];
}

/** The parts of a call, in order. The last one that is not optional answers, unless an earlier one did. */
export function partsOf(call: Call): readonly Part[] {
  switch (call.do) {
    case 'put':
      return [write(call.path, () => call.atoms)];
    case 'create':
      return [write(call.path, (old) => (old === undefined ? call.atoms : 'exists'))];
    case 'putMakingParents': {
      const parents: Change = (tree) => ({ tree: makeParents(tree, call.path) });
      const both: Change = (tree) => ({
        tree: set(makeParents(tree, call.path), call.path, file(call.atoms)),
      });
      const making: Part = {
        optional: true,
        run: (tree) => ({ ...once(parents).run(tree, undefined), result: 'none' }),
      };
      return [making, once(both)];
    }
    case 'append':
      return [write(call.path, (old) => [...(old?.kind === 'file' ? old.atoms : []), call.atom])];
    case 'remove':
      return [
        once((tree) =>
          find(tree, call.path)?.kind === 'file'
            ? { tree: set(tree, call.path, undefined) }
            : { error: 'not-found' },
        ),
      ];
    case 'read':
      return [
        {
          run(tree) {
            const node = find(tree, call.path);
            const result = node?.kind === 'file' ? `ok:${node.atoms.join(',')}` : 'not-found';
            return { tree, memory: undefined, result };
          },
        },
      ];
    case 'mkdir':
      return [
        once((tree) => {
          if (!hasParent(tree, call.path)) return { error: 'not-found' };
          if (find(tree, call.path) !== undefined) return { error: 'exists' };
          return { tree: set(tree, call.path, { kind: 'directory', id: `new ${call.path}`, entries: {} }) };
        }),
      ];
    case 'rmdir':
    case 'removeTree':
      return [
        once((tree) => {
          const node = find(tree, call.path);
          if (node?.kind !== 'directory') return { error: 'not-found' };
          const full = call.do === 'rmdir' && Object.keys(node.entries).length > 0;
          return full ? { error: 'not-empty' } : { tree: set(tree, call.path, undefined) };
        }),
      ];
    case 'rename':
      return [
        once((tree) => {
          const node = find(tree, call.from);
          const there = find(tree, call.to);
          if (there?.kind === 'directory') return { error: 'exists' };
          if (node === undefined) return { error: 'not-found' };
          if (node.kind === 'directory' && there !== undefined) return { error: 'exists' };
          return { tree: set(set(tree, call.from, undefined), call.to, node) };
        }),
      ];
    case 'copy':
      return [capture(call.from), putDown(call.to, true)];
    case 'moveFile':
      return [capture(call.from), putDown(call.to, false), removeCopied(call.from)];
    case 'moveOrCopyFile':
      return [
        capture(call.from),
        putDown(call.to, false),
        { ...removeCopied(call.from), optional: true },
        keepCopied,
      ];
    case 'moveDirectory':
      return moveDirectoryParts(call.from, call.to);
  }
}

/** A tree as text, without the identities of its directories. */
export function describeTree(tree: PlainDirectory): string {
  const lines = Object.entries(tree.entries)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, node]) =>
      node.kind === 'file' ? `${name}=${node.atoms.join('+')}` : `${name}{${describeTree(node)}}`,
    );
  return lines.join(' ');
}
