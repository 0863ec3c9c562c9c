import { type Head, headKey, ROOT } from './head.js';
import type { PlainDirectory } from './plain.js';
import type { World } from './world.js';

const headOf = (world: World, uid: string): Head | undefined =>
  world.registers[headKey(uid)]?.value as Head | undefined;

export interface Walked {
  readonly tree: PlainDirectory;
  readonly reached: ReadonlySet<string>;
  readonly problems: readonly string[];
}

/** The tree that a client sees: valid records only, with the content of every file. */
export function walkTree(world: World): Walked {
  const reached = new Set<string>();
  const problems: string[] = [];
  const visit = (uid: string, path: string): PlainDirectory => {
    if (reached.has(uid)) {
      problems.push(`directory ${uid} is reachable twice, again at /${path}`);
      return { kind: 'directory', id: uid, entries: {} };
    }
    reached.add(uid);
    if (headOf(world, uid) === undefined)
      problems.push(`the head of directory ${uid} at /${path} is deleted`);
    const entries: Record<string, PlainDirectory['entries'][string]> = {};
    for (const [key, entry] of Object.entries(headOf(world, uid)?.entries ?? {})) {
      const name = key.replace(/\/$/, '');
      const at = path === '' ? name : `${path}/${name}`;
      if (entry.kind === 'file') {
        const atoms = entry.segments.map((segment) => world.blobs[segment]);
        if (atoms.includes(undefined)) problems.push(`/${at} refers to a deleted blob`);
        entries[name] = { kind: 'file', atoms: atoms.map((atom) => atom ?? 'missing') };
        continue;
      }
      const child = headOf(world, entry.uid);
      // A missing head is damage wherever it is referred to: whoever resolves the name runs into it.
      if (child === undefined) problems.push(`the head of directory ${entry.uid} at /${at} is deleted`);
      if (child?.state !== 'live' || child.link !== entry.link) continue;
      if (name in entries) problems.push(`/${at} is both a file and a directory`);
      entries[name] = visit(entry.uid, at);
    }
    return { kind: 'directory', id: uid, entries };
  };
  return { tree: visit(ROOT.uid, ''), reached, problems };
}

/** What must hold in every state, whoever stands where and whoever has crashed. Undefined when all is well. */
export function findProblem(world: World, options: { readonly mayDangle: boolean }): string | undefined {
  const { reached, problems } = walkTree(world);
  const problem = problems.find((text) => !(options.mayDangle && text.endsWith('a deleted blob')));
  if (problem !== undefined) return problem;
  const removed = underDeadHeads(world);
  for (const [key, register] of Object.entries(world.registers)) {
    if (!key.startsWith('h/')) continue;
    const uid = key.slice(2);
    const head = register.value as Head;
    // Revision 0: made, and never entered under a name.
    if (head.state === 'dead' || head.revision === 0 || reached.has(uid) || removed.has(uid)) continue;
    return `directory ${uid} is lost: alive, reachable from nowhere`;
  }
  return undefined;
}

/** Directories that went with a dead ancestor. */
function underDeadHeads(world: World): Set<string> {
  const removed = new Set<string>();
  const visit = (head: Head): void => {
    for (const entry of Object.values(head.entries)) {
      if (entry.kind !== 'directory' || removed.has(entry.uid)) continue;
      const child = headOf(world, entry.uid);
      if (child?.link !== entry.link) continue;
      removed.add(entry.uid);
      visit(child);
    }
  };
  for (const [key, register] of Object.entries(world.registers)) {
    const head = register.value as Head;
    if (key.startsWith('h/') && head.state === 'dead') visit(head);
  }
  return removed;
}
