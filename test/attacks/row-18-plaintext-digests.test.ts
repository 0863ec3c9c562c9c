import { describe, expect, it } from 'vitest';
import { digestsOf, Needles } from '../interop/scan/needles.js';
import { filler, Victim } from './victim.js';

const NAMES = ['holiday-photographs', 'tax-return-2031.pdf', 'Ünïcode näme', 'linked-to-nothing'];
const SIZES = [12, 900, 5000, 200_000];

const needles = new Needles();
const victim = await Victim.make(async (session) => {
  await session.mkdir(['a-private-folder']);
  for (const [index, size] of SIZES.entries()) {
    const name = NAMES[index] as string;
    const path = ['a-private-folder', name];
    const content = filler(size, name);
    const metadata = new Map([['a-metadata-key', 'a-metadata-value']]);
    await session.write(path, content, { attributes: { metadata } });
    for (const algorithm of ['md5', 'sha1', 'sha256', 'crc32'] as const)
      await session.digest(path, algorithm);
    await session.copy(path, ['a-private-folder', `${name} copied`]);
    needles.addDigestsOf(digestsOf(content), name);
    needles.addText(name, 'a name');
    needles.add(content.subarray(0, 12), 'the beginning of a file');
    needles.add(content.subarray(-12), 'the end of a file');
  }
  await session.symlink('/a/secret/target', ['a-private-folder', 'link']);
});
for (const text of ['a-private-folder', '/a/secret/target', 'a-metadata-key', 'a-metadata-value']) {
  needles.addText(text, text);
}

describe('attack 18: the store shows no digest of plaintext', () => {
  it('nor a name, a target, metadata or content, in any object or key', () => {
    expect(needles.count).toBeGreaterThan(50);
    const found = victim.keys().flatMap((key) => {
      const inObject = needles.findIn(victim.bytes(key));
      return [...inObject, ...needles.findIn(Buffer.from(key))].map(({ label }) => `${key}: ${label}`);
    });
    expect(found).toEqual([]);
  });

  it('although equal contents are stored twice: they differ in every object', async () => {
    const twice = await Victim.make(async (session) => {
      await session.write(['one'], filler(5000, 'equal'));
      await session.write(['two'], filler(5000, 'equal'));
    });
    const [one, two] = twice.keys('b/').map((key) => Buffer.from(twice.bytes(key)).toString('hex'));
    const stretches = (text = ''): Set<string> => new Set(text.slice(32).match(/.{64}/g));
    const common = [...stretches(one)].filter((stretch) => stretches(two).has(stretch));
    expect(common).toEqual([]);
  });

  it('and the search finds a digest where there is one', async () => {
    const planted = digestsOf(filler(5000, NAMES[2] as string)).get('sha256') as Uint8Array;
    const hex = Buffer.from(planted).toString('hex');
    expect(needles.findIn(Buffer.from(`etag: "${hex}"`)).length).toBe(1);
  });
});
