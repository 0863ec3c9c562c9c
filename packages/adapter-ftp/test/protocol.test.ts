import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { COMMANDS } from '../src/commands/registry.js';
import { content, type Fixture, put, startFixture } from './support/fixture.js';
import { collect, RawClient } from './support/raw-client.js';

let fixture: Fixture;
let client: RawClient;

beforeAll(async () => {
  fixture = await startFixture({ limits: { connections: 500, connectionsPerAddress: 500 } });
});
afterAll(() => fixture.close());
beforeEach(async () => {
  for await (const entry of fixture.vault.entries([]))
    await fixture.vault.remove([entry.name], { recursive: true });
  client?.destroy();
  client = await fixture.logIn();
});

const text = async (...path: string[]): Promise<string> => (await content(fixture.vault, ...path)).toString();

describe('information', () => {
  test('FEAT lists what there is and nothing else', async () => {
    const { lines } = await client.command('FEAT', 211);
    const features = lines.slice(1, -1).map((line) => line.trim());
    expect(lines.slice(1, -1).every((line) => /^ \S/.test(line))).toBe(true);
    for (const feature of features) {
      const verb = feature.split(' ')[0] ?? '';
      if (verb !== 'TVFS' && verb !== 'UTF8') expect(Object.keys(COMMANDS)).toContain(verb);
    }
    expect(features).toEqual(
      expect.arrayContaining(['REST STREAM', 'TVFS', 'EPSV', 'UTF8', 'MFMT', 'AUTH TLS']),
    );
    expect(features).not.toContain('MFCT');
  });

  test('FEAT follows the settings', async () => {
    const plain = await startFixture({ tls: { mode: 'off' }, activeMode: false });
    const other = await plain.connect();
    const all = (await other.command('FEAT', 211)).lines.join('\n');
    for (const absent of ['AUTH', 'PBSZ', 'PROT', 'EPRT']) expect(all).not.toContain(absent);
    await other.command('AUTH TLS', 502);
    await plain.close();
  });

  test('OPTS changes HASH and MLST, and FEAT and MLST show it', async () => {
    await client.command('OPTS HASH md5', 200);
    await client.command('OPTS MLST size;nonsense;Modify;', 200);
    const features = (await client.command('FEAT', 211)).lines.join('\n');
    expect(features).toContain('MD5*');
    expect(features).toContain('MLST type;size*;modify*;create;');
    await put(fixture.vault, ['f'], 'abc');
    expect((await client.command('MLST f', 250)).lines[1]).toMatch(/^ size=3;modify=\d{14}; \/f$/);
    expect((await client.command('OPTS MLST', 200)).lines).toEqual(['200 MLST OPTS']);
    expect((await client.command('MLST f', 250)).lines[1]).toBe('  /f');
    await client.command('OPTS UTF8 ON', 200);
    await client.command('OPTS utf8', 200);
    await client.command('OPTS UTF8 OFF', 504);
    await client.command('OPTS NOTHING', 501);
    await client.command('OPTS HASH CRC-0', 501);
    await client.command('OPTS', 501);
  });

  test('SYST, HELP, NOOP, STAT, CLNT, ACCT', async () => {
    expect((await client.command('SYST', 215)).lines[0]).toContain('UNIX Type: L8');
    expect((await client.command('HELP', 214)).lines.join(' ')).toContain('XSHA256');
    expect((await client.command('HELP retr', 214)).lines[0]).toContain('RETR <path>');
    await client.command('HELP NOTHING', 502);
    await client.command('NOOP', 200);
    expect((await client.command('STAT', 211)).lines.join('\n')).toContain('logged in as ada');
    await client.command('CLNT device 1.0', 200);
    await client.command('ACCT x', 202);
  });

  test('every command refuses a missing or superfluous argument as RFC 959 says', async () => {
    for (const [verb, { argument }] of Object.entries(COMMANDS)) {
      if (argument === 'required') await client.command(verb, 501);
      if (argument === 'none') await client.command(`${verb} superfluous`, 501);
    }
    await client.command('WHAT', 500);
    await client.command('SMNT x', 502);
    await client.command('', 500);
    await client.command(' NOOP', 500);
    await client.command('NOOP', 200);
  });

  test('before the login only what has to be', async () => {
    const other = await fixture.connect();
    for (const [verb, { beforeLogin }] of Object.entries(COMMANDS)) {
      if (beforeLogin !== true) await other.command(`${verb} x`, 530);
    }
  });
});

