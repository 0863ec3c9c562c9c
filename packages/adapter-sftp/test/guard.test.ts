import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { PACKET } from '../src/codec/constants.js';
import { PacketWriter } from '../src/codec/writer.js';
import { type Fixture, type FixtureOptions, startFixture, until } from './support/fixture.js';
import { connect, openSubsystem, RawClient } from './support/raw-client.js';

const fixtures: Fixture[] = [];

async function start(options: FixtureOptions = {}): Promise<Fixture> {
  const fixture = await startFixture(options);
  fixtures.push(fixture);
  return fixture;
}

afterEach(async () => {
  for (const fixture of fixtures.splice(0)) await fixture.close();
});

/** What ssh2's client sends by itself, under the hood. */
interface ProtocolInternals {
  session(channel: number, window: number, maxPacket: number): void;
  subsystem(channel: number, name: string, wantReply: boolean): void;
  channelData(channel: number, data: Buffer): void;
  channelExtData(channel: number, data: Buffer, type: number): void;
  channelWindowAdjust(channel: number, amount: number): void;
  ping(): void;
  rekey(): void;
}

function protocolOf(client: object): ProtocolInternals {
  return (client as { _protocol: ProtocolInternals })._protocol;
}

/** Resolves at the end of a connection, however it ends. */
function closing(emitter: NodeJS.EventEmitter): Promise<void> {
  return new Promise((resolve) => emitter.once('close', () => resolve()));
}

function rawSocket(fixture: Fixture): Socket {
  const socket = connectSocket(fixture.port, '127.0.0.1');
  socket.on('error', () => {});
  // A socket that nobody reads never sees its end.
  socket.resume();
  return socket;
}

async function stillServes(fixture: Fixture): Promise<void> {
  const client = await RawClient.open(fixture);
  const handle = await client.open('/alive', 0x02 | 0x08);
  expect((await client.close(handle)).code).toBe(0);
  client.end();
}

