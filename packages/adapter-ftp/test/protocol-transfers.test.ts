import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { content, put, startFixture } from './support/fixture.js';
import { collect, RawClient } from './support/raw-client.js';
import { shareFixture } from './support/shared.js';

const shared = shareFixture();

describe('transfers', () => {
  const BIG = randomBytes(3_000_001);

  test('STOR and RETR of every kind of size, replacing what was there', async () => {
    for (const size of [0, 1, 1024, 1025, 262_144, 262_145, BIG.length, 5]) {
      const bytes = BIG.subarray(0, size);
      await shared.client.upload('STOR f', bytes);
      expect((await content(shared.fixture.vault, 'f')).equals(bytes)).toBe(true);
      expect((await shared.client.download('RETR f')).equals(bytes)).toBe(true);
      expect((await shared.client.command('SIZE f', 213)).lines).toEqual([`213 ${size}`]);
    }
  });

  test('REST in both directions; beyond the end it is refused', async () => {
    await put(shared.fixture.vault, ['f'], '0123456789');
    await shared.client.command('REST 4', 350);
    expect((await shared.client.download('RETR f')).toString()).toBe('456789');
    await shared.client.command('REST 4', 350);
    await shared.client.upload('STOR f', 'abc');
    expect(await shared.text('f')).toBe('0123abc');
    await shared.client.command('REST 8', 350);
    await shared.client.passive();
    await shared.client.command('RETR f', 554);
    await shared.client.command('REST 8', 350);
    await shared.client.passive();
    await shared.client.command('STOR f', 554);
    expect(await shared.text('f')).toBe('0123abc');
    for (const bad of ['-1', 'x', '1.5', '99999999999999999999'])
      await shared.client.command(`REST ${bad}`, 501);
    expect((await shared.client.download('RETR f')).toString()).toBe('0123abc');
  });

  test('APPE appends and makes, STOU takes a name of its own, ALLO is not needed', async () => {
    await shared.client.command('ALLO 10', 202);
    await shared.client.command('ALLO ten', 501);
    await shared.client.upload('APPE f', 'one ');
    await shared.client.upload('APPE f', 'two');
    expect(await shared.text('f')).toBe('one two');
    const names: string[] = [];
    for (const command of ['STOU', 'STOU f', 'STOU f']) {
      const data = await shared.client.passive();
      const { lines } = await shared.client.command(command, 150);
      names.push(/FILE: \/(.+)$/.exec(lines[0] ?? '')?.[1] ?? '');
      data.end('unique');
      await shared.client.expect(226);
    }
    expect(new Set(names).size).toBe(3);
    for (const name of names) expect(await shared.text(name)).toBe('unique');
  });

  test('active mode', async () => {
    await put(shared.fixture.vault, ['f'], 'active');
    const { server, port } = await RawClient.listen();
    await shared.client.command(`PORT 127,0,0,1,${port >> 8},${port & 255}`, 200);
    let incoming = once(server, 'connection');
    await shared.client.command('RETR f', 150);
    expect((await collect((await incoming)[0])).toString()).toBe('active');
    await shared.client.expect(226);
    await shared.client.command(`EPRT |1|127.0.0.1|${port}|`, 200);
    incoming = once(server, 'connection');
    await shared.client.command('STOR g', 150);
    (await incoming)[0].end('sent');
    await shared.client.expect(226);
    expect(await shared.text('g')).toBe('sent');
    server.close();
    await shared.client.command(`EPRT |1|127.0.0.1|${port}|`, 200);
    await shared.client.command('RETR f', 150);
    await shared.client.expect(425);
  });

  test('EPSV and PASV say what they should', async () => {
    await shared.client.command('EPSV 1', 229);
    await shared.client.command('EPSV 2', 522);
    await shared.client.command('EPSV x', 501);
    await shared.client.command('PASV', 227);
    await shared.client.command('EPSV ALL', 200);
    for (const refused of ['PASV', 'PORT 127,0,0,1,4,1', 'EPRT |1|127.0.0.1|1025|'])
      await shared.client.command(refused, 503);
    await shared.client.command('EPSV', 229);
  });

  test('the client may connect after the command, or not at all', async () => {
    await put(shared.fixture.vault, ['f'], 'late');
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
    await shared.client.command('TYPE A', 200);
    await shared.client.upload('STOR t', 'one\r\ntwo\nthree\rfour\r\r\n');
    expect(await shared.text('t')).toBe('one\ntwo\nthree\rfour\r\n');
    expect((await shared.client.download('RETR t')).toString()).toBe('one\r\ntwo\r\nthree\rfour\r\n');
    await shared.client.command('SIZE t', 550);
    await shared.client.command('REST 2', 350);
    await shared.client.passive();
    await shared.client.command('RETR t', 501);
    await shared.client.command('TYPE I', 200);
    expect((await shared.client.command('SIZE t', 213)).lines).toEqual(['213 20']);
    expect((await shared.client.download('RETR t')).toString()).toBe('one\ntwo\nthree\rfour\r\n');
  });

  test('TYPE, MODE, STRU', async () => {
    for (const type of ['A', 'a n', 'I', 'L 8']) await shared.client.command(`TYPE ${type}`, 200);
    for (const type of ['E', 'A T', 'L 7']) await shared.client.command(`TYPE ${type}`, 504);
    await shared.client.command('TYPE X', 501);
    await shared.client.command('MODE S', 200);
    await shared.client.command('MODE B', 504);
    await shared.client.command('STRU F', 200);
    await shared.client.command('STRU R', 504);
  });

  test('an upload stays invisible until it ends', async () => {
    await put(shared.fixture.vault, ['f'], 'old');
    const data = await shared.client.passive();
    await shared.client.command('STOR f', 150);
    data.write(BIG);
    expect(await shared.text('f')).toBe('old');
    data.end();
    await shared.client.expect(226);
    expect((await content(shared.fixture.vault, 'f')).equals(BIG)).toBe(true);
  });

  test('QUIT during an upload lets it end', async () => {
    const data = await shared.client.passive();
    await shared.client.command('STOR f', 150);
    data.write('part ');
    shared.client.send('QUIT\r\n');
    data.end('rest');
    await shared.client.expect(226);
    await shared.client.expect(221);
    expect(await shared.text('f')).toBe('part rest');
  });
});
