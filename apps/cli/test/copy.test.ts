import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ended, MAIN, until, Workspace } from './program.js';

/** A tree with what trees have. */
function makeTree(workspace: Workspace): string {
  const root = workspace.local('tree');
  for (const name of ['empty', 'deep/er/est', 'sp ace']) mkdirSync(join(root, name), { recursive: true });
  writeFileSync(join(root, 'zero'), '');
  writeFileSync(join(root, 'deep/er/est/random'), randomBytes(200_000));
  writeFileSync(join(root, 'sp ace', `quote"'\n👩‍🚀`), 'name');
  writeFileSync(join(root, 'é'.repeat(127)), 'long');
  symlinkSync('deep/er', join(root, 'link'));
  for (let index = 0; index < 20; index += 1) writeFileSync(join(root, 'deep', `f${index}`), `file ${index}`);
  chmodSync(join(root, 'zero'), 0o754);
  utimesSync(join(root, 'zero'), 1_000_000_000.25, 1_000_000_000.25);
  chmodSync(join(root, 'empty'), 0o500);
  utimesSync(join(root, 'empty'), 1_100_000_000, 1_100_000_000);
  utimesSync(join(root, 'deep/er'), 1_200_000_000, 1_200_000_000);
  return root;
}

/** Name, kind, mode, modification second and content of everything below a folder. */
function picture(root: string): unknown[] {
  return (readdirSync(root, { recursive: true }) as string[]).sort().map((name) => {
    const path = join(root, name);
    const status = lstatSync(path);
    if (status.isSymbolicLink()) return [name, readlinkSync(path)];
    const content = status.isFile() ? readFileSync(path).toString('base64') : 'directory';
    return [name, status.mode, Math.floor(status.mtimeMs), content];
  });
}

const parts = (folder: string): string[] => readdirSync(folder).filter((name) => name.endsWith('.part'));

describe('cp', () => {
  it('brings a tree into the vault and back unchanged, with times and modes', async () => {
    const workspace = await Workspace.create();
    const root = makeTree(workspace);
    const [up] = await workspace.json('cp', '-r', 'tree', 'vault:/');
    expect(up).toMatchObject({ files: 24, directories: 6, links: 1, failed: 0, skipped: 0 });
    await workspace.ok('cp', '-r', '--jobs', '1', 'vault:/tree', 'back');
    expect(picture(workspace.local('back'))).toEqual(picture(root));
    await workspace.ok('cp', '-r', 'vault:/tree', 'vault:/second');
    await workspace.ok('cp', '-r', 'vault:/second', 'back2');
    expect(picture(workspace.local('back2'))).toEqual(picture(root));
  });

  it('puts sources into a directory that is there, and names them otherwise', async () => {
    const workspace = await Workspace.create();
    workspace.file('a', 'A');
    workspace.file('b', 'B');
    await workspace.ok('mkdir', 'vault:/dir');
    await workspace.ok('cp', 'a', 'b', 'vault:/dir');
    await workspace.ok('cp', 'a', 'vault:/dir/renamed');
    expect(await workspace.run(['cp', 'a', 'b', 'vault:/none'])).toMatchObject({ status: 3 });
    expect(await workspace.run(['cp', 'a', 'vault:/none/x'])).toMatchObject({ status: 3 });
    await workspace.ok('cp', '--parents', 'a', 'vault:/new/parents/x');
    expect(await workspace.ok('ls', '-R')).toBe(
      'dir/\ndir/a\ndir/b\ndir/renamed\nnew/\nnew/parents/\nnew/parents/x\n',
    );
    mkdirSync(workspace.local('out'));
    await workspace.ok('cp', 'vault:/dir/a', 'vault:/dir/b', 'out');
    expect(readdirSync(workspace.local('out'))).toEqual(['a', 'b']);
    await workspace.ok('cp', '-r', 'vault:/', 'out');
    expect(readdirSync(workspace.local('out'))).toEqual(['a', 'b', 'dir', 'new']);
  });

  it('reads standard input and writes standard output', async () => {
    const workspace = await Workspace.create();
    const data = randomBytes(3_000_000);
    const put = await workspace.run(['cp', '-', 'vault:/piped'], { input: data });
    expect(put).toMatchObject({ status: 0, stdout: '' });
    await workspace.ok('cp', 'vault:/piped', 'file');
    expect(readFileSync(workspace.local('file')).equals(data)).toBe(true);
    await workspace.put('vault:/text', 'some text');
    expect(await workspace.ok('cp', 'vault:/text', '-')).toBe('some text');
    expect(await workspace.run(['cp', '-', 'vault:/'])).toMatchObject({ status: 2 });
  });

  it('reports one failure and goes on with the rest', async () => {
    const workspace = await Workspace.create();
    workspace.file('good', 'g');
    mkdirSync(workspace.local('d'));
    spawnSync('mkfifo', [workspace.local('d', 'pipe')]);
    writeFileSync(Buffer.concat([Buffer.from(`${workspace.local('d')}/bad`), Buffer.from([0xff])]), 'x');
    writeFileSync(workspace.local('d', 'fine'), 'f');
    const done = await workspace.run(['cp', '-r', '--json', 'missing', 'd', 'good', 'vault:/']);
    expect(done.status).toBe(1);
    expect(JSON.parse(done.stdout)).toMatchObject({ files: 2, failed: 2, skipped: 1 });
    expect(done.stderr).toContain('missing: no such file or directory');
    expect(done.stderr).toContain('not valid UTF-8');
    expect(await workspace.ok('ls', '-R')).toBe('d/\nd/fine\ngood\n');
  });

  it('writes into a device instead of replacing it', async () => {
    const workspace = await Workspace.create();
    await workspace.put('vault:/x', 'data');
    await workspace.ok('cp', 'vault:/x', '/dev/null');
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
  });

  it('does not write through a symbolic link below the target', async () => {
    const workspace = await Workspace.create();
    await workspace.put('vault:/tree/sub/file', 'from the vault');
    mkdirSync(workspace.local('elsewhere'));
    mkdirSync(workspace.local('tree'));
    symlinkSync(workspace.local('elsewhere'), workspace.local('tree', 'sub'));
    const done = await workspace.run(['cp', '-r', 'vault:/tree', '.']);
    expect(done.status).toBe(6);
    expect(done.stderr).toContain('nothing is written through it');
    expect(readdirSync(workspace.local('elsewhere'))).toEqual([]);
  });

  it('does not restore set-user-id', async () => {
    const workspace = await Workspace.create();
    chmodSync(workspace.file('tool', '#!'), 0o4755);
    await workspace.ok('cp', 'tool', 'vault:/tool');
    await workspace.ok('cp', 'vault:/tool', 'back');
    expect(statSync(workspace.local('back')).mode & 0o7777).toBe(0o755);
  });

  it('stops quietly when the reader goes away', async () => {
    const workspace = await Workspace.create();
    await workspace.put('vault:/big', Buffer.alloc(4_000_000));
    const script = `"${process.execPath}" "${MAIN}" cat vault:/big | head -c 1; echo " \${PIPESTATUS[0]}"`;
    const done = spawnSync('bash', ['-c', script], {
      env: { ...process.env, ...workspace.env },
      encoding: 'utf8',
    });
    expect(done.stdout.slice(1)).toBe(' 141\n');
    expect(done.stderr).toBe('');
  });
});

