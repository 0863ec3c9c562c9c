import { expect, test } from 'vitest';
import { LoginDelays } from '../src/index.js';

test('logins wait longer with every failure of their address, up to a bound, and not those of others', () => {
  let now = 0;
  const delays = new LoginDelays(100, 1_000, () => now);
  expect(Array.from({ length: 7 }, () => delays.begin('a'))).toEqual([0, 100, 200, 400, 800, 1_000, 1_000]);
  expect(delays.begin('b')).toBe(0);
  delays.succeeded('b');
  expect(delays.begin('b')).toBe(0);
  delays.succeeded('a');
  expect(delays.begin('a')).toBe(1_000);
  now += 16 * 60_000;
  expect(delays.begin('a')).toBe(0);
});

test('login delays remember a bounded number of addresses', () => {
  const delays = new LoginDelays(100, 1_000);
  for (let count = 0; count < 10_001; count++) delays.begin(`10.${count}`);
  expect(delays.begin('10.0')).toBe(0);
  expect(delays.begin('10.10000')).toBe(100);
});

test('an address that fails too often is banned until it has been quiet, and no other one', () => {
  let now = 0;
  const delays = new LoginDelays(1, 2, () => now, 3);
  for (let count = 0; count < 3; count++) {
    expect(delays.banned('2001:db8::1')).toBe(false);
    delays.begin('2001:db8::1');
  }
  expect(delays.banned('2001:db8:0:0:9::9')).toBe(true);
  expect(delays.banned('2001:db8:0:1::1')).toBe(false);
  now += 16 * 60_000;
  expect(delays.banned('2001:db8::1')).toBe(false);
});
