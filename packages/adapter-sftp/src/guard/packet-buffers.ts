import { randomFillSync } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Connection } from 'ssh2';

/** Packets of a transfer: 32 KiB of data in SFTP's, the channel's and SSH's frames, padding and tag. */
const LARGE_MIN_BYTES = 16 * 1024;
const LARGE_BYTES = 34 * 1024;
/** Buffers kept for all connections together: what one of them may have in its socket. */
const KEPT = 64;
const TAG_BYTES = 16;
const PADDING_BYTES = 8 * 1024;

/** The outbound half of ssh2's AES-GCM with the native addon, which encrypts a packet where it lies. */
interface Cipher {
  allocPacket(payloadBytes: number): Buffer;
}

interface ConnectionInternals {
  readonly _protocol: { readonly _cipher: Cipher };
}

const kept: ArrayBuffer[] = [];
let random = Buffer.alloc(0);
let drawn = 0;

/**
 * Gives ssh2 the memory of large packets from a pool, and gets it back when the socket has sent it. By itself ssh2 allocates
 * each of them anew, and at hundreds of megabytes a second the garbage collector then takes a sixth of the time. Padding,
 * which hides nothing under AES-GCM but is to be unpredictable (RFC 4253, section 6), is drawn in blocks.
 */
export function poolPackets(connection: Connection, socket: Socket): void {
  const lent = new WeakSet<ArrayBufferLike>();
  const write = socket.write.bind(socket) as (data: unknown, ...rest: unknown[]) => boolean;
  const pooledWrite = (data: unknown, ...rest: unknown[]): boolean => {
    if (!(data instanceof Buffer) || !lent.has(data.buffer)) return write(data, ...rest);
    const memory = data.buffer as ArrayBuffer;
    return write(data, (error: unknown) => {
      // What a dying connection still holds is left to the garbage collector.
      if (!error && kept.length < KEPT) kept.push(memory);
    });
  };
  socket.write = pooledWrite as typeof socket.write;
  // At the first key exchange and at every later one there is a new cipher.
  connection.on('handshake', () => {
    const cipher = (connection as unknown as ConnectionInternals)._protocol._cipher;
    if (cipher.constructor.name === 'AESGCMCipherBinding')
      cipher.allocPacket = (bytes) => packet(bytes, lent);
  });
}

/** Length, padding length, room for the payload, padding, room for the tag (RFC 5647, section 7.3: blocks of 16). */
function packet(payloadBytes: number, lent: WeakSet<ArrayBufferLike>): Buffer {
  let padding = 16 - ((1 + payloadBytes) % 16);
  if (padding < 4) padding += 16;
  const bytes = 4 + 1 + payloadBytes + padding;
  const memory = allocate(bytes + TAG_BYTES, lent);
  memory.writeUInt32BE(bytes - 4, 0);
  memory[4] = padding;
  if (drawn + padding > random.length) {
    random = randomFillSync(Buffer.allocUnsafeSlow(PADDING_BYTES));
    drawn = 0;
  }
  random.copy(memory, 5 + payloadBytes, drawn, drawn + padding);
  drawn += padding;
  return memory;
}

function allocate(bytes: number, lent: WeakSet<ArrayBufferLike>): Buffer {
  if (bytes < LARGE_MIN_BYTES || bytes > LARGE_BYTES) return Buffer.allocUnsafe(bytes);
  const memory = kept.pop() ?? Buffer.allocUnsafeSlow(LARGE_BYTES).buffer;
  lent.add(memory);
  return Buffer.from(memory, 0, bytes);
}
