import type { Case } from './check.js';
import type { Script } from './context.js';
import { called } from './context.js';
import { cleanDirectory } from './directories.js';
import { collectGarbage } from './gc.js';
import { putLeased } from './leases.js';
import type { Call } from './plain.js';
import { BEGINNING, calls, OLD_SESSION } from './scenario.js';
import { healMarks } from './sharing.js';

export const put = (path: string, ...atoms: string[]): Call => ({ do: 'put', path, atoms });
const create = (path: string, ...atoms: string[]): Call => ({ do: 'create', path, atoms });
export const append = (path: string, atom: string): Call => ({ do: 'append', path, atom });
export const on = (what: 'remove' | 'read' | 'mkdir' | 'rmdir' | 'removeTree', path: string): Call => ({
  do: what,
  path,
});
export const fromTo = (
  what: 'rename' | 'copy' | 'moveFile' | 'moveDirectory' | 'moveOrCopyFile',
  from: string,
  to: string,
): Call => ({ do: what, from, to });

/** A run of gc that has only these sessions to judge. */
export const gcOf =
  (...sessions: string[]): Script =>
  (context) =>
    collectGarbage(context, sessions);
const gc = gcOf(OLD_SESSION);
const clean =
  (uid: string): Script =>
  (context) =>
    cleanDirectory(context, uid);

/** A put whose session renewed its lease at the beginning and may be suspended at any step. */
const leased = (path: string, ...atoms: string[]): Script =>
  function* (context) {
    yield* called(put(path, ...atoms), putLeased(context, path, atoms, BEGINNING));
  };

const FLAT = { 'p/': [], 'p/a': ['v1'] };
const TWO = { 'p/': [], 'p/a': ['v1'], 'q/': [] };
const DEEP = { 'p/': [], 'p/d/': [], 'p/d/f': ['v1'], 'q/': [] };
const NESTED = { 'd/': [], 'e/': [] };

const trouble = { crashes: 1, swapFaults: 1 };

