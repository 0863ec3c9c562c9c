import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PACKET } from '../src/codec/constants.js';
import { PacketWriter } from '../src/codec/writer.js';
import { type Fixture, startFixture, until } from './support/fixture.js';
import { openSubsystem, RawClient } from './support/raw-client.js';

/** More of them, for a night, by LATCHKEY_PROPERTY_RUNS. */
const RUNS = Number(process.env.LATCHKEY_PROPERTY_RUNS ?? 40);

let fixture: Fixture;
let witness: RawClient;
let witnessHandle: Buffer;
let attacker: RawClient;

beforeAll(async () => {
  fixture = await startFixture({ limits: { channels: 100_000, withoutChannelMs: 600_000 } });
  await fixture.vault.write(['kept'], Buffer.from('untouched'));
  witness = await RawClient.open(fixture);
  witnessHandle = await witness.open('/kept', 1);
  attacker = await RawClient.open(fixture);
});
afterAll(() => fixture.close());

/** Every request of the protocol, in its right form. */
const SEEDS: readonly Buffer[] = [
  new PacketWriter(PACKET.OPEN).uint32(1).text('/x').uint32(0x1a).uint32(4).uint32(0o644).finish(),
  new PacketWriter(PACKET.CLOSE)
    .uint32(2)
    .bytes(Buffer.from([0, 0, 0, 1]))
    .finish(),
  new PacketWriter(PACKET.READ)
    .uint32(3)
    .bytes(Buffer.from([0, 0, 0, 1]))
    .uint64(0)
    .uint32(9)
    .finish(),
  new PacketWriter(PACKET.WRITE)
    .uint32(4)
    .bytes(Buffer.from([0, 0, 0, 1]))
    .uint64(0)
    .text('abc')
    .finish(),
  new PacketWriter(PACKET.SETSTAT)
    .uint32(5)
    .text('/x')
    .uint32(0xf)
    .uint64(9)
    .uint32(1)
    .uint32(1)
    .uint32(7)
    .uint32(8)
    .uint32(9)
    .finish(),
  new PacketWriter(PACKET.FSETSTAT)
    .uint32(5)
    .bytes(Buffer.from([0, 0, 0, 1]))
    .uint32(0x80000000)
    .uint32(1)
    .text('a')
    .text('b')
    .finish(),
  new PacketWriter(PACKET.OPENDIR).uint32(6).text('/').finish(),
  new PacketWriter(PACKET.READDIR)
    .uint32(7)
    .bytes(Buffer.from([0, 0, 0, 1]))
    .finish(),
  new PacketWriter(PACKET.MKDIR).uint32(8).text('/d').uint32(0).finish(),
  new PacketWriter(PACKET.REALPATH).uint32(9).text('../..').finish(),
  new PacketWriter(PACKET.RENAME).uint32(10).text('/a').text('/b').finish(),
  new PacketWriter(PACKET.SYMLINK).uint32(11).text('t').text('/l').finish(),
  new PacketWriter(PACKET.EXTENDED)
    .uint32(12)
    .text('copy-data')
    .bytes(Buffer.from([0, 0, 0, 1]))
    .uint64(0)
    .uint64(0)
    .bytes(Buffer.from([0, 0, 0, 2]))
    .uint64(0)
    .finish(),
  new PacketWriter(PACKET.EXTENDED)
    .uint32(13)
    .text('users-groups-by-id@openssh.com')
    .bytes(Buffer.alloc(7))
    .bytes(Buffer.alloc(0))
    .finish(),
  new PacketWriter(PACKET.EXTENDED).uint32(14).text('expand-path@openssh.com').text('~').finish(),
];

/** The witness is another user's session: it must go on as if nothing happened. */
async function undisturbed(): Promise<void> {
  expect(await witness.read(witnessHandle, 0, 100)).toEqual(Buffer.from('untouched'));
}

/** A new session of the attacker, on the same connection, which has to survive too. */
async function session(): Promise<RawClient> {
  const channel = await openSubsystem(attacker.ssh);
  const client = new RawClient(attacker.ssh, channel);
  await client.init();
  return client;
}

test('bytes changed anywhere in a packet’s body are answered or end that session, nothing else', async () => {
  const change = fc.record({ seed: fc.nat(), at: fc.nat(), byte: fc.nat({ max: 255 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 12 }), async (changes) => {
      const client = await session();
      for (const { seed, at, byte } of changes) {
        const packet = Buffer.from(SEEDS[seed % SEEDS.length] as Buffer);
        // The length stays right, so that every changed packet is looked at.
        packet[4 + (at % (packet.length - 4))] = byte;
        client.send(packet);
      }
      client.channel.end();
      await client.closed;
      expect([0, 1]).toContain(client.exitStatus);
      await undisturbed();
    }),
    { numRuns: RUNS },
  );
});

test('a packet cut short is a bad message, and the session goes on', async () => {
  const client = await session();
  for (const seed of SEEDS) {
    for (let length = 5; length < seed.length - 4; length++) {
      const packet = Buffer.from(seed.subarray(0, 4 + length));
      packet.writeUInt32BE(length, 0);
      client.send(packet);
      const answer = await client.next();
      expect(answer.type).toBe(PACKET.STATUS);
      expect([3, 4, 5, 8]).toContain(answer.body.uint32());
    }
  }
  client.channel.end();
  await client.closed;
  expect(client.exitStatus).toBe(0);
  await undisturbed();
});

test('bytes at random end the session with status 1 or are answered', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 2_000 }), async (bytes) => {
      const client = await session();
      client.send(bytes);
      client.channel.end();
      await client.closed;
      expect([0, 1]).toContain(client.exitStatus);
      await undisturbed();
    }),
    { numRuns: RUNS },
  );
});

test.each([0, 263_169, 0x7fff_ffff, 0xffff_ffff])(
  'a packet length of %d ends the session',
  async (length) => {
    const client = await session();
    const header = Buffer.alloc(5);
    header.writeUInt32BE(length);
    client.send(header);
    await client.closed;
    expect(client.exitStatus).toBe(1);
    await undisturbed();
  },
);

test('after all this nothing is left open but what the witness has', async () => {
  await until(() => fixture.vault.openHandles === 1, 'the handles of ended sessions to be abandoned');
  expect(fixture.log.filter(({ level }) => level === 'error')).toEqual([]);
});