describe('a download that does not end well', () => {
  /** Damages the end of the largest object of the store. */
  function damage(store: string): void {
    const blobs = (readdirSync(join(store, 'blobs'), { recursive: true }) as string[])
      .map((name) => join(store, 'blobs', name))
      .filter((path) => statSync(path).isFile())
      .sort((a, b) => statSync(b).size - statSync(a).size);
    const [largest = ''] = blobs;
    truncateSync(largest, statSync(largest).size - 400_000);
  }

  it('leaves the old target when the vault is damaged, and names the damage', async () => {
    const workspace = await Workspace.create();
    await workspace.put('vault:/film', randomBytes(3_000_000));
    workspace.file('film', 'the old film');
    damage(workspace.store);
    const done = await workspace.run(['cp', 'vault:/film', 'film']);
    expect(done.status).toBe(5);
    expect(done.stderr).toContain('vault:/film');
    expect(readFileSync(workspace.local('film'), 'utf8')).toBe('the old film');
    expect(parts(workspace.path)).toEqual([]);
    const check = await workspace.run(['check', '--read-data', '--json']);
    expect(check.status).toBe(5);
    const { problems } = JSON.parse(check.stdout) as { problems: { path: string }[] };
    expect(new Set(problems.map(({ path }) => path))).toEqual(new Set(['/film']));
  });

  it.each([
    ['SIGINT', 130, 0],
    ['SIGHUP', 130, 0],
    ['SIGKILL', null, 1],
  ] as const)('leaves the old target on %s', async (signal, status, left) => {
    const workspace = await Workspace.create();
    writeFileSync(workspace.local('large'), Buffer.alloc(160 * 2 ** 20, 'x'));
    await workspace.ok('cp', 'large', 'vault:/film');
    workspace.file('film', 'the old film');
    const child = workspace.start(['cp', 'vault:/film', 'film']);
    const end = ended(child);
    await until('the download', () => parts(workspace.path).length > 0);
    child.kill(signal);
    expect((await end).status).toBe(status);
    expect(readFileSync(workspace.local('film'), 'utf8')).toBe('the old film');
    expect(parts(workspace.path)).toHaveLength(left);
  });
});

describe('an upload that does not end well', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 130],
    ['SIGHUP', 130],
    ['SIGKILL', null],
  ] as const)('leaves the old version on %s', async (signal, status) => {
    const workspace = await Workspace.create();
    await workspace.put('vault:/film', 'the old film');
    const child = workspace.start(['cp', '-', 'vault:/film'], { input: Buffer.alloc(500_000), open: true });
    const end = ended(child);
    await until('reading', () => child.stdin?.writableLength === 0);
    child.kill(signal);
    expect((await end).status).toBe(status);
    expect(await workspace.ok('cat', 'vault:/film')).toBe('the old film');
  });

  it('leaves the old version when Ctrl-C ends the whole pipeline', async () => {
    const workspace = await Workspace.create();
    await workspace.put('vault:/film', 'the old film');
    const reading = workspace.local('reading');
    // More than a pipe holds: the mark is made when the program has begun to read.
    const script = `{ head -c 300000 /dev/zero; touch '${reading}'; exec sleep 100; } | exec '${process.execPath}' '${MAIN}' cp - vault:/film`;
    const pipeline = spawn('bash', ['-c', script], {
      env: { PATH: process.env.PATH, ...workspace.env },
      stdio: 'ignore',
      detached: true,
    });
    const end = new Promise((resolve) => pipeline.on('close', resolve));
    await until('reading', () => existsSync(reading));
    process.kill(-(pipeline.pid ?? Number.NaN), 'SIGINT');
    await end;
    expect(await workspace.ok('cat', 'vault:/film')).toBe('the old film');
  });
});
