import { isPage } from '@latchkey/encryption';
import { afterEach, describe, expect, it } from 'vitest';
import {
  directoryAt,
  fieldsOf,
  headKey,
  ownerOf,
  pagesOf,
  readHead,
  recordIn,
  stranger,
  withRecords,
  writeHead,
} from './insider.js';
import { expectRefused } from './refusal.js';
import { collect, filler, Victim, wholeTree } from './victim.js';

const PAGED = 700;
const victim = await Victim.make(async (session) => {
  for (const directory of ['left', 'right']) {
    await session.mkdir([directory]);
    await session.write([directory, 'one'], filler(5000, `${directory} one`));
    await session.write([directory, 'two'], filler(5000, `${directory} two`));
  }
  await session.mkdir(['paged']);
  for (let at = 0; at < PAGED; at += 50) {
    await Promise.all(
      Array.from({ length: 50 }, (_, index) => session.write(['paged', `n${at + index}`], Buffer.from('x'))),
    );
  }
});
const owner = ownerOf(victim);
const left = directoryAt(victim, owner, ['left']);
const right = directoryAt(victim, owner, ['right']);
const readAll = (): Promise<unknown> => victim.visit((session) => wholeTree(session));
afterEach(() => victim.heal());

async function exchange(one: string, other: string): Promise<void> {
  const [first, second] = [victim.bytes(one), victim.bytes(other)];
  await victim.plant(one, second);
  await victim.plant(other, first);
}

describe('attack 7: objects in places that are not theirs', () => {
  it('refuses two heads that changed places, and one copied over another', async () => {
    await exchange(headKey(left), headKey(right));
    await expectRefused(victim, readAll);
    victim.heal();
    await victim.plant(headKey(left), victim.bytes(headKey(right)));
    const error = await expectRefused(victim, () => victim.visit((session) => session.list(['left'])));
    expect(error.message).toContain(headKey(left));
  });

  it('refuses two pages that changed places, and a page in the place of a head', async () => {
    const [one, other] = pagesOf(victim, owner, ['paged']);
    await exchange(one as string, other as string);
    const error = await expectRefused(victim, readAll);
    expect(error.message).toContain('page');
    victim.heal();
    await victim.plant(headKey(left), victim.bytes(one as string));
    await expectRefused(victim, readAll, ['unsupported']);
  });

  it('refuses two segments of the same size that changed places', async () => {
    const segments = victim.keys('b/').filter((key) => !isPage(victim.bytes(key)));
    expect(segments.length).toBe(4);
    await exchange(segments[0] as string, segments[1] as string);
    await expectRefused(victim, readAll);
  });

  it('does not find an object under a name that the adversary gave it', async () => {
    const [page] = pagesOf(victim, owner, ['paged']);
    const bytes = victim.bytes(page as string);
    await victim.erase(page as string);
    await victim.plant(`${(page as string).slice(0, -2)}aa`, bytes);
    const error = await expectRefused(victim, readAll, ['damaged', 'stale']);
    expect(error.message).toContain(page);
  });

  it('refuses the records of two names exchanged by a reader, who cannot sign the head', async () => {
    const head = readHead(victim, owner, left);
    const [one, two] = [recordIn(head, 'one'), recordIn(head, 'two')];
    const swapped = withRecords(head, { ...one, key: 'two' }, { ...two, key: 'one' });
    await writeHead(victim, owner, left, swapped, stranger(owner));
    await expectRefused(victim, () => victim.visit((session) => session.list(['left'])));
  });

  it.each([
    ['another name of its directory', 'left', 'two'],
    ['another directory', 'right', 'one'],
  ])('refuses a record under %s, even in a head that the owner signed', async (_, from, key) => {
    const source = recordIn(readHead(victim, owner, directoryAt(victim, owner, [from])), key);
    const moved = { ...source, key: 'one' };
    await writeHead(victim, owner, left, withRecords(readHead(victim, owner, left), moved), owner.author);
    await expectRefused(victim, () =>
      victim.visit(async (session) => collect(session.read(['left', 'one']))),
    );
    // What was not touched is still there.
    const two = await victim.visit(async (session) => collect(session.read(['left', 'two'])));
    expect(two.equals(filler(5000, 'left two'))).toBe(true);
    expect(fieldsOf(source).listing.size).toBe(5000);
  });
});