describe('login', () => {
  test('USER begins anew, REIN ends, wrong passwords and wrong order get their codes', async () => {
    const other = await fixture.connect();
    await other.command('PASS x', 503);
    await other.command('USER nobody', 331);
    await other.command('PASS x', 530);
    await other.command('PASS x', 503);
    await other.command('USER ada', 331);
    await other.command('PASS correct horse', 230);
    await other.command('PASS again', 202);
    await other.command('REIN', 220);
    await other.command('PWD', 530);
    await other.command('QUIT', 221);
    expect(await other.reply()).toBe(undefined);
  });

  test('HOST comes before USER', async () => {
    const other = await fixture.connect();
    await other.command('HOST vault.example', 220);
    await other.command('HOST not a host', 501);
    await other.command('USER ada', 331);
    await other.command('HOST vault.example', 503);
  });

  test('greeting and welcome are the configured ones', async () => {
    const greeted = await startFixture({ greeting: 'one\ntwo', welcome: (user) => `hello ${user}` });
    const other = new RawClient(greeted.port);
    expect((await other.expect(220)).lines).toEqual(['220-one', '220 two']);
    await other.command('USER ada', 331);
    expect((await other.command('PASS correct horse', 230)).lines).toEqual(['230 hello ada']);
    other.destroy();
    await greeted.close();
  });
});

describe('directories', () => {
  test('MKD, CWD, PWD, CDUP, RMD and their old names', async () => {
    expect((await client.command('MKD say "hi"', 257)).lines[0]).toContain('"/say ""hi"""');
    await client.command('MKD say "hi"', 550);
    await client.command('CWD say "hi"', 250);
    expect((await client.command('PWD', 257)).lines[0]).toContain('"/say ""hi"""');
    await client.command('XMKD sub', 257);
    await client.command('XCWD sub', 250);
    await client.command('XCUP', 250);
    await client.command('CDUP', 250);
    expect((await client.command('XPWD', 257)).lines[0]).toContain('"/"');
    await client.command('RMD say "hi"', 550);
    await client.command('XRMD say "hi"/sub', 250);
    await client.command('RMD say "hi"', 250);
    await client.command('CWD say "hi"', 550);
    await put(fixture.vault, ['f'], 'x');
    await client.command('CWD f', 550);
  });

  test('RMDA removes everything, AVBL tells the free space', async () => {
    await put(fixture.vault, ['d', 'e', 'f'], 'x');
    await put(fixture.vault, ['file'], 'x');
    await client.command('RMDA d/e/f', 550);
    await client.command('RMDA d', 250);
    await client.command('CWD d', 550);
    expect(Number((await client.command('AVBL', 213)).lines[0]?.slice(4))).toBeGreaterThan(1_000_000);
    await client.command('AVBL nowhere', 550);
  });
});

describe('listings', () => {
  beforeEach(async () => {
    await put(fixture.vault, ['d', 'one.txt'], '12345');
    await put(fixture.vault, ['d', 'two.dat'], '');
    await fixture.vault.mkdir(['d', 'sub']);
    await fixture.vault.symlink('one.txt', ['d', 'link']);
    await fixture.vault.setAttributes(['d', 'one.txt'], {
      modified: { seconds: 951_782_400, nanoseconds: 0 },
    });
  });

  test('LIST is what ls -l prints', async () => {
    const lines = (await client.download('LIST d')).toString().split('\r\n');
    expect(lines).toHaveLength(5);
    expect(lines).toContainEqual(
      expect.stringMatching(/^-rw-r--r-- +1 owner +owner +5 Feb 29 {2}2000 one\.txt$/),
    );
    expect(lines).toContainEqual(expect.stringMatching(/^drwxr-xr-x .* sub$/));
    expect(lines).toContainEqual(expect.stringMatching(/^lrwxrwxrwx .* link -> one\.txt$/));
    expect((await client.download('LIST d/one.txt')).toString()).toMatch(/ one\.txt\r\n$/);
  });

  test('NLST gives names that RETR takes, and patterns', async () => {
    const names = async (command: string): Promise<string[]> =>
      (await client.download(command)).toString().split('\r\n').filter(Boolean).sort();
    expect(await names('NLST d')).toEqual(['d/link', 'd/one.txt', 'd/sub', 'd/two.dat']);
    expect(await names('NLST')).toEqual(['d']);
    expect(await names('NLST d/*.txt')).toEqual(['d/one.txt']);
    expect(await names('NLST d/t?o.*')).toEqual(['d/two.dat']);
    await client.command('CWD d', 250);
    expect(await names('NLST *')).toEqual(['link', 'one.txt', 'sub', 'two.dat']);
    expect(await names('NLST nothing*')).toEqual([]);
  });

  test('MLSD and MLST give facts; times to the second', async () => {
    const lines = (await client.download('MLSD d')).toString().split('\r\n');
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^type=file;size=5;modify=20000229000000;create=\d{14};perm=adfrw;unique=[0-9a-f]+;UNIX\.mode=0644; one\.txt$/,
      ),
    );
    expect(lines).toContainEqual(expect.stringMatching(/^type=dir;.*; sub$/));
    expect(lines).toContainEqual(expect.stringMatching(/^type=OS\.unix=slink:one\.txt;.*; link$/));
    const { lines: reply } = await client.command('MLST d/one.txt', 250);
    expect(reply[1]).toMatch(/^ type=file;size=5;.*; \/d\/one\.txt$/);
    expect(reply.at(-1)).toMatch(/^250 /);
    await client.passive();
    await client.command('MLSD d/one.txt', 501);
    await client.command('MLST nowhere', 550);
  });

  test('STAT lists over the control connection', async () => {
    const { lines } = await client.command('STAT d', 212);
    expect(lines.some((line) => /^-rw-r--r-- .*one\.txt$/.test(line))).toBe(true);
    await client.command('STAT d/one.txt', 213);
    await client.command('STAT nowhere', 550);
  });

  test('what cannot be listed is refused before a data connection is used', async () => {
    await client.passive();
    await client.command('LIST nowhere', 550);
    await client.command('LIST', 425);
    await client.command('RETR d/one.txt', 425);
    await client.command('STOR x', 425);
  });

  test('a large directory comes whole', async () => {
    for (let index = 0; index < 1_500; index++)
      await fixture.vault.mkdir(['d', `directory-with-a-long-name-${index}`.padEnd(80, '-')]);
    const lines = (await client.download('MLSD d')).toString().split('\r\n').filter(Boolean);
    expect(new Set(lines).size).toBe(1_504);
  });
});

