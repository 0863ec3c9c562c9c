import { expect, it } from 'vitest';
import { type Case, expectSoundWalks } from './check.js';
import { calls, OLD_SESSION } from './scenario.js';
import { append, fromTo, gcOf, on, put } from './vocabulary.js';

const trouble = { crashes: 1, swapFaults: 2 };

/** Three actors: too many interleavings to see them all, so fixed seeds choose some. */
const WALKS: Record<string, Case> = {
  'three directories in a ring': {
    tree: { 'd/': [], 'd/s/': [], 'e/': [], 'e/s/': [], 'f/': [], 'f/s/': [] },
    actors: {
      A: calls(fromTo('moveDirectory', 'd', 'e/s/d')),
      B: calls(fromTo('moveDirectory', 'e', 'f/s/e')),
      C: calls(fromTo('moveDirectory', 'f', 'd/s/f')),
    },
    limits: { moveAttempts: 3 },
    ...trouble,
  },
  'a directory that moves, is filled and is removed': {
    tree: { 'p/': [], 'p/d/': [], 'q/': [] },
    actors: {
      A: calls(fromTo('moveDirectory', 'p/d', 'q/d'), fromTo('moveDirectory', 'q/d', 'p/d')),
      B: calls(put('p/d/x', 'x'), put('q/d/y', 'y')),
      C: calls(on('rmdir', 'p/d'), on('mkdir', 'p/d'), on('rmdir', 'q/d')),
    },
    limits: { moveAttempts: 3 },
    ...trouble,
  },
  'movers, mkdir and rmdir of the target': {
    tree: { 'p/': [], 'p/d/': [], 'p/d/f': ['v1'], 'q/': [] },
    actors: {
      A: calls(fromTo('moveDirectory', 'p/d', 'q/d')),
      B: calls(on('mkdir', 'q/d'), put('q/d/x', 'x')),
      C: calls(on('rmdir', 'q'), on('read', 'p/d/f')),
    },
    limits: { moveAttempts: 2 },
    ...trouble,
  },
  'one file moved, copied, appended to and overwritten': {
    tree: { 'p/': [], 'p/a': ['v1'], 'q/': [], 'r/': [] },
    actors: {
      A: calls(fromTo('moveFile', 'p/a', 'q/a'), append('q/a', 'w')),
      B: calls(fromTo('copy', 'p/a', 'r/a'), put('r/a', 'u')),
      C: calls(append('p/a', 'x'), put('p/a', 'v2'), on('read', 'q/a')),
    },
    ticks: 1,
    ...trouble,
  },
  'appends, renames and an exclusive creator': {
    tree: { 'p/': [], 'p/a': ['v1'] },
    actors: {
      A: calls(append('p/a', 'x'), append('p/a', 'y')),
      B: calls(fromTo('rename', 'p/a', 'p/b'), append('p/b', 'z')),
      C: calls({ do: 'create', path: 'p/a', atoms: ['new'] }, on('remove', 'p/b')),
    },
    ...trouble,
  },
  'gc during moves of files and directories': {
    tree: { 'p/': [], 'q/': [], 'q/d/': [], 'q/d/e/': [], 'q/d/f': ['v1'], 'q/a': ['w1'] },
    actors: {
      A: calls(fromTo('moveFile', 'q/a', 'p/a'), fromTo('moveFile', 'q/d/f', 'p/f')),
      B: calls(fromTo('moveDirectory', 'q/d', 'p/d'), fromTo('copy', 'p/a', 'q/c')),
      gc: gcOf(OLD_SESSION),
    },
    ticks: 2,
    ...trouble,
  },
  'gc during removals': {
    tree: { 'p/': [], 'q/': [], 'q/d/': [], 'q/d/f': ['v1'], 'q/a': ['w1'] },
    actors: {
      A: calls(on('removeTree', 'q'), on('mkdir', 'q'), put('q/n', 'n')),
      B: calls(fromTo('copy', 'q/d/f', 'p/f'), fromTo('copy', 'q/a', 'p/a'), on('read', 'p/f')),
      gc: gcOf(OLD_SESSION),
    },
    ticks: 2,
    ...trouble,
  },
};

it.each(Object.entries(WALKS))('no walk of three actors breaks: %s', (_name, given) => {
  const verdict = expectSoundWalks(given, 20_261_121, 1000);
  // Walks that all went the same way would prove nothing.
  expect(verdict.ends).toBeGreaterThan(50);
});
