import {
  deriveDirectory,
  deriveListKeys,
  deriveListSecret,
  headEscrow,
  isPage,
  openEscrow,
  openHead,
  openHeadListing,
  openPage,
  pageEscrow,
} from '@latchkey/encryption';
import { afterEach, describe, expect, it } from 'vitest';
import {
  directoryAt,
  headKey,
  ownerOf,
  provider,
  readHead,
  recordIn,
  stranger,
  withRecords,
  writeHead,
} from './insider.js';
import { expectRefused } from './refusal.js';
import { filler, Victim } from './victim.js';

const victim = await Victim.make(async (session) => {
  for (const name of ['lent', 'kept']) {
    await session.mkdir([name]);
    await session.mkdir([name, 'deeper']);
    await session.write([name, 'file'], filler(3000, name));
    await session.write([name, 'deeper', 'file'], filler(3000, `${name} deeper`));
    for (let at = 0; at < 400; at += 50) {
      await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          session.write([name, 'deeper', `n${at + index}`], Buffer.from('x')),
        ),
      );
    }
  }
});
const owner = ownerOf(victim);
const { vaultId } = owner;
const author = owner.author.publicKey;
const lent = directoryAt(victim, owner, ['lent']);
const below = directoryAt(victim, owner, ['lent', 'deeper']);
/** All that the holder of the grant has: the secret of one directory, and what can be derived from it. */
const granted = deriveDirectory(provider, vaultId, {
  uid: lent.uid,
  generation: lent.generation,
  readSecret: lent.readSecret,
});
const reachable = new Set([headKey(lent), headKey(below)]);
afterEach(() => victim.heal());

function opens(work: () => unknown): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}

describe('attack 21: the holder of one subtree and the store together', () => {
  it('open that subtree', () => {
    const names = openHead(provider, granted, vaultId, victim.bytes(headKey(lent)), author).changes.map(
      (r) => r.key,
    );
    expect(names).toEqual(['deeper/', 'file']);
    expect(opens(() => openHead(provider, below, vaultId, victim.bytes(headKey(below)), author))).toBe(true);
  });

  it('open no other head, with any key they have, in any place', () => {
    const heads = victim.keys('h/');
    expect(heads.length).toBe(5);
    for (const keys of [granted, below]) {
      const opened = heads.filter((key) =>
        opens(() => openHeadListing(provider, keys, vaultId, victim.bytes(key), author)),
      );
      expect(opened).toEqual([headKey(keys)]);
    }
  });

  it('open no page, though they try each with the references that its bytes would need', () => {
    const mine = readHead(victim, owner, below).tree;
    const theirs = readHead(victim, owner, directoryAt(victim, owner, ['kept', 'deeper'])).tree;
    expect(mine.length).toBeGreaterThan(0);
    expect(theirs.length).toBeGreaterThan(0);
    const pages = victim.keys('b/').filter((key) => isPage(victim.bytes(key)));
    const openable = (refs: typeof mine): number =>
      refs.filter(({ blob }) =>
        pages.some((key) =>
          opens(() => openPage(provider, below, vaultId, blob, victim.bytes(key)).records()),
        ),
      ).length;
    expect(openable(mine)).toBe(mine.length);
    expect(openable(theirs)).toBe(0);
  });

  it('open no escrow box, in a head or in a page, their own included', () => {
    const boxes = [
      ...victim.keys('h/').map((key) => headEscrow(victim.bytes(key))),
      ...victim
        .keys('b/')
        .flatMap((key) => (isPage(victim.bytes(key)) ? [pageEscrow(victim.bytes(key))] : [])),
    ];
    expect(boxes.length).toBeGreaterThan(5);
    for (const box of boxes) {
      expect(opens(() => openEscrow(provider, owner.keys.escrowSecret, vaultId, box))).toBe(true);
      for (const secret of [granted.readSecret, granted.listSecret, granted.contentKey, granted.listingKey]) {
        expect(opens(() => openEscrow(provider, secret, vaultId, box))).toBe(false);
      }
    }
  });

  it('list and do not read, with the list secret alone', () => {
    const listSecret = deriveListSecret(provider, vaultId, lent.readSecret);
    const keys = deriveListKeys(provider, vaultId, {
      uid: lent.uid,
      generation: lent.generation,
      listSecret,
    });
    const bytes = victim.bytes(headKey(lent));
    const names = openHeadListing(provider, keys, vaultId, bytes, author).changes.map((record) => record.key);
    expect(names).toEqual(['deeper/', 'file']);
    for (const contentKey of [keys.listingKey, keys.listSecret]) {
      const guess = { ...keys, readSecret: listSecret, contentKey };
      expect(opens(() => openHead(provider, guess, vaultId, bytes, author))).toBe(false);
    }
  });

  it('find no head outside among the places that they can derive', () => {
    const derivable = new Set([headKey(granted), headKey(below)]);
    expect(derivable).toEqual(reachable);
    expect(victim.keys('h/').filter((key) => derivable.has(key)).length).toBe(2);
  });

  it('change nothing that the owner accepts, inside the subtree or outside', async () => {
    const kept = directoryAt(victim, owner, ['kept']);
    for (const keys of [granted, kept]) {
      const head = readHead(victim, owner, keys);
      const forged = withRecords(head, { ...recordIn(head, 'file'), key: 'forged' });
      await writeHead(victim, owner, keys, forged, stranger(owner));
      const path = keys === kept ? ['kept'] : ['lent'];
      await expectRefused(victim, () => victim.visit((session) => session.list(path)));
      victim.heal();
    }
    await victim.plant(headKey(kept), victim.bytes(headKey(lent)));
    await expectRefused(victim, () => victim.visit((session) => session.list(['kept'])));
  });
});
