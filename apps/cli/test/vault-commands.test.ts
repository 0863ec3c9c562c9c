import { describe, expect, it } from 'vitest';
import { fingerprint, Workspace } from './program.js';

describe('init', () => {
  it('makes a vault once', async () => {
    const workspace = new Workspace();
    const made = await workspace.run(['init', '--json']);
    expect(made.status).toBe(0);
    expect(JSON.parse(made.stdout)).toMatchObject({ vault: workspace.store, padding: 'none' });
    const before = fingerprint(workspace.store);
    const again = await workspace.run(['init']);
    expect(again.status).toBe(6);
    expect(again.stderr).toContain('holds a vault already; nothing was changed');
    expect(fingerprint(workspace.store)).toBe(before);
    // Before it asks for a passphrase, of which there is none here.
    const silent = await workspace.run(['init'], { env: { LATCHKEY_PASSPHRASE: undefined } });
    expect(silent.status).toBe(6);
    expect(silent.stderr).toContain('holds a vault already; nothing was changed');
  });

  it('refuses a weak passphrase before it makes anything, unless told', async () => {
    const workspace = new Workspace();
    const env = { LATCHKEY_PASSPHRASE: 'password' };
    const refused = await workspace.run(['init'], { env });
    expect(refused.status).toBe(6);
    expect(refused.stderr).toContain('too weak: it has fewer than 12 characters');
    expect(await workspace.run(['ls'], { env })).toMatchObject({ status: 3 });
    expect(await workspace.run(['init', '--allow-weak'], { env })).toMatchObject({ status: 0 });
    expect(await workspace.run(['ls'], { env })).toMatchObject({ status: 0 });
  });

  it('leaves a directory alone that holds something else', async () => {
    const workspace = new Workspace();
    workspace.file('precious', 'x');
    const done = await workspace.run(['init', workspace.path]);
    expect(done.status).not.toBe(0);
    expect(done.stderr).toContain('is not empty, and holds no vault');
  });

  it('takes the cost of the passphrase and the padding', async () => {
    const workspace = await Workspace.create('--kdf-passes', '4', '--kdf-lanes', '1', '--padding', 'padme');
    const [info] = await workspace.json('info');
    expect(info).toMatchObject({
      padding: 'padme',
      slots: [{ type: 'passphrase', memoryKiB: 65_536, passes: 4, lanes: 1 }],
    });
    expect(await workspace.run(['init', '--kdf-memory', '1MiB'])).toMatchObject({ status: 2 });
  });
});

