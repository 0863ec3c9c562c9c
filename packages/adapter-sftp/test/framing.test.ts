import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_ACCEPTED_PACKET_BYTES } from '../src/codec/constants.js';
import { FramingError, PacketFramer } from '../src/codec/framing.js';

function framed(packet: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(packet.length);
  return Buffer.concat([length, packet]);
}

function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  let at = 0;
  for (let turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    chunks.push(Buffer.from(bytes.subarray(at, at + size)));
    at += size;
  }
  return chunks;
}

describe('the packet framer', () => {
  test('finds the same packets however the stream is cut', () => {
    const packet = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 40 }),
      fc.integer({ min: 3_000, max: 60_000 }).map((size) => new Uint8Array(size).fill(size & 255)),
    );
    const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 10, max: 40_000 })), {
      minLength: 1,
    });
    fc.assert(
      fc.property(fc.array(packet, { minLength: 1, maxLength: 8 }), sizes, (packets, cuts) => {
        const seen: Buffer[] = [];
        const framer = new PacketFramer((bytes, recycle) => {
          seen.push(Buffer.from(bytes));
          recycle();
        });
        for (const chunk of cut(Buffer.concat(packets.map(framed)), cuts)) framer.push(chunk);
        expect(seen.length).toBe(packets.length);
        for (const [index, bytes] of seen.entries())
          expect(bytes.equals(packets[index] ?? new Uint8Array())).toBe(true);
        expect(framer.atBoundary).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  test('does not give a buffer away again before it is recycled', () => {
    const held: { packet: Buffer; value: number; recycle: () => void }[] = [];
    const framer = new PacketFramer((packet, recycle) =>
      held.push({ packet, value: packet[0] ?? 0, recycle }),
    );
    for (let value = 1; value <= 20; value++) {
      const bytes = framed(Buffer.alloc(5_000, value));
      framer.push(bytes.subarray(0, 100));
      framer.push(bytes.subarray(100));
      if (value % 5 === 0) held.shift()?.recycle();
    }
    for (const { packet, value } of held) expect(packet.every((byte) => byte === value)).toBe(true);
  });

  test('passes a packet that lies whole in a chunk without copying it', () => {
    const chunk = framed(Buffer.from('hello'));
    let seen: Buffer | undefined;
    new PacketFramer((packet) => {
      seen = packet;
    }).push(chunk);
    expect(seen?.buffer).toBe(chunk.buffer);
  });

  test.each([0, MAX_ACCEPTED_PACKET_BYTES + 1, 0xffff_ffff])(
    'refuses a length of %d before taking memory',
    (length) => {
      const framer = new PacketFramer(() => {});
      const header = Buffer.alloc(4);
      header.writeUInt32BE(length);
      expect(() => framer.push(header)).toThrow(FramingError);
    },
  );

  test('takes the longest packet', () => {
    let length = 0;
    const framer = new PacketFramer((packet) => {
      length = packet.length;
    });
    for (const chunk of cut(framed(Buffer.alloc(MAX_ACCEPTED_PACKET_BYTES)), [32_768])) framer.push(chunk);
    expect(length).toBe(MAX_ACCEPTED_PACKET_BYTES);
  });
});
