import { expect, test } from 'vitest';
import { Slots } from '../src/index.js';

test('slots run so many tasks at once, queue some and refuse the rest', async () => {
  const slots = new Slots(2, 1);
  let running = 0;
  let most = 0;
  let release = (): void => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const task = async (): Promise<string> => {
    running += 1;
    most = Math.max(most, running);
    await gate;
    running -= 1;
    return 'done';
  };
  const results = [1, 2, 3, 4].map(() => slots.run(task));
  expect(await results[3]).toBeUndefined();
  release();
  expect(await Promise.all(results.slice(0, 3))).toEqual(['done', 'done', 'done']);
  expect(most).toBe(2);
  await expect(slots.run(async () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await slots.run(async () => 'free again')).toBe('free again');
});