describe('what ssh2 lets through', () => {
  test.each([0, 1, 255])(
    'a channel that takes packets of %d bytes is refused (issue 1504)',
    async (bytes) => {
      const fixture = await start();
      const client = await connect(fixture);
      const refused = new Promise<Error>((resolve) => {
        const original = protocolOf(client).session.bind(protocolOf(client));
        protocolOf(client).session = (channel, window) => original(channel, window, bytes);
        client.subsys('sftp', (error) => resolve(error ?? new Error('was opened')));
      });
      expect((await refused).message).toContain('maximum packet size');
      await stillServes(fixture);
      client.end();
    },
  );

  test('data beyond the window ends the connection before it is buffered (issue 1505)', async () => {
    const fixture = await start();
    const other = await RawClient.open(fixture);
    const client = await RawClient.open(fixture);
    const closed = closing(client.ssh);
    const handle = await client.open('/f', 0x02 | 0x08);
    let release = (): void => {};
    fixture.vault.gate = new Promise((resolve) => {
      release = resolve;
    });
    const remote = (client.channel as unknown as { outgoing: { id: number } }).outgoing.id;
    const writer = new PacketWriter(PACKET.WRITE)
      .uint32(4)
      .bytes(handle)
      .uint64(0)
      .bytes(Buffer.alloc(200_000));
    const packet = writer.finish();
    let ended = false;
    void closed.then(() => {
      ended = true;
    });
    for (let sent = 0; sent < 400 && !ended; sent++) {
      for (let at = 0; at < packet.length; at += 32_000) {
        try {
          protocolOf(client.ssh).channelData(remote, packet.subarray(at, at + 32_000));
        } catch {
          ended = true;
        }
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    await closed;
    expect(fixture.log.some(({ details }) => details.reason === 'data beyond the channel window')).toBe(true);
    release();
    fixture.vault.gate = undefined;
    expect(await other.open('/other', 0x02 | 0x08)).toHaveLength(4);
    other.end();
  });

  test('a single packet over the announced packet size ends the connection', async () => {
    const fixture = await start();
    const client = await RawClient.open(fixture);
    const closed = closing(client.ssh);
    const remote = (client.channel as unknown as { outgoing: { id: number } }).outgoing.id;
    protocolOf(client.ssh).channelData(remote, Buffer.alloc(33_500));
    await closed;
    await stillServes(fixture);
  });

  test('extended data from a client ends the connection', async () => {
    const fixture = await start();
    const client = await RawClient.open(fixture);
    const closed = closing(client.ssh);
    const remote = (client.channel as unknown as { outgoing: { id: number } }).outgoing.id;
    protocolOf(client.ssh).channelExtData(remote, Buffer.from('x'), 1);
    await closed;
    await stillServes(fixture);
  });

  test('a window over 4 GiB ends the connection', async () => {
    const fixture = await start();
    const client = await RawClient.open(fixture);
    const closed = closing(client.ssh);
    const remote = (client.channel as unknown as { outgoing: { id: number } }).outgoing.id;
    protocolOf(client.ssh).channelWindowAdjust(remote, 0xffff_ffff);
    await closed;
    await stillServes(fixture);
  });

  test('a client that exchanges keys without end is cut off', async () => {
    const fixture = await start();
    const client = await connect(fixture);
    let closed = false;
    client.once('close', () => {
      closed = true;
    });
    for (let count = 0; count < 60 && !closed; count++) {
      // ssh2's client tells of every exchange by this event.
      const done = new Promise<void>((resolve) => {
        client.once('handshake', () => resolve()).once('close', () => resolve());
      });
      protocolOf(client).rekey();
      await done;
    }
    await until(() => closed, 'the connection to be closed');
    expect(fixture.log.some(({ details }) => details.reason === 'too many key exchanges')).toBe(true);
  });

  test('new keys are exchanged after the configured bytes, in the middle of a transfer', async () => {
    const fixture = await start({ limits: { rekeyBytes: 300_000 } });
    const client = await RawClient.open(fixture);
    let exchanges = 0;
    client.ssh.on('handshake', () => {
      exchanges += 1;
    });
    const handle = await client.open('/f', 0x01 | 0x02 | 0x08);
    const block = Buffer.alloc(200_000, 3);
    for (let index = 0; exchanges < 3; index++) {
      expect((await client.write(handle, (index % 50) * block.length, block)).code).toBe(0);
      expect(await client.read(handle, (index % 50) * block.length, block.length)).toEqual(block);
    }
    client.end();
  });
});

describe('connections', () => {
  test('over the limit of one address are refused, and admitted again when others have left', async () => {
    const fixture = await start({ limits: { connectionsPerAddress: 3 } });
    const held = await Promise.all([connect(fixture), connect(fixture), connect(fixture)]);
    await expect(connect(fixture)).rejects.toThrow();
    held[0]?.end();
    await once(held[0] as object as NodeJS.EventEmitter, 'close');
    let admitted = false;
    await until(() => {
      if (!admitted)
        void connect(fixture).then(
          (client) => {
            admitted = true;
            client.end();
          },
          () => {},
        );
      return admitted;
    }, 'a connection to be admitted');
    for (const client of held) client.end();
  });

  test('that say nothing, half a greeting or half a key exchange are cut, and do not keep others out', async () => {
    const fixture = await start({
      limits: { loginMs: 1_500, unauthenticated: 40, unauthenticatedPerAddress: 64 },
    });
    const slow = Array.from({ length: 30 }, () => rawSocket(fixture));
    const closed = slow.map((socket) => closing(socket));
    for (const [index, socket] of slow.entries()) {
      if (index % 3 === 1) socket.write('SSH-2.0-slo');
      if (index % 3 === 2) socket.write('SSH-2.0-slow\r\n\0\0\0\xfc', 'latin1');
    }
    await stillServes(fixture);
    await Promise.all(closed);
    expect(fixture.log.filter(({ details }) => details.reason === 'no login in time').length).toBe(30);
    await stillServes(fixture);
  });

  test('a greeting without end does not fill the memory', async () => {
    const fixture = await start({ limits: { loginMs: 50_000 } });
    const socket = rawSocket(fixture);
    const closed = closing(socket);
    const junk = Buffer.alloc(64 * 1024, 0x41);
    let done = false;
    void closed.then(() => {
      done = true;
    });
    for (let count = 0; count < 200 && !done; count++) {
      if (!socket.write(junk)) await Promise.race([once(socket, 'drain'), closed]);
    }
    await closed;
    expect(fixture.log.map(({ details }) => details.reason)).not.toContain('no login in time');
    await stillServes(fixture);
  });

  test('that send rubbish harm nobody', async () => {
    const fixture = await start();
    const witness = await RawClient.open(fixture);
    for (const bytes of [
      'GET / HTTP/1.1\r\n\r\n',
      '\0'.repeat(500),
      'SSH-1.5-old\r\n',
      `SSH-2.0-x\r\n${'z'.repeat(40_000)}`,
    ]) {
      const socket = rawSocket(fixture);
      const closed = closing(socket);
      socket.end(bytes, 'latin1');
      await closed;
    }
    expect(await witness.open('/f', 0x02 | 0x08)).toHaveLength(4);
    witness.end();
  });

  test('without any channel are closed after a while', async () => {
    const fixture = await start({ limits: { withoutChannelMs: 300 } });
    const client = await connect(fixture);
    await closing(client);
    expect(fixture.log.some(({ details }) => details.reason === 'idle for too long')).toBe(true);
  });

  test('with a channel on which nothing happens, after a longer while', async () => {
    const fixture = await start({ limits: { idleMs: 500 } });
    const client = await RawClient.open(fixture);
    await client.closed;
    expect(fixture.log.some(({ details }) => details.reason === 'idle for too long')).toBe(true);
  });

  test('have a greatest number of channels', async () => {
    const fixture = await start({ limits: { channels: 3 } });
    const client = await connect(fixture);
    const channels = await Promise.all([1, 2, 3].map(() => openSubsystem(client)));
    await expect(openSubsystem(client)).rejects.toThrow();
    const closed = once(channels[0] as NodeJS.EventEmitter, 'close');
    channels[0]?.resume();
    channels[0]?.end();
    await closed;
    await openSubsystem(client);
    client.end();
  });

  test('another subsystem, a port forwarding and agents are refused', async () => {
    const fixture = await start();
    const client = await connect(fixture);
    await expect(openSubsystem(client, 'netconf')).rejects.toThrow();
    const forward = new Promise<void>((resolve, reject) => {
      client.forwardOut('127.0.0.1', 1, '127.0.0.1', 22, (error) => (error ? reject(error) : resolve()));
    });
    await expect(forward).rejects.toThrow();
    const listen = new Promise<void>((resolve, reject) => {
      client.forwardIn('127.0.0.1', 0, (error) => (error ? reject(error) : resolve()));
    });
    await expect(listen).rejects.toThrow();
    client.end();
  });
});
