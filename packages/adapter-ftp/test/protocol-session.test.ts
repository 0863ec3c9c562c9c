import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../src/commands/registry.js';
import { put, startFixture } from './support/fixture.js';
import { RawClient } from './support/raw-client.js';
import { shareFixture } from './support/shared.js';

const shared = shareFixture();

describe('information', () => {
  test('FEAT lists what there is and nothing else', async () => {
    const { lines } = await shared.client.command('FEAT', 211);
    const features = lines.slice(1, -1).map((line) => line.trim());
    expect(lines.slice(1, -1).every((line) => /^ \S/.test(line))).toBe(true);
    for (const feature of features) {
      const verb = feature.split(' ')[0] ?? '';
      if (verb !== 'TVFS' && verb !== 'UTF8') expect(Object.keys(COMMANDS)).toContain(verb);
    }
    expect(features).toEqual(
      expect.arrayContaining(['REST STREAM', 'TVFS', 'EPSV', 'UTF8', 'MFMT', 'MFCT', 'AUTH TLS']),
    );
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
    await shared.client.command('OPTS HASH md5', 200);
    await shared.client.command('OPTS MLST size;nonsense;Modify;', 200);
    const features = (await shared.client.command('FEAT', 211)).lines.join('\n');
    expect(features).toContain('MD5*');
    expect(features).toContain('MLST type;size*;modify*;create;');
    await put(shared.fixture.vault, ['f'], 'abc');
    expect((await shared.client.command('MLST f', 250)).lines[1]).toMatch(/^ size=3;modify=\d{14}; \/f$/);
    expect((await shared.client.command('OPTS MLST', 200)).lines).toEqual(['200 MLST OPTS']);
    expect((await shared.client.command('MLST f', 250)).lines[1]).toBe('  /f');
    await shared.client.command('OPTS UTF8 ON', 200);
    await shared.client.command('OPTS utf8', 200);
    await shared.client.command('OPTS UTF8 OFF', 504);
    await shared.client.command('OPTS NOTHING', 501);
    await shared.client.command('OPTS HASH CRC-0', 501);
    await shared.client.command('OPTS', 501);
  });

  test('SYST, HELP, NOOP, STAT, CLNT, ACCT', async () => {
    expect((await shared.client.command('SYST', 215)).lines[0]).toContain('UNIX Type: L8');
    expect((await shared.client.command('HELP', 214)).lines.join(' ')).toContain('XSHA256');
    expect((await shared.client.command('HELP retr', 214)).lines[0]).toContain('RETR <path>');
    expect((await shared.client.command('HELP SITE CHMOD', 214)).lines[0]).toContain('SITE CHMOD');
    await shared.client.command('HELP NOTHING', 502);
    await shared.client.command('NOOP', 200);
    expect((await shared.client.command('STAT', 211)).lines.join('\n')).toContain('logged in as ada');
    await shared.client.command('CLNT device 1.0', 200);
    await shared.client.command('ACCT x', 202);
  });

  test('every command refuses a missing or superfluous argument as RFC 959 says', async () => {
    for (const [verb, { argument }] of Object.entries(COMMANDS)) {
      if (argument === 'required') await shared.client.command(verb, 501);
      if (argument === 'none') await shared.client.command(`${verb} superfluous`, 501);
    }
    await shared.client.command('WHAT', 500);
    await shared.client.command('SMNT x', 502);
    await shared.client.command('', 500);
    await shared.client.command(' NOOP', 500);
    await shared.client.command('NOOP', 200);
  });

  test('before the login only what has to be', async () => {
    const other = await shared.fixture.connect();
    for (const [verb, { beforeLogin }] of Object.entries(COMMANDS)) {
      if (beforeLogin !== true) await other.command(`${verb} x`, 530);
    }
  });
});

describe('login', () => {
  test('USER begins anew, REIN ends, wrong passwords and wrong order get their codes', async () => {
    const other = await shared.fixture.connect();
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
    const other = await shared.fixture.connect();
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
