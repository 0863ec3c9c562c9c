/** The windows of a swap in which another writer can be quicker, each opened on purpose. */
import { linkSync, mkdirSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ETag, storeKey } from '@latchkey/store';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Syncer } from '../src/durability.js';
import { encodeGeneration, generationName, generationNumber, listGenerations } from '../src/generations.js';
import { Publication } from '../src/publication.js';
import { Registers } from '../src/registers.js';
import { Root } from '../src/root.js';
import { TemporaryFiles } from '../src/temporary.js';
import { freshDirectory } from './medium.js';

const key = storeKey('h/abcdef');
const text = (value: string) => new TextEncoder().encode(value);
const syncer = new Syncer('relaxed');

/** Does something right before and right after a name is taken. */
class Interrupted extends Publication {
  before: (source: string, target: string) => void = () => {};
  after: () => void = () => {};

  override publish(source: string, target: string): boolean {
    this.before(source, target);
    const published = super.publish(source, target);
    this.after();
    return published;
  }
}

for (const links of [true, false]) {
  describe(links ? 'with links' : 'without links', () => {
    let folder: ReturnType<typeof freshDirectory>;
    let root: Root;
    let temporary: TemporaryFiles;
    let publication: Interrupted;
    let registers: Registers;
    let directory: string;
    let base: ETag;

    beforeEach(async () => {
      folder = freshDirectory();
      root = Root.open(folder.path, true);
      temporary = new TemporaryFiles(root);
      publication = new Interrupted(temporary, syncer, links);
      registers = new Registers(root, temporary, syncer, publication);
      directory = root.layout.register(key);
      base = await registers.swap(key, null, text('base'));
    });
    afterEach(() => {
      temporary.discardSpares();
      expect(readdirSync(root.layout.temporary)).toEqual([]);
      folder.remove();
    });

    /** What other processes leave that have swapped so many times from `base`. */
    function othersSwapped(times: number): void {
      for (let i = 1; i <= times; i += 1) {
        const number = Number(base) + i;
        writeFileSync(join(directory, generationName(number)), encodeGeneration(number, text(`other ${i}`)));
        rmSync(join(directory, generationName(number - 3)), { recursive: true, force: true });
      }
    }

    function value(): string {
      const state = registers.read(key);
      return state.status === 'value' ? new TextDecoder().decode(state.bytes) : state.status;
    }

    test('a number that is taken is a conflict', async () => {
      publication.before = () => othersSwapped(1);
      await expect(registers.swap(key, base, text('mine'))).rejects.toMatchObject({ code: 'conflict' });
      expect(value()).toBe('other 1');
    });

    test('a number that was taken, superseded and pruned is not won, and is given back', async () => {
      for (const others of [4, 5, 9]) {
        publication.before = () => {
          rmSync(directory, { recursive: true });
          mkdirSync(directory);
          othersSwapped(others);
        };
        await expect(registers.swap(key, base, text('mine'))).rejects.toMatchObject({ code: 'unavailable' });
        expect(value()).toBe(`other ${others}`);
        expect(listGenerations(directory)).not.toContain(Number(base) + 1);
        rmSync(directory, { recursive: true });
        publication.before = () => {};
        base = await registers.swap(key, null, text('base'));
      }
    });

    test('a swap on which others have built already was won', async () => {
      for (const others of [1, 2]) {
        publication.after = () => {
          for (let i = 1; i <= others; i += 1) {
            const number = Number(base) + 1 + i;
            writeFileSync(
              join(directory, generationName(number)),
              encodeGeneration(number, text(`built ${i}`)),
            );
            rmSync(join(directory, generationName(number - 3)), { recursive: true, force: true });
          }
        };
        const etag = await registers.swap(key, base, text('mine'));
        expect(Number(etag)).toBe(Number(base) + 1);
        expect(value()).toBe(`built ${others}`);
        publication.after = () => {};
        const state = registers.read(key);
        if (state.status === 'value') base = state.etag;
      }
    });

    test('a register deleted just before is a conflict, just after was swapped before that', async () => {
      publication.before = () => rmSync(directory, { recursive: true });
      await expect(registers.swap(key, base, text('mine'))).rejects.toMatchObject({ code: 'conflict' });
      publication.before = () => {};
      base = await registers.swap(key, null, text('base'));
      publication.after = () => registers.delete(key);
      await registers.swap(key, base, text('mine'));
      expect(value()).toBe('absent');
    });

    test('a register deleted and made anew just before is a conflict', async () => {
      publication.before = () => {
        rmSync(directory, { recursive: true });
        mkdirSync(directory);
        // Below the number that the swap takes, which is the case that needs care.
        writeFileSync(join(directory, generationName(7)), encodeGeneration(7, text('new life')));
        base = String(Number(base)) as ETag;
      };
      await expect(registers.swap(key, base, text('mine'))).rejects.toMatchObject({ code: 'conflict' });
      expect(value()).toBe('new life');
    });

    test('a name that was taken by our own repeated request is won', async () => {
      if (links) publication.before = (source, target) => linkSync(source, target);
      const etag = await registers.swap(key, base, text('mine'));
      expect(Number(etag)).toBe(Number(base) + 1);
      expect(value()).toBe('mine');
    });

    test('two older generations stay and no more', async () => {
      let etag = base;
      for (let i = 0; i < 10; i += 1) etag = await registers.swap(key, etag, text(String(i)));
      const newest = Number(etag);
      expect(listGenerations(directory)).toEqual([newest, newest - 1, newest - 2]);
    });

    test('a newest generation that lost its blocks gives way to the one before it', async () => {
      const second = await registers.swap(key, base, text('second'));
      const third = await registers.swap(key, second, text('third'));
      for (const lost of [
        () => truncateSync(file(third), 0),
        () => truncateSync(file(third), 9),
        () => writeFileSync(file(third), new Uint8Array(17)),
      ]) {
        lost();
        expect(registers.read(key)).toMatchObject({ status: 'value', etag: second, bytes: text('second') });
        expect(registers.read(key, second)).toEqual({ status: 'unchanged' });
      }
      // Whoever still knows the lost value may go on from it: nothing acknowledged is lost then.
      expect(registers.read(key, third)).toEqual({ status: 'unchanged' });
      const fourth = await registers.swap(key, second, text('fourth'));
      expect(Number(fourth)).toBe(Number(third) + 1);
      expect(value()).toBe('fourth');
    });

    test('a register of which nothing is whole is an error, neither absent nor overwritten', async () => {
      truncateSync(file(base), 3);
      expect(() => registers.read(key)).toThrow('no whole generation');
      await expect(registers.swap(key, null, text('x'))).rejects.toMatchObject({ code: 'unavailable' });
    });

    function file(etag: ETag): string {
      const path = join(directory, generationName(Number(etag)));
      const isFirst = readdirSync(directory, { withFileTypes: true }).some(
        (entry) => generationNumber(entry.name) === Number(etag) && entry.isFile(),
      );
      return isFirst ? path : join(path, 'value');
    }
  });
}