describe('transfers', () => {
  const BIG = randomBytes(3_000_001);

  test('STOR and RETR of every kind of size, replacing what was there', async () => {
    for (const size of [0, 1, 1024, 1025, 262_144, 262_145, BIG.length, 5]) {
      const bytes = BIG.subarray(0, size);
      await client.upload('STOR f', bytes);
      expect((await content(fixture.vault, 'f')).equals(bytes)).toBe(true);
      expect((await client.download('RETR f')).equals(bytes)).toBe(true);
      expect((await client.command('SIZE f', 213)).lines).toEqual([`213 ${size}`]);
    }
  });

  test('REST in both directions; beyond the end it is refused', async () => {
    await put(fixture.vault, ['f'], '0123456789');
    await client.command('REST 4', 350);
    expect((await client.download('RETR f')).toString()).toBe('456789');
    await client.command('REST 4', 350);
    await client.upload('STOR f', 'abc');
    expect(await text('f')).toBe('0123abc');
    await client.command('REST 8', 350);
    await client.passive();
    await client.command('RETR f', 554);
    await client.command('REST 8', 350);
    await client.passive();
    await client.command('STOR f', 554);
    expect(await text('f')).toBe('0123abc');
    for (const bad of ['-1', 'x', '1.5', '99999999999999999999']) await client.command(`REST ${bad}`, 501);
    expect((await client.download('RETR f')).toString()).toBe('0123abc');
  });

  test('APPE appends and makes, STOU takes a name of its own, ALLO is not needed', async () => {
    await client.command('ALLO 10', 202);
    await client.command('ALLO ten', 501);
    await client.upload('APPE f', 'one ');
    await client.upload('APPE f', 'two');
    expect(await text('f')).toBe('one two');
    const names: string[] = [];
    for (const command of ['STOU', 'STOU f', 'STOU f']) {
      const data = await client.passive();
      const { lines } = await client.command(command, 150);
      names.push(/FILE: \/(.+)$/.exec(lines[0] ?? '')?.[1] ?? '');
      data.end('unique');
      await client.expect(226);
    }
    expect(new Set(names).size).toBe(3);
    for (const name of names) expect(await text(name)).toBe('unique');
  });

  test('active mode', async () => {
    await put(fixture.vault, ['f'], 'active');
    const { server, port } = await RawClient.listen();
    await client.command(`PORT 127,0,0,1,${port >> 8},${port & 255}`, 200);
    let incoming = once(server, 'connection');
    await client.command('RETR f', 150);
    expect((await collect((await incoming)[0])).toString()).toBe('active');
    await client.expect(226);
    await client.command(`EPRT |1|127.0.0.1|${port}|`, 200);
    incoming = once(server, 'connection');
    await client.command('STOR g', 150);
    (await incoming)[0].end('sent');
    await client.expect(226);
    expect(await text('g')).toBe('sent');
    server.close();
    await client.command(`EPRT |1|127.0.0.1|${port}|`, 200);
    await client.command('RETR f', 150);
    await client.expect(425);
  });

  test('EPSV and PASV say what they should', async () => {
    await client.command('EPSV 1', 229);
    await client.command('EPSV 2', 522);
    await client.command('EPSV x', 501);
    await client.command('PASV', 227);
    await client.command('EPSV ALL', 200);
    for (const refused of ['PASV', 'PORT 127,0,0,1,4,1', 'EPRT |1|127.0.0.1|1025|'])
      await client.command(refused, 503);
    await client.command('EPSV', 229);
  });

  test('the client may connect after the command, or not at all', async () => {
    await put(fixture.vault, ['f'], 'late');
    const quick = await startFixture({ limits: { dataConnectMs: 30 } });
    const other = await quick.logIn();
    await other.passivePort();
    await other.command('STOR never', 150);
    await other.expect(425);
    await other.command('NOOP', 200);
    await quick.close();
  });

  test('a transfer without a byte for too long ends', async () => {
    const quick = await startFixture({ limits: { dataIdleMs: 30 } });
    const other = await quick.logIn();
    await other.passive();
    await other.command('STOR stalled', 150);
    await other.expect(426);
    await quick.close();
  });

  test('a connection without a command for too long ends', async () => {
    const quick = await startFixture({ limits: { idleMs: 30 } });
    const other = await quick.logIn();
    await other.expect(421);
    await quick.close();
  });

  test('TYPE A: CR LF on the wire, LF in the vault, sizes in TYPE I only', async () => {
    await client.command('TYPE A', 200);
    await client.upload('STOR t', 'one\r\ntwo\nthree\rfour\r\r\n');
    expect(await text('t')).toBe('one\ntwo\nthree\rfour\r\n');
    expect((await client.download('RETR t')).toString()).toBe('one\r\ntwo\r\nthree\rfour\r\n');
    await client.command('SIZE t', 550);
    await client.command('REST 2', 350);
    await client.passive();
    await client.command('RETR t', 501);
    await client.command('TYPE I', 200);
    expect((await client.command('SIZE t', 213)).lines).toEqual(['213 20']);
    expect((await client.download('RETR t')).toString()).toBe('one\ntwo\nthree\rfour\r\n');
  });

  test('TYPE, MODE, STRU', async () => {
    for (const type of ['A', 'a n', 'I', 'L 8']) await client.command(`TYPE ${type}`, 200);
    for (const type of ['E', 'A T', 'L 7']) await client.command(`TYPE ${type}`, 504);
    await client.command('TYPE X', 501);
    await client.command('MODE S', 200);
    await client.command('MODE B', 504);
    await client.command('STRU F', 200);
    await client.command('STRU R', 504);
  });

  test('an upload stays invisible until it ends', async () => {
    await put(fixture.vault, ['f'], 'old');
    const data = await client.passive();
    await client.command('STOR f', 150);
    data.write(BIG);
    expect(await text('f')).toBe('old');
    data.end();
    await client.expect(226);
    expect((await content(fixture.vault, 'f')).equals(BIG)).toBe(true);
  });

  test('QUIT during an upload lets it end', async () => {
    const data = await client.passive();
    await client.command('STOR f', 150);
    data.write('part ');
    client.send('QUIT\r\n');
    data.end('rest');
    await client.expect(226);
    await client.expect(221);
    expect(await text('f')).toBe('part rest');
  });
});

