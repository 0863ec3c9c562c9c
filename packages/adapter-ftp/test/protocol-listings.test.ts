import { beforeEach, describe, expect, test } from 'vitest';
import { put } from './support/fixture.js';
import { shareFixture } from './support/shared.js';

const shared = shareFixture();

describe('directories', () => {
  test('MKD, CWD, PWD, CDUP, RMD and their old names', async () => {
    expect((await shared.client.command('MKD say "hi"', 257)).lines[0]).toContain('"/say ""hi"""');
    await shared.client.command('MKD say "hi"', 550);
    await shared.client.command('CWD say "hi"', 250);
    expect((await shared.client.command('PWD', 257)).lines[0]).toContain('"/say ""hi"""');
    await shared.client.command('XMKD sub', 257);
    await shared.client.command('XCWD sub', 250);
    await shared.client.command('XCUP', 250);
    await shared.client.command('CDUP', 250);
    expect((await shared.client.command('XPWD', 257)).lines[0]).toContain('"/"');
    await shared.client.command('RMD say "hi"', 550);
    await shared.client.command('XRMD say "hi"/sub', 250);
    await shared.client.command('RMD say "hi"', 250);
    await shared.client.command('CWD say "hi"', 550);
    await put(shared.fixture.vault, ['f'], 'x');
    await shared.client.command('CWD f', 550);
  });

  test('RMDA removes everything, AVBL tells the free space', async () => {
    await put(shared.fixture.vault, ['d', 'e', 'f'], 'x');
    await put(shared.fixture.vault, ['file'], 'x');
    await shared.client.command('RMDA d/e/f', 550);
    await shared.client.command('RMDA d', 250);
    await shared.client.command('CWD d', 550);
    expect(Number((await shared.client.command('AVBL', 213)).lines[0]?.slice(4))).toBeGreaterThan(1_000_000);
    await shared.client.command('AVBL nowhere', 550);
  });
});

describe('listings', () => {
  beforeEach(async () => {
    await put(shared.fixture.vault, ['d', 'one.txt'], '12345');
    await put(shared.fixture.vault, ['d', 'two.dat'], '');
    await shared.fixture.vault.mkdir(['d', 'sub']);
    await shared.fixture.vault.symlink('one.txt', ['d', 'link']);
    await shared.fixture.vault.setAttributes(['d', 'one.txt'], {
      modified: { seconds: 951_782_400, nanoseconds: 0 },
    });
  });

  test('LIST is what ls -l prints', async () => {
    const lines = (await shared.client.download('LIST d')).toString().split('\r\n');
    expect(lines).toHaveLength(5);
    expect(lines).toContainEqual(
      expect.stringMatching(/^-rw-r--r-- +1 owner +owner +5 Feb 29 {2}2000 one\.txt$/),
    );
    expect(lines).toContainEqual(expect.stringMatching(/^drwxr-xr-x .* sub$/));
    expect(lines).toContainEqual(expect.stringMatching(/^lrwxrwxrwx .* link -> one\.txt$/));
    expect((await shared.client.download('LIST d/one.txt')).toString()).toMatch(/ one\.txt\r\n$/);
  });

  test('NLST gives names that RETR takes, and patterns', async () => {
    const names = async (command: string): Promise<string[]> =>
      (await shared.client.download(command)).toString().split('\r\n').filter(Boolean).sort();
    expect(await names('NLST d')).toEqual(['d/link', 'd/one.txt', 'd/sub', 'd/two.dat']);
    expect(await names('NLST')).toEqual(['d']);
    expect(await names('NLST d/*.txt')).toEqual(['d/one.txt']);
    expect(await names('NLST d/t?o.*')).toEqual(['d/two.dat']);
    await shared.client.command('CWD d', 250);
    expect(await names('NLST *')).toEqual(['link', 'one.txt', 'sub', 'two.dat']);
    expect(await names('NLST nothing*')).toEqual([]);
  });

  test('MLSD and MLST give facts; times to the second', async () => {
    const lines = (await shared.client.download('MLSD d')).toString().split('\r\n');
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^type=file;size=5;modify=20000229000000;create=\d{14};perm=adfrw;unique=[0-9a-f]+;UNIX\.mode=0644; one\.txt$/,
      ),
    );
    expect(lines).toContainEqual(expect.stringMatching(/^type=dir;.*; sub$/));
    expect(lines).toContainEqual(expect.stringMatching(/^type=OS\.unix=slink:one\.txt;.*; link$/));
    const { lines: reply } = await shared.client.command('MLST d/one.txt', 250);
    expect(reply[1]).toMatch(/^ type=file;size=5;.*; \/d\/one\.txt$/);
    expect(reply.at(-1)).toMatch(/^250 /);
    await shared.client.passive();
    await shared.client.command('MLSD d/one.txt', 501);
    await shared.client.command('MLST nowhere', 550);
  });

  test('STAT lists over the control connection', async () => {
    const { lines } = await shared.client.command('STAT d', 212);
    expect(lines.some((line) => /^-rw-r--r-- .*one\.txt$/.test(line))).toBe(true);
    await shared.client.command('STAT d/one.txt', 213);
    await shared.client.command('STAT nowhere', 550);
  });

  test('what cannot be listed is refused before a data connection is used', async () => {
    await shared.client.passive();
    await shared.client.command('LIST nowhere', 550);
    await shared.client.command('LIST', 425);
    await shared.client.command('RETR d/one.txt', 425);
    await shared.client.command('STOR x', 425);
  });

  test('a large directory comes whole', async () => {
    for (let index = 0; index < 1_500; index++)
      await shared.fixture.vault.mkdir(['d', `directory-with-a-long-name-${index}`.padEnd(80, '-')]);
    const lines = (await shared.client.download('MLSD d')).toString().split('\r\n').filter(Boolean);
    expect(new Set(lines).size).toBe(1_504);
  });
});
