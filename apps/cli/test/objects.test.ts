import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { nodeProvider } from '@latchkey/encryption/node';
import { FileStore } from '@latchkey/store-file';
import { type ObjectSession, Vault } from '@latchkey/vault';
import { describe, expect, it } from 'vitest';
import { PASSPHRASE, Workspace } from './program.js';

/** Keys below the bucket `b` that only S3 sees, and `a/x` and `plain`, which everybody does. */
const UNSEEN = ['a', 'a//y', 'a/', 'a//z/z', 'a//z', 'q/w'];
const SEEN = ['a/x', 'plain', 'q/w/e', 'a-b'];

async function inVault<T>(workspace: Workspace, act: (session: ObjectSession) => Promise<T>): Promise<T> {
  const store = await FileStore.open({ root: workspace.store, durability: 'relaxed' });
  const vault = await Vault.open({ store, provider: nodeProvider, passphrase: PASSPHRASE });
  try {
    return await act(vault.session());
  } finally {
    await vault.close();
  }
}

/** Each object has its key for content, metadata and an ETag. */
async function withObjects(): Promise<Workspace> {
  const workspace = await Workspace.create();
  await inVault(workspace, async (session) => {
    await session.mkdir(['b']);
    for (const key of [...UNSEEN, ...SEEN])
      await session.writeObject(['b', ...key.split('/')], Buffer.from(key), {
        existing: 1,
        attributes: { metadata: new Map([['key', key]]), tags: new Map([['t', key]]), mode: 0o640 },
        describe: () => ({ contentType: 'text/x', etag: `e-${key}`, appendix: Buffer.from(key.repeat(200)) }),
      });
    await session.makeMarker(['b', 'a', '', 'kept'], { existing: 1 });
  });
  return workspace;
}

async function objects(session: ObjectSession, path: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const entry of (await session.listObjects(path)).entries) {
    if (entry.kind === 'file') found.push(entry.name);
    if (entry.kind === 'directory') {
      const below = await objects(session, [...path, entry.name]);
      found.push(...(entry.explicit && below.length === 0 ? [`${entry.name}/`] : []));
      found.push(...below.map((name) => `${entry.name}/${name}`));
    }
  }
  return found.sort();
}

const ALL = [...UNSEEN, ...SEEN, 'a//kept/'].sort();

