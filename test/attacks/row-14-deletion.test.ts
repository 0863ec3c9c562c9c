import { isPage } from '@latchkey/encryption';
import type { VaultSession } from '@latchkey/vault';
import { afterEach, describe, expect, it } from 'vitest';
import { directoryAt, headKey, ownerOf, pagesOf } from './insider.js';
import { expectRefused, refusal } from './refusal.js';
import { collect, filler, Victim, wholeTree } from './victim.js';

const victim = await Victim.make(async (session) => {
  await session.mkdir(['folder']);
  await session.write(['folder', 'file'], filler(5000, 'file'));
  await session.mkdir(['paged']);
  for (let at = 0; at < 500; at += 50) {
    await Promise.all(
      Array.from({ length: 50 }, (_, index) => session.write(['paged', `n${at + index}`], Buffer.from('x'))),
    );
  }
});
const owner = ownerOf(victim);
const folder = headKey(directoryAt(victim, owner, ['folder']));
const root = headKey(directoryAt(victim, owner, []));
afterEach(() => victim.heal());

const USES: [string, (session: VaultSession) => Promise<unknown>][] = [
  ['list', (session) => session.list(['folder'])],
  ['stat', (session) => session.stat(['folder', 'file'])],
  ['stat of a name that was never there', (session) => session.stat(['folder', 'nothing'])],
  ['read', async (session) => collect(session.read(['folder', 'file']))],
  ['write', (session) => session.write(['folder', 'new'], Buffer.from('x'))],
  ['make a directory', (session) => session.mkdir(['folder', 'new'])],
  ['rename', (session) => session.rename(['folder', 'file'], ['folder', 'other'])],
  ['remove', (session) => session.remove(['folder', 'file'])],
  ['remove the directory', (session) => session.rmdir(['folder'])],
];

describe.each([
  ['of a directory', folder],
  ['of the root', root],
])('attack 14: the head %s is gone', (_, key) => {
  it.each(USES)('refuses to %s: it is never an empty directory', async (_use, work) => {
    await victim.erase(key);
    const error = await expectRefused(victim, () => victim.visit(work));
    expect(error.message).toContain(key);
  });

  it('says so in a check, and collects nothing', async () => {
    await victim.erase(key);
    const before = victim.fingerprint();
    const { problems } = await victim.visit((_session, vault) => vault.check());
    expect(problems.some((problem) => `${problem.object} ${problem.what}`.includes(key))).toBe(true);
    const report = await victim.visit((_session, vault) => vault.gc({ deadAfterMs: 0 }));
    expect(report.deleted).toBe(0);
    expect(report.reason).toContain(key);
    expect(victim.fingerprint().filter((line) => !line.startsWith('w/'))).toEqual(
      before.filter((line) => !line.startsWith('w/')),
    );
  });
});

describe('attack 14: something else is gone', () => {
  it('refuses to read a file whose segment is missing, and names it', async () => {
    const [segment] = victim.keys('b/').filter((key) => !isPage(victim.bytes(key)));
    await victim.erase(segment as string);
    const read = () => victim.visit(async (session) => collect(session.read(['folder', 'file'])));
    const error = await expectRefused(victim, read, ['damaged', 'stale']);
    expect(error.message).toContain(segment);
    const { problems } = await victim.visit((_session, vault) => vault.check());
    expect(problems.map((problem) => problem.path)).toContain('/folder/file');
  });

  it('refuses to list a directory a page of which is missing, and names it', async () => {
    const pages = pagesOf(victim, owner, ['paged']);
    expect(pages.length).toBeGreaterThan(1);
    for (const page of pages) {
      await victim.erase(page);
      const error = await expectRefused(victim, () => victim.visit((session) => session.list(['paged'])));
      expect(error.message).toContain(page);
      victim.heal();
    }
  });

  it('opens by either copy of the header, and calls a store without both empty of any vault', async () => {
    const tree = await victim.visit((session) => wholeTree(session));
    for (const copy of ['vault', 'vault.2']) {
      await victim.erase(copy);
      expect(await victim.visit((session) => wholeTree(session))).toEqual(tree);
      victim.heal();
    }
    await victim.erase('vault', 'vault.2');
    expect((await refusal(() => victim.open())).code).toBe('no-vault');
  });
});
