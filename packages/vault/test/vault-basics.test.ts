import { describe, expect, it } from 'vitest';
import { collect, openFresh, text } from './fresh-vault.js';

describe('a vault in memory', () => {
  it('writes, reads, lists, renames and removes', async () => {
    const { session } = await openFresh();
    await session.mkdir(['docs']);
    await session.write(['docs', 'a.txt'], text('hello'));
    const big = new Uint8Array(3_000_000).map((_, index) => (index * 7) & 255);
    await session.write(['docs', 'big'], big);
    expect(await collect(session.read(['docs', 'a.txt']))).toEqual(text('hello'));
    expect(Buffer.compare(await collect(session.read(['docs', 'big'])), big)).toBe(0);
    expect(
      Buffer.compare(
        await collect(session.read(['docs', 'big'], { offset: 65_530, length: 100 })),
        big.subarray(65_530, 65_630),
      ),
    ).toBe(0);
    expect((await session.list(['docs'])).entries.map((entry) => [entry.name, entry.size])).toEqual([
      ['a.txt', 5],
      ['big', 3_000_000],
    ]);
    await session.rename(['docs', 'a.txt'], ['docs', 'b.txt']);
    await session.mkdir(['other']);
    await session.rename(['docs', 'b.txt'], ['other', 'c.txt']);
    await session.rename(['docs'], ['other', 'moved']);
    expect(await collect(session.read(['other', 'c.txt']))).toEqual(text('hello'));
    expect((await session.stat(['other', 'moved', 'big'])).size).toBe(3_000_000);
    await expect(session.stat(['docs'])).rejects.toMatchObject({ code: 'not-found' });
    await session.copy(['other', 'moved', 'big'], ['copy']);
    await expect(session.rmdir(['other'])).rejects.toMatchObject({ code: 'not-empty' });
    await session.remove(['other'], { recursive: true });
    expect(Buffer.compare(await collect(session.read(['copy'])), big)).toBe(0);
    expect((await session.list([])).entries.map((entry) => entry.name)).toEqual(['copy']);
  });

  it('appends, writes at offsets and truncates', async () => {
    const { session } = await openFresh();
    await session.write(['f'], text('0123456789'));
    const first = await session.open(['f'], { write: true, append: true });
    const second = await session.open(['f'], { write: true, append: true });
    await first.write(0, text('AAA'));
    await second.write(0, text('BBB'));
    await first.close();
    await second.close();
    expect(await collect(session.read(['f']))).toEqual(text('0123456789AAABBB'));
    const handle = await session.open(['f'], { write: true, read: true });
    await handle.write(2, text('xy'));
    await handle.truncate(6);
    await handle.write(8, text('z'));
    expect(await handle.read(0, 100)).toEqual(text('01xy45\0\0z'));
    await handle.close();
    expect(await collect(session.read(['f']))).toEqual(text('01xy45\0\0z'));
  });

  it('keeps a broken upload as a draft and resumes it', async () => {
    const { session } = await openFresh();
    const handle = await session.open(['up'], { write: true, create: true, truncate: true });
    await handle.write(0, text('part one, '));
    expect((await session.stat(['up'])).draft).toBe(false);
    await handle.abandon();
    expect(await session.stat(['up'])).toMatchObject({ draft: true, size: 10 });
    const again = await session.open(['up'], { write: true });
    await again.write(10, text('part two'));
    await again.close();
    expect(await session.stat(['up'])).toMatchObject({ draft: false, size: 18 });
    expect(await collect(session.read(['up']))).toEqual(text('part one, part two'));
  });

  it('refuses a wrong passphrase and changes nothing', async () => {
    const { reopen } = await openFresh();
    await expect(reopen('not it')).rejects.toMatchObject({ code: 'wrong-passphrase' });
    await (await reopen()).session().write(['x'], text('y'));
  });

  it('holds many files in one directory', async () => {
    const { session, vault } = await openFresh();
    const names = Array.from({ length: 3000 }, (_, index) => `file-${(index * 7919) % 3000}`);
    await Promise.all(names.map((name) => session.write([name], text(name))));
    const listed: string[] = [];
    for await (const entry of session.entries([])) listed.push(entry.name);
    expect(listed).toEqual([...names].sort());
    expect(await collect(session.read(['file-1234']))).toEqual(text('file-1234'));
    await Promise.all(names.slice(0, 2990).map((name) => session.remove([name])));
    expect((await session.list([])).entries).toHaveLength(10);
    const report = await vault.check({ readContent: true });
    expect(report.problems).toEqual([]);
    expect(report.files).toBe(10);
  });
});
