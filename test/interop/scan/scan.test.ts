import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestsOf, Needles } from './needles.js';
import { scan } from './scan.js';

let place: string;
beforeEach(() => {
  place = mkdtempSync(path.join(tmpdir(), 'latchkey-scan-'));
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

const secret = Buffer.from('the content of a file');
const needles = new Needles();
needles.addText('holiday-photo.jpg', 'name');
needles.addText('Ünïcode näme', 'odd name');
needles.add(secret, 'content');
needles.addDigestsOf(digestsOf(secret), 'content');

const md5 = Buffer.from(digestsOf(secret).get('md5') ?? []);
const sha256 = Buffer.from(digestsOf(secret).get('sha256') ?? []);

describe('the scan of a store', () => {
  const leaks: [string, Uint8Array][] = [
    ['a name', Buffer.from('xx holiday-photo.jpg xx')],
    ['a name in hexadecimal', Buffer.from(Buffer.from('holiday-photo.jpg').toString('hex'))],
    ['a name in base64', Buffer.from(Buffer.from('holiday-photo.jpg').toString('base64'))],
    ['a name in UTF-16', Buffer.from('Ünïcode näme', 'utf16le')],
    ['content', Buffer.concat([randomBytes(99), secret])],
    ['a raw MD5', Buffer.concat([randomBytes(7), md5, randomBytes(7)])],
    ['a raw SHA-256', sha256],
    ['a SHA-256 in hexadecimal', Buffer.from(sha256.toString('hex'))],
    ['a SHA-256 in upper case', Buffer.from(sha256.toString('hex').toUpperCase())],
    ['an MD5 in base64', Buffer.from(md5.toString('base64'))],
    ['a SHA-256 in base64url', Buffer.from(sha256.toString('base64url'))],
  ];
  it.each(leaks)('finds %s', async (_what, bytes) => {
    mkdirSync(path.join(place, 'b', '2a'), { recursive: true });
    writeFileSync(path.join(place, 'b', '2a', 'object'), bytes);
    const { objects, found } = await scan(place, needles);
    expect(objects).toBe(1);
    expect(found).not.toEqual([]);
  });

  it('finds content across the pieces in which a file is read', async () => {
    for (const before of [4 * 1024 * 1024 - 1, 4 * 1024 * 1024 - secret.length + 1, 8 * 1024 * 1024 - 5]) {
      writeFileSync(
        path.join(place, 'object'),
        Buffer.concat([Buffer.alloc(before), secret, Buffer.alloc(100)]),
      );
      const { found } = await scan(place, needles);
      expect(found).toEqual([`content in object at byte ${before}`]);
    }
  });

  it('finds a name in the name of an object', async () => {
    writeFileSync(path.join(place, 'holiday-photo.jpg'), 'nothing');
    expect((await scan(place, needles)).found).toEqual(['name in the name holiday-photo.jpg']);
  });

  it('finds nothing in random bytes', async () => {
    writeFileSync(path.join(place, 'object'), randomBytes(9_000_000));
    expect(await scan(place, needles)).toEqual({ objects: 1, bytes: 9_000_000, found: [] });
  });

  it('refuses needles that chance would find', () => {
    expect(() => needles.addText('short', 'name')).toThrow(RangeError);
  });
});
