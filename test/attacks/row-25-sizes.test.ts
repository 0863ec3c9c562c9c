import { isPage, padmeSize, segmentSizeOfBlob } from '@latchkey/encryption';
import { describe, expect, it } from 'vitest';
import { collect, filler, Victim } from './victim.js';

const SIZES = [1025, 5000, 65_535, 65_537, 100_001, 300_000];

/** Plaintext bytes of the segments in a vault that holds one file of this size. */
async function stored(padding: 'none' | 'padme', size: number): Promise<number> {
  const victim = await Victim.make(
    async (session) => void (await session.write(['file'], filler(size, 'x'))),
    {
      padding,
    },
  );
  const content = await victim.visit(async (session) => collect(session.read(['file'])));
  expect(content.equals(filler(size, 'x'))).toBe(true);
  return victim
    .keys('b/')
    .filter((key) => !isPage(victim.bytes(key)))
    .reduce((sum, key) => sum + segmentSizeOfBlob(victim.bytes(key).length), 0);
}

describe('attack 25: what sizes tell', () => {
  it('without padding the store learns the size, which SECURITY.md says', async () => {
    for (const size of SIZES) expect(await stored('none', size)).toBe(size);
  });

  it('with padding it learns a size that many others share, at most 12 % larger', async () => {
    for (const size of SIZES) {
      const seen = await stored('padme', size);
      expect(seen).toBe(padmeSize(size));
      expect(seen).toBeGreaterThanOrEqual(size);
      expect(seen).toBeLessThanOrEqual(size * 1.12);
    }
    // Both lie in one step of 2 KiB.
    expect(await stored('padme', 98_400)).toBe(await stored('padme', 100_300));
  });

  it('a head hides the length of names and small files within steps of 256 bytes', async () => {
    const headSizes = await Promise.all(
      ['a', 'a longer name'].map(async (name) => {
        const victim = await Victim.make(
          async (session) => void (await session.write([name], filler(20, name))),
        );
        return victim.keys('h/').map((key) => victim.bytes(key).length);
      }),
    );
    expect(headSizes[0]).toEqual(headSizes[1]);
  });
});
