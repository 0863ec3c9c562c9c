import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { chunkCount, chunkRange, trailerRange } from '@latchkey/encryption';
import { afterEach, describe, expect, it } from 'vitest';
import { SftpDoor } from './sftp-door.js';
import { filler, Victim } from './victim.js';

const CHUNK = 64 * 1024;
const SIZE = 8 * CHUNK + 1000;
const content = filler(SIZE, 'content');
const victim = await Victim.make(async (session) => {
  await session.write(['file'], content);
  await session.write(['sound'], filler(500, 'sound'));
});
const [segment] = victim.keys('b/');
const last = chunkRange(chunkCount(SIZE) - 1, SIZE);
afterEach(() => victim.heal());

const TAMPERED: [string, (blob: Uint8Array) => Uint8Array][] = [
  [
    'a bit of the last chunk is flipped',
    (blob) => {
      const copy = Uint8Array.from(blob);
      copy[last.offset + 10] = (copy[last.offset + 10] as number) ^ 1;
      return copy;
    },
  ],
  ['the last chunk is cut off', (blob) => blob.subarray(0, last.offset)],
  [
    'the last chunk is cut out, the trailer left',
    (blob) => Buffer.concat([blob.subarray(0, last.offset), blob.subarray(trailerRange(SIZE).offset)]),
  ],
  ['nothing is left', () => new Uint8Array(0)],
];

async function through<T>(work: (door: SftpDoor) => Promise<T>): Promise<T> {
  const vault = await victim.open();
  const door = await SftpDoor.open(vault.session());
  try {
    return await work(door);
  } finally {
    await door.close();
    await vault.close();
  }
}

/** What the client kept of a broken download: nothing, or true bytes and fewer of them. */
function expectOnlyAuthentic(file: string): void {
  if (!existsSync(file)) return;
  const kept = readFileSync(file);
  // The client may have set the length of the file before it had its content: what it did not get are zeros.
  const received = kept.subarray(0, kept.length - trailingZeros(kept));
  expect(content.subarray(0, received.length).equals(received)).toBe(true);
  expect(received.length).toBeLessThan(SIZE);
}

function trailingZeros(bytes: Buffer): number {
  let count = 0;
  while (count < bytes.length && bytes[bytes.length - 1 - count] === 0) count++;
  return count;
}

describe('attack 24: a tampered tail over SFTP', () => {
  it('is a transfer that works as long as nobody tampers', async () => {
    await through(async (door) => {
      expect((await door.sftp('get file')).code).toBe(0);
      expect(readFileSync(path.join(door.place, 'file')).equals(content)).toBe(true);
      expect((await door.scp('/file', 'copy')).code).toBe(0);
      expect(readFileSync(path.join(door.place, 'copy')).equals(content)).toBe(true);
    });
  });

  it.each(TAMPERED)('breaks visibly in sftp and scp when %s', async (_, tamper) => {
    await victim.plant(segment as string, tamper(victim.bytes(segment as string)));
    await through(async (door) => {
      const got = await door.sftp('get file');
      expect(got.code, got.output).not.toBe(0);
      expect(got.output).not.toBe('');
      expectOnlyAuthentic(path.join(door.place, 'file'));
      const copied = await door.scp('/file', 'copy');
      expect(copied.code, copied.output).not.toBe(0);
      expectOnlyAuthentic(path.join(door.place, 'copy'));
      // The server and other files are undisturbed.
      expect((await door.sftp('get sound')).code).toBe(0);
      expect(readFileSync(path.join(door.place, 'sound')).equals(filler(500, 'sound'))).toBe(true);
    });
  });
});
