import { beforeEach, describe, expect, test } from 'vitest';
import { OPEN_FLAG, PACKET, STATUS } from '../src/codec/constants.js';
import type { PacketWriter } from '../src/codec/writer.js';
import { attributes, client, content, fixture, path } from './support/protocol.js';
import { attributesOf, RawClient, statusOfAnswer } from './support/raw-client.js';

// Programs that make folders of the vault, as sshfs does, look at files by their paths while they write them.

const { READ, WRITE, CREAT, EXCL } = OPEN_FLAG;
const NEW = WRITE | CREAT | EXCL;
const MODIFIED = 0x08;

let other: RawClient;
beforeEach(async () => {
  other?.end();
  other = await RawClient.open(fixture);
});

const modified =
  (name: string, seconds: number) =>
  (writer: PacketWriter): void => {
    writer.text(name).uint32(MODIFIED).uint32(seconds).uint32(seconds);
  };

const rename = (from: string, to: string): Promise<number> =>
  client
    .request(PACKET.EXTENDED, (writer) => writer.text('posix-rename@openssh.com').text(from).text(to))
    .then((answer) => statusOfAnswer(answer).code);

async function written(name: string, text: string): Promise<Buffer> {
  const handle = await client.open(name, NEW);
  await client.write(handle, 0, Buffer.from(text));
  return handle;
}

/** The size that a listing of the root shows. */
async function listed(wanted: string): Promise<number | undefined> {
  const directory = await client.opendir('/');
  const { body } = await client.request(PACKET.READDIR, (writer) => writer.bytes(directory));
  for (let count = body.uint32(); count > 0; count -= 1) {
    const name = body.bytes().toString();
    body.bytes();
    const { size } = attributesOf(body);
    if (name === wanted) return size;
  }
  return undefined;
}

describe('a file that the session is writing', () => {
  test('has the size of what was written, for this session alone', async () => {
    const handle = await written('/a', 'hello');
    expect((await attributes(PACKET.LSTAT, '/a')).size).toBe(5);
    expect((await attributes(PACKET.STAT, '/a')).size).toBe(5);
    expect(await listed('a')).toBe(5);
    const seen = await other.request(PACKET.LSTAT, path('/a'));
    expect(attributesOf(seen.body).size).toBe(0);
    expect(await content('a')).toBe('');
    await client.close(handle);
    expect(await content('a')).toBe('hello');
  });

  test('keeps the time that was set by its path', async () => {
    const handle = await written('/timed', 'hello');
    const answer = await client.request(PACKET.SETSTAT, modified('/timed', 1_234_567_890));
    expect(statusOfAnswer(answer).code).toBe(STATUS.OK);
    expect((await attributes(PACKET.LSTAT, '/timed')).modified).toBe(1_234_567_890);
    await client.close(handle);
    expect((await attributes(PACKET.LSTAT, '/timed')).modified).toBe(1_234_567_890);
    expect(await content('timed')).toBe('hello');
  });

  test('is cut by its path', async () => {
    const handle = await written('/cut', 'hello');
    const size = await client.request(PACKET.SETSTAT, (writer) => writer.text('/cut').uint32(1).uint64(2));
    expect(statusOfAnswer(size).code).toBe(STATUS.OK);
    await client.close(handle);
    expect(await content('cut')).toBe('he');
  });

  test('is read as it is written, and as it was published afterwards', async () => {
    const handle = await written('/read', 'hello');
    const reading = await client.open('/read', READ);
    expect(await client.read(reading, 0, 100)).toEqual(Buffer.from('hello'));
    await client.write(handle, 5, Buffer.from(' you'));
    expect(await client.read(reading, 0, 100)).toEqual(Buffer.from('hello you'));
    await client.close(handle);
    expect(await client.read(reading, 6, 100)).toEqual(Buffer.from('you'));
    expect((await client.close(reading)).code).toBe(STATUS.OK);
    expect(await content('read')).toBe('hello you');
  });

  test('takes what was written along to its new name, and what is written after that', async () => {
    const handle = await written('/before', 'hello');
    expect(await rename('/before', '/after')).toBe(STATUS.OK);
    expect(await content('after')).toBe('hello');
    await client.write(handle, 5, Buffer.from(' again'));
    expect((await attributes(PACKET.LSTAT, '/after')).size).toBe(11);
    expect(statusOfAnswer(await client.request(PACKET.LSTAT, path('/before'))).code).toBe(
      STATUS.NO_SUCH_FILE,
    );
    expect((await client.close(handle)).code).toBe(STATUS.OK);
    expect(await content('after')).toBe('hello again');
    await expect(content('before')).rejects.toThrow();
  });

  test('is not shown any more once it is removed', async () => {
    const handle = await written('/removed', 'hello');
    expect(statusOfAnswer(await client.request(PACKET.REMOVE, path('/removed'))).code).toBe(STATUS.OK);
    expect(statusOfAnswer(await client.request(PACKET.LSTAT, path('/removed'))).code).toBe(
      STATUS.NO_SUCH_FILE,
    );
    await client.close(handle);
  });

  test('a link to it stays a link', async () => {
    await fixture.vault.symlink('target', ['link']);
    await fixture.vault.write(['target'], Buffer.from('old'));
    const handle = await client.open('/link', WRITE);
    await client.write(handle, 0, Buffer.from('longer'));
    expect((await attributes(PACKET.LSTAT, '/link')).permissions).toBe(0o120777);
    expect((await attributes(PACKET.STAT, '/link')).size).toBe(6);
    await client.close(handle);
  });
});

test('a listing shows what a CLOSE before it has published', async () => {
  const handle = await written('/closed', 'hello');
  const closing = client.close(handle);
  expect(await listed('closed')).toBe(5);
  expect((await closing).code).toBe(STATUS.OK);
});
