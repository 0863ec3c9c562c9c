import type { Case } from './check.js';
import { calls } from './scenario.js';
import { append, create, FLAT, fromTo, on, put, trouble } from './vocabulary.js';

/** Changes of files inside one directory (rules 1, 2 and 8, and readers). */
export const FILES = {
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
} satisfies Record<string, Case>;
