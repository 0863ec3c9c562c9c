import { createHash, randomBytes } from 'node:crypto';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Fixture, startFixture, USER, until } from './support/fixture.js';
import * as programs from './support/programs.js';

const { needs } = programs;

const BIG_BYTES = 24 * 1024 * 1024 + 17;

/** Names that trip up clients and servers. */
const NAMES = [
  'plain',
  'with space',
  "it's",
  'quo"te',
  'ünï-🗝️',
  '-dash',
  'x'.repeat(250),
  '#hash',
  'per%cent',
];

let fixture: Fixture;
let big: Buffer;

const local = (...names: string[]): string => join(fixture.directory, ...names);
const remote = (path: string): string => `${USER}@127.0.0.1:${path}`;

async function content(...path: string[]): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of fixture.vault.read(path)) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** An empty local directory of that name. */
function fresh(name: string): string {
  const path = local(`${name}-${randomBytes(4).toString('hex')}`);
  mkdirSync(path);
  return path;
}

/** A small tree with all the names and two empty places. */
function makeTree(): string {
  const root = fresh('tree');
  mkdirSync(join(root, 'deep', 'er', 'est'), { recursive: true });
  mkdirSync(join(root, 'empty'));
  for (const name of NAMES) writeFileSync(join(root, name), `content of ${name}`);
  for (const name of NAMES) writeFileSync(join(root, 'deep', 'er', 'est', name), randomBytes(3_000));
  writeFileSync(join(root, 'zero'), '');
  return root;
}

function sameTree(one: string, two: string): void {
  const names = readdirSync(one).sort();
  expect(readdirSync(two).sort()).toEqual(names);
  for (const name of names) {
    const [a, b] = [join(one, name), join(two, name)];
    if (statSync(a).isDirectory()) sameTree(a, b);
    else expect(readFileSync(a).equals(readFileSync(b))).toBe(true);
  }
}

beforeAll(async () => {
  fixture = await startFixture({ limits: { rekeyBytes: 4_000_000 } });
  big = randomBytes(BIG_BYTES);
  writeFileSync(local('big'), big);
});
afterAll(() => fixture.close());
beforeEach(async () => {
  for await (const entry of fixture.vault.entries([]))
    await fixture.vault.remove([entry.name], { recursive: true });
});

