import { describe, expect, test } from 'vitest';
import { OPEN_FLAG, PACKET, STATUS } from '../src/codec/constants.js';
import type { PacketWriter } from '../src/codec/writer.js';
import { startFixture, until } from './support/fixture.js';
import { client, content, fixture, path } from './support/protocol.js';
import { namesOf, RawClient, statusOfAnswer } from './support/raw-client.js';

const { READ, WRITE, CREAT, TRUNC } = OPEN_FLAG;
const NEW = WRITE | CREAT | TRUNC;

describe('extensions', () => {
  const extended = (
    name: string,
    fill: (writer: PacketWriter) => void = () => {},
  ): ReturnType<RawClient['request']> =>
    client.request(PACKET.EXTENDED, (writer) => {
      writer.text(name);
      fill(writer);
    });

  test('limits', async () => {
    const { type, body } = await extended('limits@openssh.com');
    expect(type).toBe(PACKET.EXTENDED_REPLY);
    expect([body.uint64(), body.uint64(), body.uint64(), body.uint64()]).toEqual([
      262_144, 261_120, 261_120, 2_048,
    ]);
  });

  test('statvfs, and its failure when the store cannot tell', async () => {
    const { body } = await extended('statvfs@openssh.com', path('/'));
    const numbers = Array.from({ length: 11 }, () => body.uint64());
    expect(numbers.slice(0, 5)).toEqual([4096, 4096, 256_000, 102_400, 102_400]);
    expect(numbers[10]).toBe(1024);
    const space = fixture.vault.space_;
    fixture.vault.space_ = {};
    expect(statusOfAnswer(await extended('statvfs@openssh.com', path('/'))).code).toBe(STATUS.OP_UNSUPPORTED);
    fixture.vault.space_ = space;
  });

  test('hardlink copies', async () => {
    await fixture.vault.write(['a'], Buffer.from('A'));
    const answer = await extended('hardlink@openssh.com', (writer) => writer.text('/a').text('/b'));
    expect(statusOfAnswer(answer).code).toBe(STATUS.OK);
    expect(await content('b')).toBe('A');
    expect(statusOfAnswer(await extended('hardlink@openssh.com', (w) => w.text('/a').text('/b'))).code).toBe(
      STATUS.FAILURE,
    );
  });

  test('copy-data copies a range and to the end', async () => {
    await fixture.vault.write(['a'], Buffer.from('0123456789'));
    const source = await client.open('/a', READ);
    const target = await client.open('/b', NEW);
    const copy = (from: number, length: number, to: number): ReturnType<RawClient['request']> =>
      extended('copy-data', (w) => w.bytes(source).uint64(from).uint64(length).bytes(target).uint64(to));
    expect(statusOfAnswer(await copy(2, 3, 0)).code).toBe(STATUS.OK);
    expect(statusOfAnswer(await copy(8, 0, 3)).code).toBe(STATUS.OK);
    await client.close(target);
    expect(await content('b')).toBe('23489');
    const within = await extended('copy-data', (w) =>
      w.bytes(source).uint64(0).uint64(0).bytes(source).uint64(0),
    );
    expect(statusOfAnswer(within).code).not.toBe(STATUS.OK);
  });

  test('expand-path, home-directory, lsetstat, users-groups-by-id', async () => {
    expect(namesOf((await extended('expand-path@openssh.com', path('~/x/../y'))).body)).toEqual(['/y']);
    expect(statusOfAnswer(await extended('expand-path@openssh.com', path('~root/x'))).code).toBe(
      STATUS.FAILURE,
    );
    expect(namesOf((await extended('home-directory', path('ada'))).body)).toEqual(['/']);
    await fixture.vault.symlink('nowhere', ['l']);
    await extended('lsetstat@openssh.com', (w) => w.text('/l').uint32(8).uint32(1).uint32(2));
    expect((await fixture.vault.stat(['l'])).modified.seconds).toBe(2);
    const ids = Buffer.from([0, 0, 3, 232, 0, 0, 0, 0]);
    const { body } = await extended('users-groups-by-id@openssh.com', (writer) =>
      writer.bytes(ids).bytes(ids),
    );
    expect(body.bytes().toString('latin1')).toBe('\0\0\0\x05owner\0\0\0\0');
    expect(body.bytes().toString('latin1')).toBe('\0\0\0\x05owner\0\0\0\0');
  });

  test('an unknown extension and an unknown request are unsupported', async () => {
    expect(statusOfAnswer(await extended('no-such@example.com')).code).toBe(STATUS.OP_UNSUPPORTED);
    expect((await client.status(99, () => {})).code).toBe(STATUS.OP_UNSUPPORTED);
  });
});

describe('names', () => {
  test('bytes that are not UTF-8 are refused, and nothing is made', async () => {
    const answer = await client.request(PACKET.MKDIR, (w) =>
      w.bytes(Buffer.from([0x2f, 0xff, 0xfe])).uint32(0),
    );
    expect(statusOfAnswer(answer)).toEqual({
      code: STATUS.BAD_MESSAGE,
      message: 'the name is not valid UTF-8',
    });
    expect((await fixture.vault.list([])).entries).toEqual([]);
  });

  test('any other name comes back as it was', async () => {
    for (const name of ['ünï', '🗝️', 'a\nb', 'it\'s "x"', ' ', '\\', 'x'.repeat(255)]) {
      await client.close(await client.open(`/${name}`, NEW));
      expect((await fixture.vault.stat([name])).name).toBe(name);
      await client.status(PACKET.REMOVE, path(`/${name}`));
    }
  });
});

describe('handles', () => {
  test('there is a greatest number of them, and what is open stays usable', async () => {
    const limited = await startFixture({ limits: { handles: 1_000 } });
    const other = await RawClient.open(limited);
    await limited.vault.write(['f'], Buffer.from('content'));
    for (let count = 0; count < 3_000; count++)
      other.post(PACKET.OPEN, (w) => w.text('/f').uint32(READ).uint32(0));
    const handles: Buffer[] = [];
    let refused = 0;
    for (let count = 0; count < 3_000; count++) {
      const answer = await other.next();
      if (answer.type === PACKET.HANDLE) handles.push(answer.body.bytes());
      else if (statusOfAnswer(answer).message.includes('too many open handles')) refused += 1;
    }
    expect([handles.length, refused]).toEqual([1_000, 2_000]);
    expect(new Set(handles.map((handle) => handle.toString('hex'))).size).toBe(1_000);
    expect(await other.read(handles[999] as Buffer, 0, 7)).toEqual(Buffer.from('content'));
    await other.close(handles[0] as Buffer);
    expect(await other.open('/f', READ)).toHaveLength(4);
    other.destroy();
    await until(() => limited.vault.openHandles === 0, 'every handle to be abandoned');
    await limited.close();
  });

  test('a dropped connection abandons what was open and publishes nothing', async () => {
    await fixture.vault.write(['a'], Buffer.from('old'));
    const handle = await client.open('/a', WRITE);
    await client.write(handle, 0, Buffer.from('new'));
    client.destroy();
    await until(() => fixture.vault.openHandles === 0, 'the handle to be abandoned');
    expect(await content('a')).toBe('old');
    expect(fixture.vault.abandoned).toContain('a');
  });

  test('so does an end of input without CLOSE', async () => {
    const handle = await client.open('/left', NEW);
    await client.write(handle, 0, Buffer.from('new'));
    client.channel.end();
    await client.closed;
    await until(() => fixture.vault.openHandles === 0, 'the handle to be abandoned');
    expect(await content('left')).toBe('');
  });
});
