import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { MAIN, Workspace } from './program.js';

/** Runs a command whose standard output is a full disk. */
function onFullDisk(workspace: Workspace, args: string): { status: number | null; stderr: string } {
  return spawnSync('sh', ['-c', `exec '${process.execPath}' '${MAIN}' ${args} > /dev/full`], {
    cwd: workspace.path,
    env: { PATH: process.env.PATH, HOME: '/nonexistent', ...workspace.env },
    encoding: 'utf8',
  });
}

describe('a standard output that cannot be written', () => {
  it('is an error, whatever the command', async () => {
    const workspace = await Workspace.create();
    await workspace.put('vault:/x', 'content');
    const commands = [
      'ls',
      'ls --json',
      'cat vault:/x',
      'cp vault:/x -',
      'connect openssh --user ann',
      '--help',
    ];
    for (const command of commands) {
      const { status, stderr } = onFullDisk(workspace, command);
      expect([command, status]).toEqual([command, 7]);
      expect(stderr).toContain('latchkey: standard output: no space left on the disk\n');
    }
  });

  it('leaves no recovery words that nobody could read', async () => {
    const workspace = await Workspace.create();
    await workspace.ok('recovery', 'create');
    const [kept] = await workspace.json('recovery', 'list');
    const { status, stderr } = onFullDisk(workspace, 'recovery create');
    expect(status).toBe(7);
    expect(stderr).toContain('made useless again');
    expect(await workspace.json('recovery', 'list')).toEqual([kept]);
  });

  it('leaves no recovery words either when the reader has gone', async () => {
    const workspace = await Workspace.create();
    const command = `'${process.execPath}' '${MAIN}' recovery create --quiet`;
    for (const flags of ['', '--json']) {
      // The reader has gone long before the words are made.
      const script = `{ sleep 1; exec ${command} ${flags}; } | true`;
      spawnSync('sh', ['-c', script], {
        cwd: workspace.path,
        env: { PATH: process.env.PATH, HOME: '/nonexistent', ...workspace.env },
      });
      expect(await workspace.json('recovery', 'list')).toEqual([]);
    }
  });
});
