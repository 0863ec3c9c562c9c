import { afterAll, beforeAll, expect, test } from 'vitest';
import { OPEN_FLAG, PACKET, STATUS } from '../src/codec/constants.js';
import { type Fixture, startFixture } from './support/fixture.js';
import { RawClient, statusOfAnswer } from './support/raw-client.js';

const MIB = 1024 * 1024;

let fixture: Fixture;

beforeAll(async () => {
  fixture = await startFixture({ limits: { pendingBytes: 2 * MIB } });
});
afterAll(() => fixture.close());

/** Reads a number until it stays the same for a while. */
async function settled(read: () => number): Promise<number> {
  let last = read();
  for (let same = 0; same < 15; ) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    const now = read();
    same = now === last ? same + 1 : 0;
    last = now;
  }
  return last;
}

function gate(): () => void {
  let open = (): void => {};
  fixture.vault.gate = new Promise((resolve) => {
    open = () => {
      fixture.vault.gate = undefined;
      resolve();
    };
  });
  return open;
}

test('a vault that does not take writes stops the client, and nothing is lost when it goes on', async () => {
  const client = await RawClient.open(fixture);
  const handle = await client.open('/big', OPEN_FLAG.WRITE | OPEN_FLAG.CREAT);
  const open = gate();
  const count = 128;
  const block = Buffer.alloc(MIB / 4, 5);
  const channel = client.channel as unknown as { outgoing: { window: number } };
  for (let index = 0; index < count; index++) {
    client.post(PACKET.WRITE, (writer) =>
      writer
        .bytes(handle)
        .uint64(index * block.length)
        .bytes(block),
    );
  }
  const waiting = await settled(() => client.channel.writableLength);
  // Some of the 32 MiB has left: what may be pending, and two windows of SSH. The rest waits in the client.
  expect(channel.outgoing.window).toBe(0);
  expect(waiting).toBeGreaterThan(32 * MIB - 8 * MIB);
  open();
  for (let index = 0; index < count; index++)
    expect(statusOfAnswer(await client.next()).code).toBe(STATUS.OK);
  expect((await client.close(handle)).code).toBe(STATUS.OK);
  expect((await fixture.vault.stat(['big'])).size).toBe(32 * MIB);
  client.end();
});

test('a client that does not read its answers does not make the server read on', async () => {
  await fixture.vault.write(['source'], Buffer.alloc(MIB, 9));
  let reads = 0;
  const open = fixture.vault.open.bind(fixture.vault);
  fixture.vault.open = async (path, options) => {
    const file = await open(path, options);
    const read = file.read.bind(file);
    file.read = (offset, length) => {
      reads += 1;
      return read(offset, length);
    };
    return file;
  };
  const client = await RawClient.open(fixture);
  // Open for writing too, so that nothing is read ahead and every request is one read.
  const handle = await client.open('/source', OPEN_FLAG.READ | OPEN_FLAG.WRITE);
  client.channel.pause();
  for (let index = 0; index < 400; index++) {
    client.post(PACKET.READ, (writer) => writer.bytes(handle).uint64(0).uint32(200_000));
  }
  const done = await settled(() => reads);
  // Two MiB pending, a window of two MiB and what the client buffers; 400 would be 80 MB.
  expect(done).toBeLessThan(100);
  client.channel.resume();
  for (let index = 0; index < 400; index++) expect((await client.next()).type).toBe(PACKET.DATA);
  expect(reads).toBe(400);
  expect((await client.close(handle)).code).toBe(STATUS.OK);
  client.end();
});
