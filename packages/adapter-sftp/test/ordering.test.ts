import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OrderedQueue } from '../src/session/ordered-queue.js';
import { PathOrder } from '../src/session/path-order.js';

interface Gate {
  readonly promise: Promise<void>;
  readonly open: () => void;
}

function gate(): Gate {
  let open = (): void => {};
  const promise = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the queue of a handle', () => {
  test('starts tasks in order, shared ones together, exclusive ones alone', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { minLength: 1, maxLength: 20 }), async (kinds) => {
        const queue = new OrderedQueue();
        const started: number[] = [];
        let running = 0;
        let exclusiveRunning = false;
        const tasks = kinds.map((exclusive, index) =>
          queue.run(exclusive, async () => {
            started.push(index);
            expect(exclusiveRunning).toBe(false);
            if (exclusive) expect(running).toBe(0);
            running += 1;
            exclusiveRunning = exclusive;
            await turn();
            running -= 1;
            exclusiveRunning = false;
          }),
        );
        await Promise.all(tasks);
        expect(started).toEqual(kinds.map((_, index) => index));
        expect(queue.idle).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  test('hands results over in order, whichever task ends first', async () => {
    const queue = new OrderedQueue();
    const slow = gate();
    const delivered: string[] = [];
    const tasks = [
      queue.run(false, () => slow.promise).then(() => delivered.push('slow')),
      queue.run(false, async () => Promise.reject(new Error('no'))).catch(() => delivered.push('failed')),
      queue.run(false, async () => {}).then(() => delivered.push('quick')),
    ];
    await turn();
    expect(delivered).toEqual([]);
    slow.open();
    await Promise.all(tasks);
    expect(delivered).toEqual(['slow', 'failed', 'quick']);
  });

  test('goes on after a task that fails, and says when it is idle', async () => {
    let idle = 0;
    const queue = new OrderedQueue(() => {
      idle += 1;
    });
    const failing = queue.run(true, async () => {
      throw new Error('no');
    });
    const after = queue.run(true, async () => 'yes');
    await expect(failing).rejects.toThrow('no');
    await expect(after).resolves.toBe('yes');
    expect(idle).toBe(1);
  });
});

describe('the order of paths', () => {
  test.each([
    ['the same path', ['a'], true, ['a'], true, true],
    ['two reads', ['a'], false, ['a'], false, false],
    ['a read behind a change', ['a'], true, ['a'], false, true],
    ['a change behind a read', ['a'], false, ['a'], true, true],
    ['below a change', ['a'], true, ['a', 'b'], false, true],
    ['a change above a read', ['a', 'b'], false, ['a'], true, true],
    ['a read above a change', ['a', 'b'], true, ['a'], false, false],
    ['siblings', ['a', 'b'], true, ['a', 'c'], true, false],
    ['a name that only begins alike', ['ab'], true, ['a'], true, false],
  ])('%s', async (_title, first, firstExclusive, second, secondExclusive, waits) => {
    const order = new PathOrder();
    const { promise, open } = gate();
    let secondRan = false;
    const one = order.run([first], firstExclusive ? 'change' : 'look', () => promise);
    const two = order.run([second], secondExclusive ? 'change' : 'look', async () => {
      secondRan = true;
    });
    await turn();
    expect(secondRan).toBe(!waits);
    open();
    await Promise.all([one, two]);
    expect(secondRan).toBe(true);
  });

  test.each([
    ['in it', ['a', 'b'], true],
    ['beside it', ['c', 'b'], false],
  ])('a listing of a directory and a change %s', async (_title, changed, waits) => {
    const order = new PathOrder();
    const { promise, open } = gate();
    let listed = false;
    const one = order.run([changed], 'change', () => promise);
    const two = order.run([['a']], 'list', async () => {
      listed = true;
    });
    await turn();
    expect(listed).toBe(!waits);
    open();
    await Promise.all([one, two]);
    expect(listed).toBe(true);
  });

  test('a failure does not stop those that wait for it', async () => {
    const order = new PathOrder();
    const one = order.run([['a']], 'change', async () => {
      await turn();
      throw new Error('no');
    });
    const two = order.run([['a']], 'change', async () => 'yes');
    await expect(one).rejects.toThrow('no');
    await expect(two).resolves.toBe('yes');
  });
});
