import type { Case } from './check.js';
import { calls } from './scenario.js';
import { DEEP, FLAT, on, put, trouble } from './vocabulary.js';

/** Directories that come and go under others' hands (rules 2, 5 and 8). */
export const DIRECTORIES = {
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
} satisfies Record<string, Case>;