describe('OpenSSH sftp', () => {
  test('put, get, ls, df, rename, links, permissions; status 0', async (context) => {
    needs(context, 'sftp', ['-h']);
    const { code, stdout, stderr } = await programs.sftp(fixture, [
      'mkdir d',
      `put ${local('big')} d/big`,
      `get d/big ${local('back')}`,
      'rename d/big d/moved',
      'ln -s moved d/link',
      'ls -la d',
      'df -h',
      'chmod 640 d/moved',
      'cd d',
      'pwd',
      `get link ${local('through-link')}`,
      'copy moved copied',
      'rm moved',
      'ls',
    ]);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(readFileSync(local('back')).equals(big)).toBe(true);
    expect(readFileSync(local('through-link')).equals(big)).toBe(true);
    expect((await content('d', 'copied')).equals(big)).toBe(true);
    expect(stdout).toMatch(/^-rw-.* owner +owner +25165841 .* d\/moved$/m);
    expect(stdout).toContain('Remote working directory: /d');
    expect(fixture.vault.openHandles).toBe(0);
  });

  test('directories both ways, with times and permissions', async (context) => {
    needs(context, 'sftp', ['-h']);
    const tree = makeTree();
    utimesSync(join(tree, 'plain'), 1_000_000_000, 1_234_567_890);
    const back = fresh('back');
    const outcome = await programs.sftp(fixture, [`put -Rp ${tree} /t`, `get -Rp /t ${back}/t`]);
    expect(outcome.stderr).toBe('');
    expect(outcome.code).toBe(0);
    sameTree(tree, join(back, 't'));
    expect((await fixture.vault.stat(['t', 'plain'])).modified.seconds).toBe(1_234_567_890);
    expect(statSync(join(back, 't', 'plain')).mtimeMs).toBe(1_234_567_890_000);
  });

  test('resumes both ways', async (context) => {
    needs(context, 'sftp', ['-h']);
    await fixture.vault.write(['half'], big.subarray(0, 5_000_000));
    writeFileSync(local('part'), big.subarray(0, 7_000_000));
    const outcome = await programs.sftp(fixture, [
      `reput ${local('big')} half`,
      `reget half ${local('part')}`,
    ]);
    expect(outcome.code).toBe(0);
    expect((await content('half')).equals(big)).toBe(true);
    expect(readFileSync(local('part')).equals(big)).toBe(true);
  });

  test('ends with status 1 when a command fails', async (context) => {
    needs(context, 'sftp', ['-h']);
    expect((await programs.sftp(fixture, ['get /none /dev/null'])).code).toBe(1);
    expect((await programs.sftp(fixture, ['rmdir /none'])).code).toBe(1);
    expect((await programs.sftp(fixture, ['pwd'])).code).toBe(0);
  });

  test('keys are exchanged anew in the middle of transfers', async (context) => {
    needs(context, 'sftp', ['-h']);
    const batch = [`put ${local('big')} big`, `get big ${local('rekeyed')}`];
    const { code, stderr } = await programs.sftp(fixture, batch, ['-v']);
    expect(code).toBe(0);
    expect(readFileSync(local('rekeyed')).equals(big)).toBe(true);
    expect(stderr.match(/SSH2_MSG_NEWKEYS received/g)?.length).toBeGreaterThan(5);
  });

  test('gets the fast cipher, and another if it insists, at the second try', async (context) => {
    needs(context, 'sftp', ['-h']);
    const usual = await programs.sftp(fixture, ['pwd'], ['-v']);
    expect(usual.stderr).toContain('kex: server->client cipher: aes128-gcm@openssh.com');
    const other = await startFixture();
    const first = await programs.sftp(other, ['pwd'], ['-c', 'aes256-ctr']);
    expect(first.stderr).toContain('no matching cipher');
    const second = await programs.sftp(other, [`put ${local('big')} big`], ['-v', '-c', 'aes256-ctr']);
    expect(second.code).toBe(0);
    expect(second.stderr).toContain('MAC: hmac-sha2-256-etm@openssh.com');
    const third = await programs.sftp(
      other,
      [`get big /dev/null`],
      ['-v', '-c', 'chacha20-poly1305@openssh.com'],
    );
    expect(third.code).toBe(0);
    await other.close();
  });

  test('killed in the middle of an upload it leaves a draft and the old content', async (context) => {
    needs(context, 'sftp', ['-h']);
    await fixture.vault.write(['big'], Buffer.from('old'));
    writeFileSync(local('batch'), `put ${local('big')} big\n`);
    let writes = 0;
    fixture.vault.beforeWrite = () => {
      writes += 1;
    };
    let open = (): void => {};
    // The vault takes no data until the client is gone, so that it cannot have finished.
    fixture.vault.gate = new Promise((resolve) => {
      open = resolve;
    });
    const args = [
      '-P',
      String(fixture.port),
      ...programs.sshOptions(fixture),
      '-b',
      local('batch'),
      `${USER}@127.0.0.1`,
    ];
    await programs.killWhen('sftp', args, () => writes > 0);
    open();
    fixture.vault.gate = undefined;
    fixture.vault.beforeWrite = () => {};
    await until(() => fixture.vault.openHandles === 0, 'the upload to be abandoned');
    expect((await content('big')).toString()).toBe('old');
    expect(fixture.vault.abandoned).toContain('big');
  });
});

