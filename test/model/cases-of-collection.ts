import type { Case } from './check.js';
import { calls, OLD_SESSION } from './scenario.js';
import { append, FLAT, fromTo, gc, gcOf, leased, on, put, TWO, trouble } from './vocabulary.js';

/** gc beside all of it, and sessions that sleep. */
export const COLLECTION = {
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
