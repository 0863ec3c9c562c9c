import { expect, test } from 'vitest';
import { isLoopback, networkOf, plainAddress } from '../src/index.js';

test.each([
  ['127.0.0.1', '127.0.0.1'],
  ['::ffff:10.1.2.3', '10.1.2.3'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8::6', '2001:db8:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  ['::1', '0:0:0:0'],
])('%s is counted under %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});

test.each([
  ['127.0.0.1', '127.0.0.1', true],
  ['127.9.8.7', '127.9.8.7', true],
  ['::ffff:127.0.0.1', '127.0.0.1', true],
  ['::FFFF:10.1.2.3', '10.1.2.3', false],
  ['::1', '::1', true],
  ['::127.0.0.1', '::127.0.0.1', false],
  ['1127.0.0.1', '1127.0.0.1', false],
])('%s is plainly %s; of this machine: %s', (address, plain, own) => {
  expect(plainAddress(address)).toBe(plain);
  expect(isLoopback(address)).toBe(own);
});
