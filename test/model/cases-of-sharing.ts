import type { Case } from './check.js';
import { calls } from './scenario.js';
import { healMarks } from './sharing.js';
import { append, fromTo, on, put, TWO, trouble } from './vocabulary.js';

/** Files that are moved and copied between directories (rule 7). */
export const SHARING = {
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
  'slow copy against remove': {
    tree: TWO,
    actors: { A: calls(fromTo('copy', 'p/a', 'q/b')), B: calls(on('remove', 'p/a')) },
    swapFaults: 1,
    ticks: 1,
    limits: { operationLimit: 0 },
  },
  'copy against remove': {
    tree: TWO,
    actors: { A: calls(fromTo('copy', 'p/a', 'q/b'), on('read', 'q/b')), B: calls(on('remove', 'p/a')) },
    ...trouble,
  },
} satisfies Record<string, Case>;
