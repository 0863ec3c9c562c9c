import { type Context, called, type Script } from './context.js';
import { cleanDirectory, makeDirectory, removeEmptyDirectory, removeTree } from './directories.js';
import { append, put, read, releaseDropped, removeFile, renameInside } from './files.js';
import { collectGarbage } from './gc.js';
import { type Entry, emptyHead, type Head, headKey, leaseKey, MOVES_KEY, ROOT, setEntry } from './head.js';
import { moveDirectory, settleMoves } from './moves.js';
import type { Call } from './plain.js';
import { copy, healMarks, moveFile } from './sharing.js';
import type { Actor, Register, World } from './world.js';

/** Where the clock of every scenario begins: late enough for a lease from 0 to have run out. */
export const BEGINNING = 10;
/** The session that wrote what is there at the start. Its lease has run out. */
export const OLD_SESSION = 'old';

/** A world with these files (path and atoms) and directories (path and '/'). Directory `p` has the uid `Dp`. */
export function worldOf(
  tree: Readonly<Record<string, readonly string[]>>,
  sessions: readonly string[],
): World {
  const heads: Record<string, Head> = { [ROOT.uid]: { ...emptyHead(ROOT.link), revision: 1 } };
  let blobs: Record<string, string> = {};
  const uidOf = (path: string): string => (path === '' ? ROOT.uid : `D${path}`);
  for (const [path, atoms] of Object.entries(tree)) {
    const parts = path.replace(/\/$/, '').split('/');
    const parent = uidOf(parts.slice(0, -1).join('/'));
    const name = parts.at(-1)!;
    let entry: Entry;
    if (path.endsWith('/')) {
      const uid = uidOf(parts.join('/'));
      const link = `link ${uid}`;
      heads[uid] = { ...emptyHead(link), revision: 1 };
      entry = { kind: 'directory', uid, link };
    } else {
      const segments = atoms.map((_, index) => `b/${OLD_SESSION}/${path}.${index}`);
      blobs = { ...blobs, ...Object.fromEntries(segments.map((key, index) => [key, atoms[index]!])) };
      entry = { kind: 'file', segments, shared: false };
    }
    const key = path.endsWith('/') ? `${name}/` : name;
    heads[parent] = { ...heads[parent]!, entries: setEntry(heads[parent]!.entries, key, entry) };
  }
  const values: [string, unknown][] = [
    ...Object.entries(heads).map(([uid, head]): [string, unknown] => [headKey(uid), head]),
    [MOVES_KEY, { plan: null, unfenced: [] }],
    [leaseKey(OLD_SESSION), { renewedAt: 0, ended: false }],
    ...sessions.map((name): [string, unknown] => [leaseKey(name), { renewedAt: BEGINNING, ended: false }]),
  ];
  values.sort(([a], [b]) => (a < b ? -1 : 1));
  const registers = Object.fromEntries(
    values.map(([key, value]): [string, Register] => [key, { tag: 1, value, at: 0 }]),
  );
  return { registers, blobs: Object.fromEntries(Object.entries(blobs).sort()), late: [], now: BEGINNING };
}

function perform(context: Context, call: Call): Actor<string> {
  switch (call.do) {
    case 'put':
      return put(context, call.path, call.atoms);
    case 'create':
      return put(context, call.path, call.atoms, { exclusive: true });
    case 'putMakingParents':
      return put(context, call.path, call.atoms, { parents: true });
    case 'append':
      return append(context, call.path, call.atom);
    case 'remove':
      return removeFile(context, call.path);
    case 'read':
      return read(context, call.path);
    case 'mkdir':
      return makeDirectory(context, call.path);
    case 'rmdir':
      return removeEmptyDirectory(context, call.path);
    case 'removeTree':
      return removeTree(context, call.path);
    case 'rename':
      return renameInside(context, call.from, call.to);
    case 'copy':
      return copy(context, call.from, call.to);
    case 'moveFile':
    case 'moveOrCopyFile':
      return moveFile(context, call.from, call.to);
    case 'moveDirectory':
      return moveDirectory(context, call.from, call.to);
  }
}

/** An actor that makes these calls one after the other, and then deletes what they dropped. */
export function calls(...list: readonly Call[]): Script {
  return function* (context) {
    for (const [index, call] of list.entries()) {
      yield* context.within(index, called(call, perform(context, call)));
    }
    yield* releaseDropped(context);
  };
}

/** Lets go of `m` for a mover that is gone, heals marks and removes stale records, in every directory there is. */
export function* settle(context: Context): Actor<void> {
  yield* settleMoves(context);
  const queue: string[] = [ROOT.uid];
  const seen = new Set<string>(queue);
  for (let uid = queue.shift(); uid !== undefined; uid = queue.shift()) {
    yield* healMarks(context, uid);
    yield* cleanDirectory(context, uid);
    const outcome = yield { do: 'read', key: headKey(uid) };
    if (outcome.is !== 'value') continue;
    for (const entry of Object.values((outcome.value as Head).entries)) {
      if (entry.kind === 'directory' && !seen.has(entry.uid)) queue.push(entry.uid);
      if (entry.kind === 'directory') seen.add(entry.uid);
    }
  }
}

/** A sweep in which every session has run out. */
export function sweep(sessions: readonly string[]): Script {
  return (context) => collectGarbage(context, [OLD_SESSION, ...sessions]);
}