describe('commands on the tree', () => {
  it('make, list, move, copy, show and remove', async () => {
    const workspace = await Workspace.create();
    await workspace.ok('mkdir', '-p', 'vault:/photos/2026');
    await workspace.put('vault:/photos/b.txt', 'bee');
    await workspace.put('vault:/photos/a.txt', 'hello');
    await workspace.ok('ln', '-s', 'a.txt', 'vault:/photos/link');
    expect(await workspace.ok('ls', 'vault:/photos')).toBe('2026/\na.txt\nb.txt\nlink\n');
    expect(await workspace.ok('ls', '-l', 'vault:/photos')).toMatch(
      /-rw-r--r-- +5 \d{4}-\d\d-\d\d \d\d:\d\d a\.txt\n/,
    );
    expect(await workspace.ok('ls', '-l', 'vault:/photos')).toContain('link -> a.txt\n');
    await workspace.ok('mv', 'vault:/photos/b.txt', 'vault:/photos/a.txt', 'vault:/photos/2026');
    await workspace.ok('mv', 'vault:/photos', 'vault:/pictures');
    await workspace.ok('cp', 'vault:/pictures/2026/a.txt', 'vault:/copy.txt');
    expect(await workspace.ok('ls', '-R')).toBe(
      'copy.txt\npictures/\npictures/2026/\npictures/2026/a.txt\npictures/2026/b.txt\npictures/link\n',
    );
    expect(await workspace.ok('cat', 'vault:/copy.txt', 'vault:/pictures/2026/b.txt')).toBe('hellobee');
    const [entry] = await workspace.json('stat', 'vault:/copy.txt', '--digest', 'md5');
    expect(entry).toMatchObject({
      path: '/copy.txt',
      kind: 'file',
      size: 5,
      md5: '5d41402abc4b2a76b9719d911017c592',
    });
    await workspace.ok('rm', '-r', 'vault:/pictures');
    await workspace.ok('rm', '-f', 'vault:/copy.txt', 'vault:/never-was');
    expect(await workspace.json('ls')).toEqual([]);
  });

  it('cat gives ranges, through links', async () => {
    const workspace = await Workspace.create();
    await workspace.put('vault:/d/digits', '0123456789');
    await workspace.ok('ln', '-s', 'd/digits', 'vault:/link');
    expect(await workspace.ok('cat', '--range', '2-4', 'vault:/link')).toBe('234');
    expect(await workspace.ok('cat', '--range', '8-', 'vault:/d/digits')).toBe('89');
    expect(await workspace.ok('cat', '--range=-3', 'vault:/d/digits')).toBe('789');
    await workspace.ok('ln', '-s', 'loop', 'vault:/loop');
    expect(await workspace.run(['cat', 'vault:/loop'])).toMatchObject({ status: 6 });
  });

  it('fail with their own exit codes and change nothing', async () => {
    const workspace = await Workspace.create();
    await workspace.put('vault:/dir/file', 'x');
    const cases: [string[], number][] = [
      [['ls', 'vault:/nope'], 3],
      [['cat', 'vault:/nope'], 3],
      [['rm', 'vault:/nope'], 3],
      [['rm', 'vault:/dir'], 6],
      [['mkdir', 'vault:/dir'], 6],
      [['mkdir', 'vault:/a/b'], 3],
      [['mv', 'vault:/dir', 'vault:/dir/sub'], 6],
      [['mv', 'vault:/nope', 'vault:/x'], 3],
      [['cat', 'vault:/dir'], 6],
      [['cp', 'vault:/dir', 'out'], 6],
      [['cp', '-r', 'vault:/dir', 'vault:/dir/sub'], 6],
      [['mv', '-n', 'vault:/dir/file', 'vault:/dir/file2', 'vault:/nope/'], 3],
    ];
    const before = await workspace.ok('ls', '-R', '--json');
    for (const [args, status] of cases) {
      const done = await workspace.run(args);
      expect({ args, status: done.status, stdout: done.stdout }).toEqual({ args, status, stdout: '' });
      expect(done.stderr).toMatch(/^latchkey: .+\n(hint: .+\n)?$/);
    }
    expect(await workspace.ok('ls', '-R', '--json')).toBe(before);
  });

  it('mv -n keeps the file that is there, mv replaces it', async () => {
    const workspace = await Workspace.create();
    await workspace.put('vault:/a', 'new');
    await workspace.put('vault:/b', 'old');
    expect(await workspace.run(['mv', '-n', 'vault:/a', 'vault:/b'])).toMatchObject({ status: 6 });
    expect(await workspace.ok('cat', 'vault:/b')).toBe('old');
    await workspace.ok('mv', 'vault:/a', 'vault:/b');
    expect(await workspace.ok('cat', 'vault:/b')).toBe('new');
  });

  it('print hostile names harmlessly, and raw in JSON', async () => {
    const workspace = await Workspace.create();
    const name = 'evil\u001b]0;title\u0007\nname';
    await workspace.put(`vault:/${name}`, 'x');
    expect(await workspace.ok('ls')).toBe('evil\\x1b]0;title\\x07\\nname\n');
    expect(await workspace.json('ls')).toMatchObject([{ name, path: `/${name}` }]);
    const missing = await workspace.run(['cat', `vault:/no${name}`]);
    expect(missing.stderr).not.toContain('\u001b');
  });
});

describe('check and gc', () => {
  it('find nothing wrong with a healthy vault and free what was removed', async () => {
    const workspace = await Workspace.create();
    await workspace.put('vault:/big', Buffer.alloc(300_000, 7));
    const [report] = await workspace.json('check', '--read-data');
    expect(report).toMatchObject({ files: 1, bytes: 300_000, problems: [] });
    await workspace.ok('rm', 'vault:/big');
    const [collected] = await workspace.json('gc', '--now', '--dead-after', '0s');
    expect(collected).toHaveProperty('deleted');
    expect(await workspace.run(['check'])).toMatchObject({ status: 0 });
  });
});
