import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { put, startFixture } from './support/fixture.js';
import { shareFixture } from './support/shared.js';

const shared = shareFixture();

describe('names, times and digests', () => {
  test('RNFR and RNTO rename and replace; wrong order is 503', async () => {
    await put(shared.fixture.vault, ['a'], 'a');
    await put(shared.fixture.vault, ['b'], 'b');
    await shared.client.command('RNTO c', 503);
    await shared.client.command('RNFR nowhere', 550);
    await shared.client.command('RNFR a', 350);
    await shared.client.command('NOOP', 200);
    await shared.client.command('RNTO c', 503);
    await shared.client.command('RNFR a', 350);
    await shared.client.command('RNTO b', 250);
    expect(await shared.text('b')).toBe('a');
    await shared.client.command('DELE b', 250);
    await shared.client.command('DELE b', 550);
    await shared.client.command('MKD d', 257);
    await shared.client.command('DELE d', 550);
  });

  test('times: MDTM, MFMT, SITE UTIME in both forms', async () => {
    await put(shared.fixture.vault, ['a b'], 'x');
    const modified = async (): Promise<string | undefined> =>
      (await shared.client.command('MDTM a b', 213)).lines[0];
    await shared.client.command('MFMT 20010203040506 a b', 213);
    expect(await modified()).toBe('213 20010203040506');
    await shared.client.command('MDTM 20020203040506 a b', 253);
    expect(await modified()).toBe('213 20020203040506');
    await shared.client.command('SITE UTIME 200302030405 a b', 200);
    expect(await modified()).toBe('213 20030203040500');
    await shared.client.command('SITE UTIME a b 20040101000000 20040203040506 20040101000000 UTC', 200);
    expect(await modified()).toBe('213 20040203040506');
    for (const bad of ['MFMT 20011303040506 a b', 'MFMT 20010230040506 a b', 'MFMT a b', 'SITE UTIME x a b'])
      await shared.client.command(bad, 501);
    await shared.client.command('MFMT 20010203040506 nowhere', 550);
    await shared.client.command('MDTM nowhere', 550);
  });

  test('MFCT sets the time of creation of files and directories, which MLST shows', async () => {
    await put(shared.fixture.vault, ['a b'], 'x');
    await shared.client.command('MKD folder', 257);
    await shared.client.command('OPTS MLST create;modify;', 200);
    const facts = async (name: string): Promise<string | undefined> =>
      (await shared.client.command(`MLST ${name}`, 250)).lines[1];
    for (const name of ['a b', 'folder']) {
      await shared.client.command(`MFMT 20020203040506 ${name}`, 213);
      const { lines } = await shared.client.command(`MFCT 20010203040506 ${name}`, 213);
      expect(lines).toEqual([`213 Create=20010203040506; ${name}`]);
      expect(await facts(name)).toBe(` modify=20020203040506;create=20010203040506; /${name}`);
    }
    // It outlives the content.
    await put(shared.fixture.vault, ['a b'], 'another');
    expect(await facts('a b')).toContain('create=20010203040506;');
    await shared.client.command('MFCT 20011303040506 a b', 501);
    await shared.client.command('MFCT 20010203040506 nowhere', 550);
  });

  test('SITE CHMOD, HELP and unknown ones', async () => {
    await put(shared.fixture.vault, ['f'], 'x');
    await shared.client.command('SITE CHMOD 640 f', 200);
    expect((await shared.fixture.vault.stat(['f'])).mode).toBe(0o640);
    await shared.client.command('SITE CHMOD 9 f', 501);
    await shared.client.command('SITE HELP', 214);
    await shared.client.command('SITE EXEC rm', 504);
  });

  test('digests, of ranges too', async () => {
    const bytes = randomBytes(200_000);
    await put(shared.fixture.vault, ['f 1 2'], bytes);
    const hex = (name: string, part = bytes): string => createHash(name).update(part).digest('hex');
    const crc = (part: Buffer): string => crc32(part).toString(16).padStart(8, '0');
    expect((await shared.client.command('HASH f 1 2', 213)).lines).toEqual([
      `213 SHA-256 0-199999 ${hex('sha256')} f 1 2`,
    ]);
    expect((await shared.client.command('XCRC f 1 2', 250)).lines).toEqual([`250 ${crc(bytes)}`]);
    expect((await shared.client.command('XMD5 f 1 2', 250)).lines).toEqual([`250 ${hex('md5')}`]);
    expect((await shared.client.command('XSHA1 f 1 2', 250)).lines).toEqual([`250 ${hex('sha1')}`]);
    expect((await shared.client.command('XSHA256 "f 1 2"', 250)).lines).toEqual([`250 ${hex('sha256')}`]);
    const part = bytes.subarray(10, 150_000);
    expect((await shared.client.command('XMD5 "f 1 2" 10 150000', 250)).lines).toEqual([
      `250 ${hex('md5', part)}`,
    ]);
    expect((await shared.client.command('XCRC f 1 2 10 150000', 250)).lines).toEqual([`250 ${crc(part)}`]);
    await shared.client.command('XCRC "f 1 2" 10 200001', 501);
    await shared.client.command('XCRC "f 1 2" 10 9', 501);
    await shared.client.command('HASH nowhere', 550);
    await shared.client.command('SIZE /', 550);
  });

  test('symlinks are followed, and never above the root', async () => {
    await put(shared.fixture.vault, ['d', 'f'], 'linked');
    await shared.fixture.vault.symlink('d', ['to-directory']);
    await shared.fixture.vault.symlink('d/f', ['to-file']);
    await shared.fixture.vault.symlink('../../d/f', ['escape']);
    expect((await shared.client.download('RETR to-directory/f')).toString()).toBe('linked');
    expect((await shared.client.download('RETR to-file')).toString()).toBe('linked');
    expect((await shared.client.command('SIZE to-file', 213)).lines).toEqual(['213 6']);
    expect((await shared.client.download('NLST to-directory')).toString()).toBe('to-directory/f\r\n');
    await shared.client.upload('STOR to-directory/g', 'x');
    expect(await shared.text('d', 'g')).toBe('x');
    await shared.client.passive();
    await shared.client.command('RETR escape', 550);
    await shared.client.command('DELE to-file', 250);
    expect(await shared.text('d', 'f')).toBe('linked');
  });

  test('names in Latin-1 are taken over as UTF-8, or refused where that is set', async () => {
    await shared.client.upload('STOR ü.txt', 'utf8');
    const data = await shared.client.passive();
    shared.client.send(
      Buffer.concat([Buffer.from('STOR '), Buffer.from('größe.txt', 'latin1'), Buffer.from('\r\n')]),
    );
    await shared.client.expect(150);
    data.end('latin1');
    await shared.client.expect(226);
    expect(await shared.text('größe.txt')).toBe('latin1');
    expect((await shared.client.download('NLST')).toString()).toBe('größe.txt\r\nü.txt\r\n');
    const strict = await startFixture({ foreignNames: 'refuse' });
    const other = await strict.logIn();
    other.send(Buffer.from('MKD größe\r\n', 'latin1'));
    await other.expect(501);
    await strict.close();
  });
});