/** Two actors (and at times a third) with everything that may go wrong. Every one is explored to the end. */
export const CASES = {
  overwriters: { tree: FLAT, actors: { A: calls(put('p/a', 'v2')), B: calls(put('p/a', 'v3')) }, ...trouble },
  appenders: {
    tree: FLAT,
    actors: { A: calls(append('p/a', 'x')), B: calls(append('p/a', 'y')) },
    ...trouble,
  },
  'two appends each': {
    tree: FLAT,
    actors: {
      A: calls(append('p/a', 'w'), append('p/a', 'x')),
      B: calls(append('p/a', 'y'), append('p/a', 'z')),
    },
    ...trouble,
  },
  'a short list of operations': {
    tree: FLAT,
    actors: { A: calls(append('p/a', 'x')), B: calls(append('p/a', 'y'), append('p/a', 'z')) },
    swapFaults: 1,
    limits: { window: 2 },
  },
  'exclusive creators': {
    tree: FLAT,
    actors: { A: calls(create('p/n', 'x')), B: calls(create('p/n', 'y'), on('read', 'p/n')) },
    ...trouble,
  },
  'append against overwrite': {
    tree: FLAT,
    actors: { A: calls(append('p/a', 'x')), B: calls(put('p/a', 'v2')) },
    ...trouble,
  },
  'a reader of two segments': {
    tree: { 'p/': [], 'p/a': ['v1', 'w1'] },
    actors: { A: calls(on('read', 'p/a')), B: calls(put('p/a', 'v2', 'w2')) },
    ticks: 2,
    ...trouble,
  },
  'temporary name to final name': {
    tree: { 'p/': [], 'p/a': ['v1'], 'p/t': ['v2'] },
    actors: { A: calls(fromTo('rename', 'p/t', 'p/a')), B: calls(on('read', 'p/a'), append('p/a', 'x')) },
    ...trouble,
  },
  'remove against rename': {
    tree: FLAT,
    actors: { A: calls(on('remove', 'p/a')), B: calls(fromTo('rename', 'p/a', 'p/b')) },
    ...trouble,
  },

  'two mkdirs': {
    tree: FLAT,
    actors: {
      A: calls(on('mkdir', 'p/n'), put('p/n/x', 'x')),
      B: calls(on('mkdir', 'p/n'), put('p/n/y', 'y')),
    },
    ...trouble,
  },
  'rmdir against put': {
    tree: { 'p/': [], 'p/d/': [] },
    actors: { A: calls(on('rmdir', 'p/d')), B: calls(put('p/d/x', 'x'), on('read', 'p/d/x')) },
    ...trouble,
  },
  'rmdir against a put that makes parents': {
    tree: { 'p/': [], 'p/d/': [] },
    actors: {
      A: calls(on('rmdir', 'p/d')),
      B: calls({ do: 'putMakingParents', path: 'p/d/x', atoms: ['x'] }),
    },
    ...trouble,
  },
  'mkdir against a recursive remove': {
    tree: { 'p/': [] },
    actors: {
      A: calls(on('mkdir', 'p/n'), on('mkdir', 'p/m')),
      B: calls(on('removeTree', 'p'), on('mkdir', 'p')),
    },
    ...trouble,
  },
  'mkdirs with a short list of operations': {
    tree: { 'p/': [] },
    actors: { A: calls(on('mkdir', 'p/n')), B: calls(put('p/x', 'x'), put('p/y', 'y')) },
    swapFaults: 1,
    limits: { window: 1 },
  },
  'two rmdirs and a mkdir': {
    tree: { 'p/': [], 'p/d/': [] },
    actors: {
      A: calls(on('rmdir', 'p/d')),
      B: calls(on('rmdir', 'p/d'), on('mkdir', 'p/d'), put('p/d/x', 'x')),
    },
    ...trouble,
  },
  'rmdir against mkdir inside': {
    tree: { 'p/': [], 'p/d/': [] },
    actors: { A: calls(on('rmdir', 'p/d')), B: calls(on('mkdir', 'p/d/n')) },
    ...trouble,
  },
  'recursive remove against put': {
    tree: DEEP,
    actors: { A: calls(on('removeTree', 'p/d')), B: calls(put('p/d/x', 'x'), on('read', 'p/d/x')) },
    ...trouble,
  },
  'recursive remove above a put': {
    tree: DEEP,
    actors: {
      A: calls(on('removeTree', 'p'), on('mkdir', 'p')),
      B: calls(put('p/d/x', 'x'), on('read', 'p/d/x')),
    },
    ...trouble,
  },

  'two movers of one directory': {
    tree: DEEP,
    actors: {
      A: calls(fromTo('moveDirectory', 'p/d', 'q/d')),
      B: calls(fromTo('moveDirectory', 'p/d', 'e')),
    },
    ...trouble,
  },
  'two directories into each other': {
    tree: NESTED,
    actors: {
      A: calls(fromTo('moveDirectory', 'd', 'e/d')),
      B: calls(fromTo('moveDirectory', 'e', 'd/e')),
    },
    ...trouble,
  },
  'two directories into each other, deeper': {
    // The successor's arriving record goes into the head of `d/s`: it does not fence `d` by the way.
    tree: { 'd/': [], 'd/s/': [], 'e/': [] },
    actors: {
      A: calls(fromTo('moveDirectory', 'd', 'e/d')),
      B: calls(fromTo('moveDirectory', 'e', 'd/s/e')),
    },
    swapFaults: 1,
  },
  'a directory into itself': {
    tree: { 'd/': [], 'd/e/': [] },
    actors: { A: calls(fromTo('moveDirectory', 'd', 'd/e/d')), B: calls(put('d/e/x', 'x')) },
    ...trouble,
  },
  'move of a directory against put': {
    tree: DEEP,
    actors: {
      A: calls(fromTo('moveDirectory', 'p/d', 'q/d')),
      B: calls(put('p/d/x', 'x'), on('read', 'q/d/f')),
    },
    ...trouble,
  },
  'move of a directory against rmdir of the target': {
    tree: DEEP,
    actors: { A: calls(fromTo('moveDirectory', 'p/d', 'q/d')), B: calls(on('rmdir', 'q')) },
    ...trouble,
  },
  'move of a directory against its rmdir': {
    tree: { 'p/': [], 'p/d/': [], 'q/': [] },
    actors: { A: calls(fromTo('moveDirectory', 'p/d', 'q/d')), B: calls(on('rmdir', 'p/d')) },
    ...trouble,
  },
  'move of a directory against its recursive remove': {
    tree: DEEP,
    actors: { A: calls(fromTo('moveDirectory', 'p/d', 'q/d')), B: calls(on('removeTree', 'p/d')) },
    ...trouble,
  },
  'move of a directory against removal of its parent': {
    tree: DEEP,
    actors: { A: calls(fromTo('moveDirectory', 'p/d', 'q/d')), B: calls(on('removeTree', 'p')) },
    ...trouble,
  },
  'move of a directory against its rename': {
    tree: DEEP,
    actors: { A: calls(fromTo('moveDirectory', 'p/d', 'q/d')), B: calls(fromTo('rename', 'p/d', 'p/e')) },
    ...trouble,
  },
  'move of a directory against mkdir of its new name': {
    tree: DEEP,
    actors: { A: calls(fromTo('moveDirectory', 'p/d', 'q/d')), B: calls(on('mkdir', 'q/d')) },
    ...trouble,
  },
  'move of a directory with unknown outcomes': {
    tree: DEEP,
    actors: { A: calls(fromTo('moveDirectory', 'p/d', 'q/d')), B: calls(on('read', 'q/d/f')) },
    ...trouble,
  },
  'move of a directory against cleaning': {
    tree: DEEP,
    actors: { A: calls(fromTo('moveDirectory', 'p/d', 'q/d')), B: clean('Dq') },
    ...trouble,
  },
  'there and back': {
    tree: DEEP,
    actors: {
      A: calls(fromTo('moveDirectory', 'p/d', 'q/d'), fromTo('moveDirectory', 'q/d', 'p/d')),
      B: calls(on('read', 'p/d/f')),
    },
    crashes: 1,
  },

  'move of a file against overwrite': {
    tree: TWO,
    actors: { A: calls(fromTo('moveFile', 'p/a', 'q/b')), B: calls(put('p/a', 'v2')) },
    ...trouble,
  },
  'move of a file against append': {
    tree: TWO,
    actors: { A: calls(fromTo('moveFile', 'p/a', 'q/b')), B: calls(append('p/a', 'x')) },
    ...trouble,
  },
  'move of a file against overwrite of the target': {
    tree: { ...TWO, 'q/b': ['w1'] },
    actors: { A: calls(fromTo('moveFile', 'p/a', 'q/b')), B: calls(put('q/b', 'w2')) },
    ...trouble,
  },
  'move of a file against healing and overwrite': {
    tree: TWO,
    actors: {
      A: calls(fromTo('moveOrCopyFile', 'p/a', 'q/b')),
      B: function* (context) {
        yield* healMarks(context, 'Dp');
        yield* calls(put('p/a', 'v2'))(context);
      },
    },
    ...trouble,
  },
  'healing with a short list of operations': {
    tree: TWO,
    actors: {
      A: calls(fromTo('moveOrCopyFile', 'p/a', 'q/b')),
      B: calls(put('q/x', 'x'), put('q/y', 'y'), put('q/z', 'z')),
    },
    crashes: 1,
    limits: { window: 2 },
  },
  'move of a file against removal of the target': {
    tree: TWO,
    actors: { A: calls(fromTo('moveFile', 'p/a', 'q/b')), B: calls(on('removeTree', 'q')) },
    ...trouble,
  },
  'move of a file against rmdir of the target': {
    tree: TWO,
    actors: { A: calls(fromTo('moveFile', 'p/a', 'q/b')), B: calls(on('rmdir', 'q')) },
    ...trouble,
  },
  'copy against overwrite': {
    tree: TWO,
    actors: { A: calls(fromTo('copy', 'p/a', 'q/b')), B: calls(put('p/a', 'v2')) },
    ticks: 1,
    ...trouble,
  },
  'copy against remove': {
    tree: TWO,
    actors: { A: calls(fromTo('copy', 'p/a', 'q/b'), on('read', 'q/b')), B: calls(on('remove', 'p/a')) },
    ...trouble,
  },

  'gc against a move of a file': {
    tree: { ...TWO, 'q/': [] },
    actors: { A: calls(fromTo('moveFile', 'q/a', 'p/b')), gc },
    ...trouble,
  },
  'gc against a move of a directory': {
    tree: { 'p/': [], 'q/': [], 'q/d/': [], 'q/d/f': ['v1'] },
    actors: { A: calls(fromTo('moveDirectory', 'q/d', 'p/d')), gc },
    ...trouble,
  },
  'gc against a move of a directory that holds an empty one': {
    tree: { 'p/': [], 'q/': [], 'q/d/': [], 'q/d/e/': [] },
    actors: { A: calls(fromTo('moveDirectory', 'q/d', 'p/d')), gc },
    ...trouble,
  },
  'gc against a copy out of a removed tree': {
    tree: { 'p/': [], 'q/': [], 'q/a': ['v1'] },
    actors: { A: calls(fromTo('copy', 'q/a', 'p/b')), B: calls(on('removeTree', 'q')), gc },
    ticks: 1,
  },
  'gc after an unfinished rmdir': {
    tree: { 'p/': [], 'p/d/': [] },
    actors: { A: calls(on('rmdir', 'p/d')), gc },
    crashes: 1,
    ticks: 3,
  },
  'gc against a copy and a remove': {
    tree: { 'p/': [], 'q/': [], 'q/a': ['v1'] },
    actors: { A: calls(fromTo('copy', 'q/a', 'p/b')), B: calls(on('remove', 'q/a')), gc },
  },
  'gc against a slow copy and a remove': {
    tree: { 'p/': [], 'q/': [], 'q/a': ['v1'] },
    actors: { A: calls(fromTo('copy', 'q/a', 'p/b')), B: calls(on('remove', 'q/a')), gc },
    ticks: 1,
    limits: { noteAge: 1, markLimit: 0, operationLimit: 0 },
  },
  'overwrite of a shared file': {
    tree: TWO,
    actors: { A: calls(fromTo('copy', 'p/a', 'q/b'), put('p/a', 'v2')), B: calls(on('read', 'q/b')) },
    ...trouble,
  },
  'gc against a put': {
    tree: FLAT,
    actors: { A: calls(put('p/a', 'v2'), append('p/a', 'x')), gc },
    ...trouble,
  },
  'gc against a suspended session': {
    tree: FLAT,
    actors: {
      A: leased('p/a', 'v2', 'w2'),
      gc: gcOf(OLD_SESSION, 'A'),
    },
    ticks: 2,
    crashes: 1,
  },
} satisfies Record<string, Case>;

export type CaseName = keyof typeof CASES;
