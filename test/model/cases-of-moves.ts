import type { Case } from './check.js';
import { takeTurnAndDie } from './moves.js';
import { calls } from './scenario.js';
import { clean, DEEP, fromTo, NESTED, on, put, trouble } from './vocabulary.js';

/** Directories that change parents (rules 4 and 6). */
export const MOVES = {
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
  'two directories into each other, while a third mover dies': {
    tree: { 'd/': [], 'd/s/': [], 'e/': [], 'x/': [] },
    actors: {
      A: calls(fromTo('moveDirectory', 'd', 'e/d')),
      B: (context) => takeTurnAndDie(context, 'Dx'),
      C: calls(fromTo('moveDirectory', 'e', 'd/s/e')),
    },
  },
  'two directories to one name': {
    tree: { 'd/': [], 'e/': [], 'q/': [] },
    actors: {
      A: calls(fromTo('moveDirectory', 'd', 'q/n')),
      B: calls(fromTo('moveDirectory', 'e', 'q/n')),
    },
    ...trouble,
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
} satisfies Record<string, Case>;