describe('OpenSSH scp and ssh', () => {
  test('scp copies files and trees both ways', async (context) => {
    needs(context, 'scp', ['-h']);
    const tree = makeTree();
    const back = fresh('back');
    expect(await programs.scp(fixture, local('big'), remote('/big'))).toMatchObject({ code: 0, stderr: '' });
    expect(await programs.scp(fixture, remote('/big'), local('scp-back'))).toMatchObject({ code: 0 });
    expect(readFileSync(local('scp-back')).equals(big)).toBe(true);
    expect(await programs.scp(fixture, '-rp', tree, remote('/tree'))).toMatchObject({ code: 0 });
    expect(await programs.scp(fixture, '-rp', remote('/tree'), back)).toMatchObject({ code: 0 });
    sameTree(tree, join(back, 'tree'));
    expect((await programs.scp(fixture, remote('/none'), local('none'))).code).toBe(1);
  });

  test('the legacy protocol is refused in words', async (context) => {
    needs(context, 'scp', ['-h']);
    const up = await programs.scp(fixture, '-O', local('big'), remote('/x'));
    expect(up.code).toBe(1);
    expect(up.stderr).toContain('legacy scp protocol is not supported');
    const down = await programs.scp(fixture, '-O', remote('/x'), local('x'));
    expect(down.code).toBe(1);
    expect(down.stderr).toContain('legacy scp protocol is not supported');
  });

  test('commands answer as a shell would', async (context) => {
    needs(context, 'ssh', ['-V']);
    await fixture.vault.write(["it's a file"], Buffer.from('abc\n'));
    await fixture.vault.symlink("it's a file", ['link']);
    const digest = (algorithm: string): string => createHash(algorithm).update('abc\n').digest('hex');
    const cases: readonly (readonly [command: string, status: number, stdout: string])[] = [
      ["md5sum 'it'\\''s a file'", 0, `${digest('md5')}  it's a file\n`],
      ['sha1sum "/it\'s a file"', 0, `${digest('sha1')}  /it's a file\n`],
      ['sha256sum link', 0, `${digest('sha256')}  link\n`],
      ["echo 'abc' | md5sum", 0, `${digest('md5')}  -\n`],
      ['crc32 link', 0, '4788814e  link\n'],
      ['sha256sum none', 1, ''],
      ['pwd', 0, '/\n'],
      [
        'df -k /',
        0,
        'Filesystem 1024-blocks Used Available Capacity Mounted on\nlatchkey 1024000 614400 409600 60% /\n',
      ],
      ['rm -rf /', 127, ''],
      ['md5sum link; id', 2, ''],
    ];
    for (const [command, code, stdout] of cases) {
      expect(await programs.ssh(fixture, command), command).toMatchObject({ code, stdout });
    }
    const piped = await programs.ssh(fixture, 'sha256sum', 'from standard input');
    expect(piped.stdout).toBe(`${createHash('sha256').update('from standard input').digest('hex')}  -\n`);
    expect((await programs.ssh(fixture, 'id')).stderr).toContain('command not found');
    expect(fixture.vault.stat(['link'])).toBeDefined();
  });

  test('a host key that is not the known one is refused by the client', async (context) => {
    needs(context, 'sftp', ['-h']);
    const other = await startFixture();
    const outcome = await programs.sftp({ ...fixture, port: other.port }, ['pwd']);
    expect(outcome.code).toBe(255);
    await other.close();
  });
});

describe('rclone', () => {
  test('copy, check with hashes, lsf, move, sync, about', async (context) => {
    needs(context, 'rclone', ['version']);
    const tree = makeTree();
    writeFileSync(join(tree, 'big'), big);
    expect(await programs.rclone(fixture, 'copy', '--links', tree, ':sftp:/t')).toMatchObject({ code: 0 });
    const check = await programs.rclone(fixture, 'check', '-v', tree, ':sftp:/t');
    expect(check.code).toBe(0);
    expect(check.stderr).toContain('Using md5 for hash comparisons');
    expect(check.stderr).not.toContain('hashes could not be checked');
    const listed = await programs.rclone(fixture, 'lsf', ':sftp:/t');
    expect(listed.stdout.split('\n').sort()).toEqual(['', ...NAMES, 'big', 'zero', 'deep/'].sort());
    expect(await programs.rclone(fixture, 'moveto', ':sftp:/t/big', ':sftp:/moved')).toMatchObject({
      code: 0,
    });
    expect((await content('moved')).equals(big)).toBe(true);
    expect(await programs.rclone(fixture, 'sync', ':sftp:/t/deep', fresh('sync'))).toMatchObject({ code: 0 });
    const cat = await programs.rclone(fixture, 'hashsum', 'sha1', '--download', ':sftp:/moved');
    expect(cat.stdout).toContain(createHash('sha1').update(big).digest('hex'));
    expect((await programs.rclone(fixture, 'about', ':sftp:/')).stdout).toMatch(/Free: +400 ?Mi/);
    expect(await programs.rclone(fixture, 'purge', ':sftp:/t')).toMatchObject({ code: 0 });
    expect((await programs.rclone(fixture, 'lsf', ':sftp:/')).stdout).toBe('moved\n');
    expect(fixture.vault.openHandles).toBe(0);
  });

  test('keeps times', async (context) => {
    needs(context, 'rclone', ['version']);
    const directory = fresh('times');
    writeFileSync(join(directory, 'f'), 'x');
    utimesSync(join(directory, 'f'), 1_111_111_111, 1_111_111_111);
    expect(await programs.rclone(fixture, 'copy', directory, ':sftp:/times')).toMatchObject({ code: 0 });
    expect((await fixture.vault.stat(['times', 'f'])).modified.seconds).toBe(1_111_111_111);
  });
});

