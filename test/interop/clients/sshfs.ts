import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, statfsSync, statSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { TestContext } from 'vitest';
import { Cannot, type Client, type Login, type Target } from '../client.js';
import { requireProgram, run, succeed } from '../run.js';
import { passwordEnvironment, sshOptions } from './openssh.js';

/** sshfs, which makes the vault a folder; it is used with the ordinary programs for files. */
export interface Sshfs extends Client {
  /** The folder in which a path of the server is. */
  at(remote: string): Promise<string>;
  /** Resolves when what was written into a file has been published. */
  settle(remote: string): Promise<void>;
}

/** Skips the test without FUSE, which installing something does not change; without sshfs as for every client. */
export function requireSshfs(test: TestContext): string {
  const program = requireProgram(test, 'sshfs');
  if (!existsSync('/dev/fuse')) return test.skip('this machine has no FUSE');
  return program;
}

interface Mount {
  readonly folder: string;
  readonly child: ChildProcess;
}

export function sshfs(program: string, target: Target, scratch: string): Sshfs {
  const usual: Login = { key: target.keyFile };
  let mounted: Promise<Mount> | undefined;
  const at = async (remote: string): Promise<string> => {
    mounted ??= mount(program, target, scratch, usual);
    return path.join((await mounted).folder, remote);
  };
  // A program has ended before its files are closed on the server: FUSE does that behind its back. With one thread
  // requests go out in order, and a listing is of what was sent before it.
  const settle = async (remote: string): Promise<void> => void readdirSync(path.dirname(await at(remote)));
  const use = async (command: string, ...args: string[]): Promise<void> => {
    await succeed(command, args);
  };
  return {
    name: 'sshfs',
    at,
    settle,
    login: async (as) => {
      const other = await mount(program, target, scratch, as);
      readdirSync(other.folder);
      await unmount(other);
    },
    put: async (local, remote) => {
      if (statSync(local).mtimeMs === 0) throw new Cannot('it sets the time of now instead of zero');
      await use('cp', '--preserve=mode,timestamps', '-T', '--', local, await at(remote));
      await settle(remote);
    },
    get: async (remote, local) =>
      use('cp', '--preserve=mode,timestamps', '-T', '--', await at(remote), local),
    putTree: async (local, remote) => {
      await use('cp', '-a', '-T', '--', local, await at(remote));
      await settle(remote);
    },
    getTree: async (remote, local) => use('cp', '-a', '-T', '--', await at(remote), local),
    resumePut: async (local, remote) => {
      await continued(local, await at(remote));
      await settle(remote);
    },
    resumeGet: async (remote, local) => continued(await at(remote), local),
    names: async (remote) => readdirSync(await at(remote)),
    see: async (remote) => {
      const { size, mtimeMs } = statSync(await at(remote));
      return { size, modified: Math.floor(mtimeMs / 1000) };
    },
    mkdir: async (remote) => use('mkdir', '--', await at(remote)),
    rmdir: async (remote) => use('rmdir', '--', await at(remote)),
    remove: async (remote) => use('rm', '--', await at(remote)),
    removeTree: async (remote) => use('rm', '-r', '--', await at(remote)),
    rename: async (from, to) => use('mv', '-nT', '--', await at(from), await at(to)),
    renameOver: async (from, to) => use('mv', '-fT', '--', await at(from), await at(to)),
    renameDirectory: async (from, to) => use('mv', '-nT', '--', await at(from), await at(to)),
    chmod: async (remote, mode) => use('chmod', mode.toString(8), '--', await at(remote)),
    symlink: async (to, remote) => use('ln', '-s', '--', to, await at(remote)),
    readlink: async (remote) => (await succeed('readlink', ['--', await at(remote)])).trimEnd(),
    freeSpace: async (remote) => {
      const { bavail, bsize } = statfsSync(await at(remote));
      return bavail * bsize;
    },
    close: async () => {
      if (mounted !== undefined) await unmount(await mounted);
    },
  };
}

/** Appends what is missing, as a person at a shell would. */
async function continued(from: string, to: string): Promise<void> {
  const there = statSync(to).size;
  await succeed('sh', ['-c', 'tail -c "+$1" -- "$2" >>"$3"', 'sh', String(there + 1), from, to]);
  await succeed('touch', ['-r', from, '--', to]);
}

async function mount(program: string, target: Target, scratch: string, login: Login): Promise<Mount> {
  const folder = mkdtempSync(path.join(scratch, 'mount-'));
  const outside = statSync(folder).dev;
  // Nothing is remembered: the tests change what is stored behind its back.
  const options = ['-odir_cache=no', '-oidmap=user', '-s', '-f', ...sshOptions(target, login)];
  const args = [`${target.user}@${target.host}:/`, folder, ...options, '-p', String(target.port)];
  const env = { ...process.env, ...passwordEnvironment(scratch, login) };
  const child = spawn(program, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2000);
  });
  while (statSync(folder).dev === outside) {
    if (child.exitCode !== null) throw new Error(`sshfs ended with status ${child.exitCode}: ${said}`);
    await wait(20);
  }
  return { folder, child };
}

async function unmount({ folder, child }: Mount): Promise<void> {
  const ended = new Promise((resolve) => child.once('close', resolve));
  await run('fusermount3', ['-u', '-z', folder]);
  await ended;
}
