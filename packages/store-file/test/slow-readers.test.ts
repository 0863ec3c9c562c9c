/** A reader that others overtake between opening a generation and reading it. */
import { rmSync, writeFileSync } from 'node:fs';
import { storeKey } from '@latchkey/store';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Syncer } from '../src/durability.js';
import * as generations from '../src/generations.js';
import { Publication } from '../src/publication.js';
import { Registers } from '../src/registers.js';
import { Root } from '../src/root.js';
import { TemporaryFiles } from '../src/temporary.js';
import { freshDirectory } from './medium.js';

/** Runs once, where a reader has opened the file that it is going to read. */
let opened: (() => void) | undefined;

vi.mock('../src/generations.js', async (load) => {
  const real = await load<typeof generations>();
  return {
    ...real,
    readGeneration: (directory: string, number: number) => {
      const act = opened;
      opened = undefined;
      act?.();
      // What the descriptor of a file shows that has been used again meanwhile.
      return act === undefined ? real.readGeneration(directory, number) : 'torn';
    },
  };
});

const key = storeKey('h/abcdef');
const syncer = new Syncer('relaxed');
const text = (value: string) => new TextEncoder().encode(value);
let folder: ReturnType<typeof freshDirectory>;
let temporary: TemporaryFiles;
let registers: Registers;

beforeEach(() => {
  folder = freshDirectory();
  const root = Root.open(folder.path, true);
  temporary = new TemporaryFiles(root);
  registers = new Registers(root, temporary, syncer, new Publication(temporary, syncer, true));
});
afterEach(() => {
  temporary.discardSpares();
  folder.remove();
});

test('finds the value that a young register has now, though the only one it had was used again', async () => {
  const first = await registers.swap(key, null, text('0'));
  const directory = Root.open(folder.path, true).layout.register(key);
  opened = () => {
    // Three swaps, as another process leaves them: the first generation is pruned.
    const number = Number(first);
    for (let step = 1; step <= generations.KEPT + 1; step += 1) writeGeneration(directory, number + step);
    removeGeneration(directory, number);
  };
  const state = registers.read(key);
  if (state.status !== 'value') throw new Error(state.status);
  expect(new TextDecoder().decode(state.bytes)).toBe(String(Number(first) + generations.KEPT + 1));
});

function writeGeneration(directory: string, number: number): void {
  const file = generations.encodeGeneration(number, text(String(number)));
  writeFileSync(generations.generationPath(directory, number), file);
}

function removeGeneration(directory: string, number: number): void {
  rmSync(generations.generationPath(directory, number));
}
