import type { Client, Login, Seen, Target } from '../client.js';
import { startDriver } from './driver.js';

/** paramiko in a Python process; `command` gives the script's own steps the rest of it. */
export interface Paramiko extends Client {
  command(name: string, ...args: unknown[]): Promise<unknown>;
  close(): Promise<void>;
}

export function paramiko(python: string, target: Target): Paramiko {
  const driver = startDriver(python, 'paramiko_driver.py');
  const where = (login: Login): object => ({
    host: target.host,
    port: target.port,
    user: target.user,
    knownHosts: target.knownHosts,
    ...login,
  });
  const opened = driver.command('open', where({ key: target.keyFile }));
  opened.catch(() => undefined);
  const say = async (name: string, ...args: unknown[]): Promise<unknown> => {
    await opened;
    return driver.command(name, ...args);
  };
  return {
    name: 'paramiko',
    command: say,
    login: async (as) => void (await say('login', where(as), target.base || '/')),
    put: async (local, remote) => void (await say('put', local, remote)),
    get: async (remote, local) => void (await say('get', remote, local)),
    putTree: async (local, remote) => void (await say('putTree', local, remote)),
    getTree: async (remote, local) => void (await say('getTree', remote, local)),
    resumePut: async (local, remote) => void (await say('resumePut', local, remote)),
    resumeGet: async (remote, local) => void (await say('resumeGet', remote, local)),
    names: async (remote) => (await say('names', remote)) as string[],
    see: async (remote) => (await say('see', remote)) as Seen,
    mkdir: async (remote) => void (await say('mkdir', remote)),
    rmdir: async (remote) => void (await say('rmdir', remote)),
    remove: async (remote) => void (await say('remove', remote)),
    rename: async (from, to) => void (await say('rename', from, to)),
    renameOver: async (from, to) => void (await say('renameOver', from, to)),
    renameDirectory: async (from, to) => void (await say('rename', from, to)),
    chmod: async (remote, mode) => void (await say('chmod', remote, mode)),
    symlink: async (to, remote) => void (await say('symlink', to, remote)),
    readlink: async (remote) => String(await say('readlink', remote)),
    close: () => driver.close(),
  };
}
