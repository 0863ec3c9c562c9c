import { randomBytes } from 'node:crypto';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { DATA_SOCKET } from '../src/data/passive-ports.js';
import { BufferedConnection } from '../src/data/read-buffers.js';

const open: { destroy(): void }[] = [];

afterEach(() => {
  for (const one of open.splice(0)) one.destroy();
});

/** Both ends of a connection: the client's and the server's, of which nothing has been read. */
async function connection(): Promise<{ client: Socket; accepted: Socket }> {
  const server = createServer({ pauseOnConnect: true, ...DATA_SOCKET });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const arrived = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const client = connect(address.port, '127.0.0.1');
  const accepted = await arrived;
  server.close();
  open.push(client, accepted);
  return { client, accepted };
}

function takenOver(accepted: Socket): BufferedConnection {
  const buffered = BufferedConnection.takeOver(accepted);
  if (buffered === undefined) throw new Error('not taken over');
  open.push(buffered.socket);
  return buffered;
}

const later = () => new Promise<void>((resolve) => setTimeout(resolve, 1));

describe('a connection that is read into few buffers', () => {
  test('brings everything in order, however slowly it is taken', async () => {
    const { client, accepted } = await connection();
    const sent = randomBytes(5_000_003);
    const buffered = takenOver(accepted);
    const parts: Buffer[] = [];
    const memories = new Set<ArrayBufferLike>();
    let under = 0;
    let most = 0;
    buffered.read(async (bytes) => {
      memories.add(bytes.buffer);
      most = Math.max(most, ++under);
      await later();
      // What it held must not have been overwritten until now.
      parts.push(Buffer.from(bytes));
      under -= 1;
    });
    const ended = new Promise<void>((resolve) => buffered.socket.once('end', resolve));
    buffered.socket.resume();
    client.end(sent);
    await ended;
    while (under > 0) await later();
    expect(Buffer.concat(parts).equals(sent)).toBe(true);
    expect(memories.size).toBeLessThanOrEqual(4);
    expect(most).toBeLessThanOrEqual(4);
  });

  test('stays whole when somebody resumes the socket while no buffer is left', async () => {
    const { client, accepted } = await connection();
    const sent = randomBytes(1_500_000);
    const buffered = takenOver(accepted);
    const held: { bytes: Buffer; let: () => void }[] = [];
    buffered.read((bytes) => new Promise((resolve) => held.push({ bytes, let: resolve })));
    const ended = new Promise<void>((resolve) => buffered.socket.once('end', resolve));
    buffered.socket.resume();
    client.end(sent);
    const nudge = setInterval(() => buffered.socket.resume(), 1);
    await ended;
    clearInterval(nudge);
    expect(Buffer.concat(held.map(({ bytes }) => bytes)).equals(sent)).toBe(true);
    for (const one of held) one.let();
  });

  test('sends, and ends both ways', async () => {
    const { client, accepted } = await connection();
    const buffered = takenOver(accepted);
    buffered.read(async () => {});
    const got: Buffer[] = [];
    client.on('data', (bytes) => got.push(bytes));
    const closed = Promise.all(
      [client, buffered.socket].map((one) => new Promise((resolve) => one.once('close', resolve))),
    );
    buffered.socket.resume();
    client.end('in');
    buffered.socket.end('out');
    await closed;
    expect(Buffer.concat(got).toString()).toBe('out');
  });

  test('reports a connection that breaks as closed', async () => {
    const { client, accepted } = await connection();
    const buffered = takenOver(accepted);
    buffered.read(async () => {});
    const closed = new Promise((resolve) => buffered.socket.once('close', resolve));
    buffered.socket.resume();
    client.resetAndDestroy();
    await closed;
    expect(buffered.socket.destroyed).toBe(true);
  });

  test('leaves alone a socket that has been read or is gone', async () => {
    const { client, accepted } = await connection();
    const readable = new Promise((resolve) => accepted.once('readable', resolve));
    client.write('something');
    await readable;
    expect(BufferedConnection.takeOver(accepted)).toBeUndefined();
    expect(accepted.read()?.toString()).toBe('something');
    accepted.destroy();
    expect(BufferedConnection.takeOver(accepted)).toBeUndefined();
  });
});
