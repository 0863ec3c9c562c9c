import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { OffloadedDigests, type WorkerDigest } from '../src/body/digest-worker.js';
import { BodyDigester, type DigestName } from '../src/body/digester.js';
import { bytes } from './support/fixture.js';

const NAMES: readonly WorkerDigest[] = ['md5', 'sha1', 'sha256'];

function start(): OffloadedDigests {
  const started = OffloadedDigests.start(NAMES, 2);
  if (started === undefined) throw new Error('no worker was started');
  return started;
}

function expected(data: Uint8Array): Map<WorkerDigest, Buffer> {
  return new Map(NAMES.map((name) => [name, createHash(name).update(data).digest()]));
}

describe('digests beside the event loop', () => {
  it.each([0, 1, 256 * 1024, 256 * 1024 + 1, 5_000_000])('are those of %i bytes', async (length) => {
    const data = bytes(length, 7);
    for (const step of [1000, 65_536, 3_000_000]) {
      const digests = start();
      for (let at = 0; at < length; at += step) {
        // What was handed over may be overwritten.
        const piece = Buffer.from(data.subarray(at, at + step));
        await digests.update(piece);
        piece.fill(0);
      }
      expect(await digests.finish()).toEqual(expected(data));
      digests.abandon();
    }
  });

  it('of several bodies at once do not mix, also when others are abandoned', async () => {
    const bodies = Array.from({ length: 12 }, (_, index) => ({ data: bytes(700_000, index), index }));
    const found = await Promise.all(
      bodies.map(async ({ data, index }) => {
        const digests = start();
        await digests.update(data);
        if (index % 3 !== 0) return digests.finish();
        digests.abandon();
        return undefined;
      }),
    );
    expect(found).toEqual(bodies.map(({ data, index }) => (index % 3 === 0 ? undefined : expected(data))));
  });

  it('wait for the worker rather than hold what it has not read', async () => {
    const digests = start();
    const data = bytes(16 * 1024 * 1024);
    const copied = digests.update(data);
    const first = await Promise.race([copied.then(() => 'all'), Promise.resolve('waiting')]);
    expect(first).toBe('waiting');
    await copied;
    expect(await digests.finish()).toEqual(expected(data));
  });

  it('fail with the worker, and the next body has another one', async () => {
    const wrong = OffloadedDigests.start(['no such digest' as WorkerDigest], 1);
    await expect(wrong?.finish()).rejects.toThrow('a worker for digests has ended');
    wrong?.abandon();
    const digests = start();
    await digests.update(bytes(10));
    expect(await digests.finish()).toEqual(expected(bytes(10)));
  });

  it('are computed here where there is no worker, and CRCs always are', async () => {
    expect(OffloadedDigests.start(NAMES, 0)).toBeUndefined();
    const data = bytes(2_000_000);
    const names: DigestName[] = ['md5', 'crc32', 'sha256'];
    const found = await Promise.all(
      [0, data.length].map(async (size) => {
        const digester = await BodyDigester.start(names, size);
        await digester.update(data);
        const digests = await digester.finish();
        digester.abandon();
        return names.map((name) => digests.get(name)?.toString('hex'));
      }),
    );
    expect(found[0]).toEqual(found[1]);
    expect(found[0]?.[0]).toBe(expected(data).get('md5')?.toString('hex'));
    expect(found[0]?.every((text) => text !== undefined)).toBe(true);
  });
});