describe('objects that file protocols do not see', () => {
  it('are listed', async () => {
    const workspace = await withObjects();
    const { stdout } = await workspace.run(['ls', '-R', 'vault:/b']);
    const shown = stdout.trim().split('\n');
    expect(shown.filter((line) => !line.endsWith('/') || line === 'a/').sort()).toEqual(
      [...UNSEEN, ...SEEN, 'a/'].sort(),
    );
  });

  it.each([
    ['into a directory that is there', ['mkdir', 'vault:/c'], 'vault:/c', ['c', 'b']],
    ['under a new name', ['mkdir', 'vault:/other'], 'vault:/c', ['c']],
  ])('are copied inside the vault: %s', async (_what, before, target, at) => {
    const workspace = await withObjects();
    await workspace.ok(...before);
    const [summary] = await workspace.json('cp', '-r', 'vault:/b', target);
    expect(summary).toMatchObject({ files: ALL.length - 1, failed: 0, leftBehind: 0 });
    await inVault(workspace, async (session) => {
      expect(await objects(session, ['b'])).toEqual(ALL);
      expect(await objects(session, at)).toEqual(ALL);
      for (const key of [...UNSEEN, ...SEEN]) {
        const reader = await session.openObject([...at, ...key.split('/')]);
        const pieces: Uint8Array[] = [];
        for await (const piece of reader.stream()) pieces.push(piece);
        expect(Buffer.concat(pieces).toString()).toBe(key);
        const { metadata, tags, mode, contentType, etag, appendix } = reader.entry;
        expect([...metadata, ...tags]).toEqual([
          ['key', key],
          ['t', key],
        ]);
        expect([mode, contentType, etag, appendix?.size]).toEqual([
          0o640,
          'text/x',
          `e-${key}`,
          key.length * 200,
        ]);
        await reader.close();
      }
    });
    expect((await workspace.run(['check', '--read-data'])).status).toBe(0);
  });

  it('are named, counted and left behind by a download, which takes all else', async () => {
    const workspace = await withObjects();
    const { status, stdout, stderr } = await workspace.run(['cp', '-r', '--json', 'vault:/b', 'here']);
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      files: SEEN.length,
      failed: 0,
      leftBehind: UNSEEN.length + 1,
    });
    for (const key of [...UNSEEN, 'a//kept/'])
      expect(stderr).toContain(`vault:/b/${key} is an object of S3 that has no place in a local file system`);
    expect(stderr).toContain(`${UNSEEN.length + 1} objects were left behind\n`);
    for (const key of SEEN) expect(readFileSync(workspace.local(`here/${key}`), 'utf8')).toBe(key);
    expect((readdirSync(workspace.local('here'), { recursive: true }) as string[]).sort()).toEqual(
      [...SEEN, 'a', 'q', 'q/w'].sort(),
    );
    expect((await workspace.run(['cp', '-r', 'vault:/b/q/w', 'other'])).status).toBe(0);
    const quiet = await workspace.run(['cp', '-r', '--quiet', 'vault:/b/q', 'third']);
    expect([quiet.status, quiet.stderr.includes('1 object was left behind')]).toEqual([1, true]);
  });

  it('are meant by a name without -r', async () => {
    const workspace = await withObjects();
    await workspace.ok('cp', 'vault:/b/a', 'a');
    expect(readFileSync(workspace.local('a'), 'utf8')).toBe('a');
    expect(await workspace.ok('cat', 'vault:/b/q/w')).toBe('q/w');
    expect(await workspace.ok('cat', '--range=-1', 'vault:/b/q/w')).toBe('w');
    expect(await workspace.ok('cat', '--range', '7-', 'vault:/b/q/w')).toBe('');
    expect(await workspace.ok('cp', 'vault:/b/a', '-')).toBe('a');
    await workspace.ok('cp', 'vault:/b/a', 'vault:/b/copy');
    await inVault(workspace, async (session) =>
      expect(await session.statObject(['b', 'copy'])).toMatchObject({ etag: 'e-a', contentType: 'text/x' }),
    );
    expect((await workspace.run(['cp', 'vault:/b', 'nothing'])).status).toBe(6);
    expect(existsSync(workspace.local('nothing'))).toBe(false);
  });

  it('are not copied onto themselves', async () => {
    const workspace = await withObjects();
    const { versionId: before } = await inVault(workspace, async (session) => {
      await session.versions.setKeeping('b', () => ({ versions: 'all', locks: false }));
      return session.versions.stat(['b', 'a']);
    });
    const copied = await workspace.run(['cp', 'vault:/b/a', 'vault:/b/']);
    expect([copied.status, copied.stderr]).toEqual([
      6,
      'latchkey: vault:/b/a is the source and the target\n',
    ]);
    await inVault(workspace, async (session) =>
      expect((await session.versions.stat(['b', 'a'])).versionId).toBe(before),
    );
  });

  it('go with the directory they are in; one beside it stays, and that is said', async () => {
    const workspace = await withObjects();
    const moved = await workspace.run(['mv', 'vault:/b/a', 'vault:/b/moved']);
    expect([moved.status, moved.stderr]).toEqual([
      0,
      'latchkey: warning: vault:/b/a is still there: the object of S3 that stood beside the directory; another mv takes it, too\n',
    ]);
    const inMoved = [...UNSEEN, 'a//kept/', 'a/x'].filter((key) => key.startsWith('a/'));
    await inVault(workspace, async (session) =>
      expect(await objects(session, ['b', 'moved'])).toEqual(inMoved.map((key) => key.slice(2)).sort()),
    );
    const removed = await workspace.run(['rm', '-r', 'vault:/b/q/w', 'vault:/b/moved']);
    expect([removed.status, removed.stderr]).toEqual([
      0,
      'latchkey: warning: vault:/b/q/w is still there: the object of S3 that stood beside the directory; another rm takes it, too\n',
    ]);
    expect(await workspace.ok('cat', 'vault:/b/a')).toBe('a');
    expect(await workspace.run(['rm', 'vault:/b/a', 'vault:/b/q/w'])).toMatchObject({
      status: 0,
      stderr: '',
    });
    await inVault(workspace, async (session) =>
      expect(await objects(session, ['b'])).toEqual(['a-b', 'plain']),
    );
  });
});
