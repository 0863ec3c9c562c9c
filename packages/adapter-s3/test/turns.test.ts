import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { bytes, content, type Fixture, startFixture } from './support/fixture.js';
import { type Answer, send, signed, type Wire } from './support/signing.js';

const DATA = bytes(1024 * 1024);
const SMALL = bytes(1000);

let fixture: Fixture;
afterEach(() => fixture.close());

async function start(turnMs: number, idleMs: number, slowMs = 60_000): Promise<void> {
  fixture = await startFixture({ limits: { largeBodies: 1, turnMs, idleMs, slowMs } });
  await fixture.session.mkdir(['b']);
}

function wire(key: string, data: Uint8Array): Promise<Wire> {
  const headers = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', 'content-length': String(data.length) };
  return signed(fixture.port, { method: 'PUT', path: `/b/${key}`, headers });
}

async function put(key: string, data: Uint8Array): Promise<Answer> {
  return send(fixture.port, await wire(key, data), data);
}

/** An upload that has begun and that the server is reading. */
async function begin(key: string): Promise<Socket> {
  const { method, target, headers } = await wire(key, DATA);
  const lines = [...headers, ['Expect', '100-continue'] as const].map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  const socket = connect(fixture.port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(`${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`);
  await new Promise<void>((resolve) => {
    socket.once('data', () => resolve());
  });
  socket.write(DATA.subarray(0, 1000));
  return socket;
}

describe('large bodies', () => {
  it('wait for one another, small ones do not, and waiting is not idling', async () => {
    await start(60_000, 1000);
    const first = await begin('first');
    let waiting = 2;
    const others = ['second', 'third'].map(async (key) => {
      const answer = await put(key, DATA);
      waiting -= 1;
      return answer.status;
    });
    for (let turn = 0; turn < 15; turn++) {
      expect((await put('small', SMALL)).status).toBe(200);
      // The client goes on, slowly: its connection would be cut otherwise.
      first.write(DATA.subarray(1000 + turn, 1001 + turn));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(waiting).toBe(2);
    first.write(DATA.subarray(1015));
    expect(await Promise.all(others)).toEqual([200, 200]);
    for (const key of ['first', 'second', 'third'])
      expect((await content(fixture.session, 'b', key)).equals(DATA)).toBe(true);
    first.destroy();
  });

  it('are told to come again when their turn does not come', async () => {
    await start(100, 60_000);
    const first = await begin('first');
    const answer = await put('second', DATA);
    expect([answer.status, answer.code]).toEqual([503, 'SlowDown']);
    first.destroy();
  });

  it('get the turn of a client that has gone', async () => {
    await start(60_000, 60_000);
    const first = await begin('first');
    const second = put('second', DATA);
    first.destroy();
    expect((await second).status).toBe(200);
    expect((await put('third', DATA)).status).toBe(200);
  });

  it('do not wait for clients that send next to nothing, and these go on', async () => {
    await start(60_000, 60_000, 300);
    const slow = [await begin('slow')];
    expect((await put('second', DATA)).status).toBe(200);
    slow.push(await begin('slower'));
    expect((await put('third', DATA)).status).toBe(200);
    for (const socket of slow) {
      const answered = new Promise<string>((resolve) => {
        socket.once('data', (text) => resolve(text.toString()));
      });
      socket.write(DATA.subarray(1000));
      expect(await answered).toMatch(/^HTTP\/1\.1 200 /);
      socket.destroy();
    }
    for (const key of ['slow', 'slower', 'second', 'third'])
      expect((await content(fixture.session, 'b', key)).equals(DATA)).toBe(true);
  });
});