describe('names, times and digests', () => {
  test('RNFR and RNTO rename and replace; wrong order is 503', async () => {
    await put(fixture.vault, ['a'], 'a');
    await put(fixture.vault, ['b'], 'b');
    await client.command('RNTO c', 503);
    await client.command('RNFR nowhere', 550);
    await client.command('RNFR a', 350);
    await client.command('NOOP', 200);
    await client.command('RNTO c', 503);
    await client.command('RNFR a', 350);
    await client.command('RNTO b', 250);
    expect(await text('b')).toBe('a');
    await client.command('DELE b', 250);
    await client.command('DELE b', 550);
    await client.command('MKD d', 257);
    await client.command('DELE d', 550);
  });

  test('times: MDTM, MFMT, SITE UTIME in both forms; MFCT is refused', async () => {
    await put(fixture.vault, ['a b'], 'x');
    const modified = async (): Promise<string | undefined> =>
      (await client.command('MDTM a b', 213)).lines[0];
    await client.command('MFMT 20010203040506 a b', 213);
    expect(await modified()).toBe('213 20010203040506');
    await client.command('MDTM 20020203040506 a b', 253);
    expect(await modified()).toBe('213 20020203040506');
    await client.command('SITE UTIME 200302030405 a b', 200);
    expect(await modified()).toBe('213 20030203040500');
    await client.command('SITE UTIME a b 20040101000000 20040203040506 20040101000000 UTC', 200);
    expect(await modified()).toBe('213 20040203040506');
    await client.command('MFCT 20010203040506 a b', 504);
    for (const bad of ['MFMT 20011303040506 a b', 'MFMT 20010230040506 a b', 'MFMT a b', 'SITE UTIME x a b'])
      await client.command(bad, 501);
    await client.command('MFMT 20010203040506 nowhere', 550);
    await client.command('MDTM nowhere', 550);
  });

  test('SITE CHMOD, HELP and unknown ones', async () => {
    await put(fixture.vault, ['f'], 'x');
    await client.command('SITE CHMOD 640 f', 200);
    expect((await fixture.vault.stat(['f'])).mode).toBe(0o640);
    await client.command('SITE CHMOD 9 f', 501);
    await client.command('SITE HELP', 214);
    await client.command('SITE EXEC rm', 504);
  });

  test('digests, of ranges too', async () => {
    const bytes = randomBytes(200_000);
    await put(fixture.vault, ['f 1 2'], bytes);
    const hex = (name: string, part = bytes): string => createHash(name).update(part).digest('hex');
    const crc = (part: Buffer): string => crc32(part).toString(16).padStart(8, '0');
    expect((await client.command('HASH f 1 2', 213)).lines).toEqual([
      `213 SHA-256 0-199999 ${hex('sha256')} f 1 2`,
    ]);
    expect((await client.command('XCRC f 1 2', 250)).lines).toEqual([`250 ${crc(bytes)}`]);
    expect((await client.command('XMD5 f 1 2', 250)).lines).toEqual([`250 ${hex('md5')}`]);
    expect((await client.command('XSHA1 f 1 2', 250)).lines).toEqual([`250 ${hex('sha1')}`]);
    expect((await client.command('XSHA256 "f 1 2"', 250)).lines).toEqual([`250 ${hex('sha256')}`]);
    const part = bytes.subarray(10, 150_000);
    expect((await client.command('XMD5 "f 1 2" 10 150000', 250)).lines).toEqual([`250 ${hex('md5', part)}`]);
    expect((await client.command('XCRC f 1 2 10 150000', 250)).lines).toEqual([`250 ${crc(part)}`]);
    await client.command('XCRC "f 1 2" 10 200001', 501);
    await client.command('XCRC "f 1 2" 10 9', 501);
    await client.command('HASH nowhere', 550);
    await client.command('SIZE /', 550);
  });

  test('symlinks are followed, and never above the root', async () => {
    await put(fixture.vault, ['d', 'f'], 'linked');
    await fixture.vault.symlink('d', ['to-directory']);
    await fixture.vault.symlink('d/f', ['to-file']);
    await fixture.vault.symlink('../../d/f', ['escape']);
    expect((await client.download('RETR to-directory/f')).toString()).toBe('linked');
    expect((await client.download('RETR to-file')).toString()).toBe('linked');
    expect((await client.command('SIZE to-file', 213)).lines).toEqual(['213 6']);
    expect((await client.download('NLST to-directory')).toString()).toBe('to-directory/f\r\n');
    await client.upload('STOR to-directory/g', 'x');
    expect(await text('d', 'g')).toBe('x');
    await client.passive();
    await client.command('RETR escape', 550);
    await client.command('DELE to-file', 250);
    expect(await text('d', 'f')).toBe('linked');
  });

  test('names in Latin-1 are taken over as UTF-8, or refused where that is set', async () => {
    await client.upload('STOR ü.txt', 'utf8');
    const data = await client.passive();
    client.send(
      Buffer.concat([Buffer.from('STOR '), Buffer.from('größe.txt', 'latin1'), Buffer.from('\r\n')]),
    );
    await client.expect(150);
    data.end('latin1');
    await client.expect(226);
    expect(await text('größe.txt')).toBe('latin1');
    expect((await client.download('NLST')).toString()).toBe('größe.txt\r\nü.txt\r\n');
    const strict = await startFixture({ foreignNames: 'refuse' });
    const other = await strict.logIn();
    other.send(Buffer.from('MKD größe\r\n', 'latin1'));
    await other.expect(501);
    await strict.close();
  });
});
