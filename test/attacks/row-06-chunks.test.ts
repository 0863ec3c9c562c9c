import {
  chunkCount,
  chunkRange,
  SEGMENT_HEADER_BYTES,
  segmentBlobSize,
  trailerRange,
} from '@latchkey/encryption';
import { VaultError, type VaultErrorCode } from '@latchkey/vault';
import { afterEach, describe, expect, it } from 'vitest';
import { expectRefused } from './refusal.js';
import { collect, filler, Victim } from './victim.js';

const CHUNK = 64 * 1024;
/** A segment without its header is not known for a segment. */
const REFUSED: readonly VaultErrorCode[] = ['damaged', 'unsupported'];
const FILES = new Map([
  // Of several chunks, read in ranges.
  ['long', filler(3 * CHUNK + 1000, 'long')],
  // Small enough to be fetched whole.
  ['short', filler(CHUNK + 500, 'short')],
  ['tiny', filler(2000, 'tiny')],
]);
const TWINS = new Map([...FILES].map(([name, bytes]) => [name, filler(bytes.length, `twin of ${name}`)]));

const victim = await Victim.make(async (session) => {
  for (const [name, bytes] of FILES) await session.write([name], bytes);
  for (const [name, bytes] of TWINS) await session.write([`twin-${name}`], bytes);
});
afterEach(() => victim.heal());

/** The two segments of a file and of its twin; which is which is found by trying. */
async function segments(name: string): Promise<{ key: string; blob: Uint8Array; twin: Uint8Array }> {
  const size = segmentBlobSize((FILES.get(name) as Buffer).length);
  const [one, two] = victim.keys('b/').filter((key) => victim.bytes(key).length === size);
  if (one === undefined || two === undefined) throw new Error(`the test expected two segments for ${name}`);
  const [first, second] = [victim.bytes(one), victim.bytes(two)];
  await victim.plant(one, new Uint8Array(0));
  const mine = await victim
    .visit(async (session) => collect(session.read([name])))
    .then(
      () => false,
      () => true,
    );
  victim.heal();
  return mine ? { key: one, blob: first, twin: second } : { key: two, blob: second, twin: first };
}

/** Chunks as they are stored, with their tags. */
function chunksOf(blob: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: chunkCount(size) }, (_, index) => {
    const { offset, length } = chunkRange(index, size);
    return blob.subarray(offset, offset + length);
  });
}

/** What an adversary can make of a segment without its key. */
function forgeries(blob: Uint8Array, twin: Uint8Array, size: number): Map<string, Uint8Array> {
  const header = blob.subarray(0, SEGMENT_HEADER_BYTES);
  const trailer = blob.subarray(trailerRange(size).offset);
  const foreignTrailer = twin.subarray(trailerRange(size).offset);
  const chunks = chunksOf(blob, size);
  const foreign = chunksOf(twin, size);
  const join = (middle: readonly Uint8Array[], tail = trailer, head = header): Uint8Array =>
    Buffer.concat([head, ...middle, tail]);
  const last = chunks.length - 1;
  const result = new Map<string, Uint8Array>([
    ['nothing', new Uint8Array(0)],
    ['the header alone', header],
    ['no header', blob.subarray(SEGMENT_HEADER_BYTES)],
    ['no trailer', blob.subarray(0, trailerRange(size).offset)],
    ['the last byte missing', blob.subarray(0, -1)],
    ['half of it', blob.subarray(0, blob.length >> 1)],
    ['no first chunk', join(chunks.slice(1))],
    ['no last chunk', join(chunks.slice(0, -1))],
    ['the first chunk twice', join([chunks[0] as Uint8Array, ...chunks])],
    ['the last chunk twice', join([...chunks, chunks[last] as Uint8Array])],
    ['the first chunk of another file', join([foreign[0] as Uint8Array, ...chunks.slice(1)])],
    ['the last chunk of another file', join([...chunks.slice(0, -1), foreign[last] as Uint8Array])],
    ['the chunks of another file', join(foreign)],
    ['chunks and trailer of another file', join(foreign, foreignTrailer)],
    ['the header of another file', join(chunks, trailer, twin.subarray(0, SEGMENT_HEADER_BYTES))],
    ['the trailer of another file', join(chunks, foreignTrailer)],
    ['another file', twin],
  ]);
  if (chunks.length > 2) {
    const [a, b, ...rest] = chunks as [Uint8Array, Uint8Array, ...Uint8Array[]];
    result.set('two chunks in the wrong order', join([b, a, ...rest]));
    result.set('one chunk in place of the next', join([a, a, ...rest]));
  }
  return result;
}

/** Bytes released before a read broke off, and whether it did. */
async function readUntilItBreaks(
  name: string,
  range?: { offset: number; length: number },
): Promise<{ released: Buffer; error: unknown }> {
  const released: Uint8Array[] = [];
  try {
    await victim.visit(async (session) => {
      for await (const bytes of session.read([name], range)) released.push(bytes);
    });
    return { released: Buffer.concat(released), error: undefined };
  } catch (error) {
    return { released: Buffer.concat(released), error };
  }
}

describe.each([...FILES])('attack 6: the chunks of a segment, %s', (name, content) => {
  it('refuses every forgery of the whole, and releases nothing that is not authentic', async () => {
    const { key, blob, twin } = await segments(name);
    for (const [what, bytes] of forgeries(blob, twin, content.length)) {
      await victim.plant(key, bytes);
      const error = await expectRefused(
        victim,
        () => victim.visit(async (session) => collect(session.read([name]))),
        REFUSED,
      );
      expect(error.message, what).toContain(key);
      const { released } = await readUntilItBreaks(name);
      expect(content.subarray(0, released.length).equals(released), what).toBe(true);
      expect(released.length, what).toBeLessThan(content.length);
      victim.heal();
    }
  });

  it('refuses ranges of it too, or gives the true bytes of chunks that were left alone', async () => {
    const { key, blob, twin } = await segments(name);
    const starts = [0, CHUNK - 5, CHUNK, 2 * CHUNK + 7, content.length - 10];
    for (const [what, bytes] of forgeries(blob, twin, content.length)) {
      await victim.plant(key, bytes);
      let refused = 0;
      for (const offset of starts.filter((at) => at >= 0 && at < content.length)) {
        const { released, error } = await readUntilItBreaks(name, { offset, length: 10 });
        if (error === undefined) {
          expect(released.equals(content.subarray(offset, offset + 10)), what).toBe(true);
          continue;
        }
        expect(error, what).toBeInstanceOf(VaultError);
        expect(REFUSED, what).toContain((error as VaultError).code);
        expect(released.length, what).toBe(0);
        refused++;
      }
      expect(refused, what).toBeGreaterThan(0);
      victim.heal();
    }
  });
});
