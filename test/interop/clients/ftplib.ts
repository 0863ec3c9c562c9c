import type { Client, Login, Seen, Target } from '../client.js';
import { startDriver } from './driver.js';
import { type FtpSecurity, ftpServer, hasLineBreak } from './ftp.js';

/** Python's ftplib; `command` gives the script's own steps the rest of its driver. */
export interface Ftplib extends Client {
  command(name: string, ...args: unknown[]): Promise<unknown>;
  /** Where the server is and how to log in, as the driver's own connections take it. */
  readonly where: object;
  close(): Promise<void>;
}

export function ftplib(python: string, target: Target, security: Exclude<FtpSecurity, 'implicit'>): Ftplib {
  const driver = startDriver(python, 'ftplib_driver.py');
  const server = ftpServer(target, security);
  const where = (login: Login): object => ({ ...server, user: target.user, ...login });
  const usual = where(server);
  const opened = driver.command('open', usual);
  opened.catch(() => undefined);
  const say = async (name: string, ...args: unknown[]): Promise<unknown> => {
    await opened;
    return driver.command(name, ...args);
  };
  return {
    name: 'ftplib',
    passwordOnly: true,
    cannotName: hasLineBreak,
    command: say,
    where: usual,
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
    renameOver: async (from, to) => void (await say('rename', from, to)),
    renameDirectory: async (from, to) => void (await say('rename', from, to)),
    chmod: async (remote, mode) => void (await say('chmod', remote, mode)),
    freeSpace: async (remote) => Number(await say('freeSpace', remote)),
    close: () => driver.close(),
  };
}