describe('lftp', () => {
  test('mirror both ways, put, get, resume, rename, list', async (context) => {
    needs(context, 'lftp');
    const tree = makeTree();
    symlinkSync('plain', join(tree, 'link'));
    const back = fresh('back');
    writeFileSync(local('lftp-part'), big.subarray(0, 3_000_000));
    const { code, stdout, stderr } = await programs.lftp(
      fixture,
      `mirror -R ${tree} /m`,
      `mirror /m ${back}`,
      `put ${local('big')} -o /big`,
      `get -c /big -o ${local('lftp-part')}`,
      'mv /big /renamed',
      'cls -l /renamed',
      'chmod 600 /renamed',
      'rm -r /m/deep',
    );
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toContain('25165841');
    expect(readFileSync(local('lftp-part')).equals(big)).toBe(true);
    expect((await fixture.vault.stat(['renamed'])).mode).toBe(0o600);
    expect(await fixture.vault.readlink(['m', 'link'])).toBe('plain');
    sameTree(tree, back);
  });
});

describe('paramiko', () => {
  test('with a password: prefetched reads, pipelined writes, append, attributes, links', async (context) => {
    const python = programs.pythonWithParamiko();
    if (python === undefined) return needs(context, 'python3 with paramiko', []);
    const outcome = await programs.paramiko(
      fixture,
      python,
      `
data = open(${JSON.stringify(local('big'))}, 'rb').read()
sftp.putfo(io.BytesIO(data), '/big')
assert sftp.stat('/big').st_size == len(data)
out = io.BytesIO(); sftp.getfo('/big', out); assert out.getvalue() == data
with sftp.open('/big', 'rb') as f:
    assert f.readv([(0, 10), (5000000, 70000), (len(data) - 5, 100)]).__next__() == data[:10]
with sftp.open('/log', 'w') as f:
    f.set_pipelined(True)
    for i in range(500): f.write('line %d\\n' % i)
with sftp.open('/log', 'a') as f: f.write('end\\n')
assert sftp.open('/log').read().endswith(b'line 499\\nend\\n')
with sftp.open('/log', 'r+') as f:
    f.seek(5); f.write('X')
assert sftp.open('/log').read(7) == b'line X\\n'
sftp.truncate('/log', 4); assert sftp.open('/log').read() == b'line'
sftp.utime('/log', (5, 1000)); assert sftp.stat('/log').st_mtime == 1000
sftp.chmod('/log', 0o600); assert stat.S_IMODE(sftp.stat('/log').st_mode) == 0o600
sftp.mkdir('/d'); sftp.symlink('/log', '/d/l'); assert sftp.readlink('/d/l') == '/log'
assert sftp.stat('/d/l').st_size == 4 and stat.S_ISLNK(sftp.lstat('/d/l').st_mode)
assert sorted(sftp.listdir('/')) == ['big', 'd', 'log']
try: sftp.rename('/log', '/big'); raise SystemExit('renamed over')
except IOError: pass
sftp.posix_rename('/log', '/big'); assert sftp.stat('/big').st_size == 4
try: sftp.open('/none'); raise SystemExit('opened')
except FileNotFoundError: pass
try: sftp.open('/big', 'x'); raise SystemExit('made twice')
except IOError: pass
names = ['entry-%04d' % i for i in range(700)]
for n in names: sftp.open('/d/' + n, 'w').close()
assert sorted(sftp.listdir('/d')) == sorted(names + ['l'])
assert [a.filename for a in sftp.listdir_iter('/d')].__len__() == 701
sftp.remove('/d/l')
for n in names: sftp.remove('/d/' + n)
sftp.rmdir('/d')
assert sftp.normalize('.') == '/'
print('fine')
`,
    );
    expect(outcome.stderr).toBe('');
    expect(outcome).toMatchObject({ code: 0, stdout: 'fine\n' });
    expect(fixture.vault.openHandles).toBe(0);
  });
});
