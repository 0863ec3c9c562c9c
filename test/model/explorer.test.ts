import { describe, expect, it } from 'vitest';
import type { Script } from './context.js';
import { Explorer } from './explorer.js';
import { isExplained, type Lived } from './history.js';
import type { PlainDirectory } from './plain.js';
import { worldOf } from './scenario.js';

/** An actor that adds one to a register with a blind write: reads, then swaps with whatever tag is there by then. */
const counter: Script = function* () {
  const read = yield { do: 'read', key: 'h/root' };
  if (read.is === 'value') yield { do: 'swap', key: 'h/root', tag: read.tag, value: read.value };
};

describe('the explorer', () => {
  const start = worldOf({ 'p/': [] }, []);

  it('visits every interleaving of two actors with two steps each', () => {
    // A reads, A swaps, B reads, B swaps in any order that keeps each actor's own: 6 orders. They end in four worlds:
    // tag 3 if the second reads after the first has swapped (twice), tag 2 with either of the two refused (four orders).
    const verdict = new Explorer({ start, actors: { A: counter, B: counter } }).exhaust(1000);
    expect(verdict).toEqual({ states: 14, ends: 2 });
  });

  it('gives no verdict when there is more than it may look at', () => {
    const scenario = { start, actors: { A: counter, B: counter } };
    expect(() => new Explorer(scenario).exhaust(5)).toThrow('more than 5 states');
  });

  it('reports what broke and every step that led there', () => {
    const breaker: Script = function* () {
      yield { do: 'read', key: 'm' };
      yield { do: 'delete', key: 'h/Dp' };
    };
    const { violation } = new Explorer({ start, actors: { A: breaker } }).exhaust(100);
    expect(violation?.problem).toMatch(/head of directory Dp at \/p is deleted/);
    expect(violation?.trace).toEqual(['A: read m -> value', 'A: delete h/Dp -> done']);
  });

  it('lets a waiting actor wait until time has passed', () => {
    const waiter: Script = function* () {
      yield { do: 'wait', until: start.now + 2 };
      yield { do: 'delete', key: 'h/Dp' };
    };
    const { violation } = new Explorer({ start, actors: { A: waiter } }).exhaust(100);
    expect(violation?.trace.slice(0, 3)).toEqual(['time passes', 'time passes', 'A: wait until 12 -> done']);
  });
});

describe('an explanation', () => {
  const tree = (entries: Record<string, string[]>): PlainDirectory => ({
    kind: 'directory',
    id: 'root',
    entries: Object.fromEntries(
      Object.entries(entries).map(([name, atoms]) => [name, { kind: 'file', atoms }]),
    ),
  });
  const put = (
    id: string,
    atom: string,
    before: string[] = [],
    result: string | undefined = 'ok',
  ): Lived => ({
    id,
    call: { do: 'put', path: 'a', atoms: [atom] },
    before,
    ...(result === undefined ? {} : { result }),
  });

  it('may order concurrent calls either way', () => {
    const calls = [put('A', 'x'), put('B', 'y')];
    expect(isExplained(tree({}), calls, tree({ a: ['x'] }))).toBe(true);
    expect(isExplained(tree({}), calls, tree({ a: ['y'] }))).toBe(true);
  });

  it('keeps the order of calls that did not overlap', () => {
    const calls = [put('A', 'x'), put('B', 'y', ['A'])];
    expect(isExplained(tree({}), calls, tree({ a: ['x'] }))).toBe(false);
  });

  it('needs every acknowledged call, and no call without an answer', () => {
    expect(isExplained(tree({}), [put('A', 'x')], tree({}))).toBe(false);
    const unanswered: Lived = { id: 'A', call: { do: 'put', path: 'a', atoms: ['x'] }, before: [] };
    expect(isExplained(tree({}), [unanswered], tree({}))).toBe(true);
    expect(isExplained(tree({}), [unanswered], tree({ a: ['x'] }))).toBe(true);
  });

  it('checks the answers', () => {
    const missing: Lived = { id: 'A', call: { do: 'read', path: 'a' }, before: [], result: 'not-found' };
    expect(isExplained(tree({ a: ['x'] }), [missing], tree({ a: ['x'] }))).toBe(false);
    const found: Lived = { ...missing, result: 'ok:x' };
    expect(isExplained(tree({ a: ['x'] }), [found], tree({ a: ['x'] }))).toBe(true);
  });

  it('allows no change by a call that was refused', () => {
    const calls = [put('A', 'x', [], 'conflict')];
    expect(isExplained(tree({}), calls, tree({ a: ['x'] }))).toBe(false);
  });

  it('gives an append to both appenders', () => {
    const append = (id: string, atom: string): Lived => ({
      id,
      call: { do: 'append', path: 'a', atom },
      before: [],
      result: 'ok',
    });
    const calls = [append('A', 'x'), append('B', 'y')];
    expect(isExplained(tree({ a: ['v'] }), calls, tree({ a: ['v', 'y', 'x'] }))).toBe(true);
    expect(isExplained(tree({ a: ['v'] }), calls, tree({ a: ['v', 'y'] }))).toBe(false);
  });
});
