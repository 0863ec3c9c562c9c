import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Client, Login, Seen, Target } from '../client.js';

const DRIVER = path.join(path.dirname(fileURLToPath(import.meta.url)), 'paramiko_driver.py');

/** paramiko in a Python process; `command` gives the script's own steps the rest of it. */
export interface Paramiko extends Client {
  command(name: string, ...args: unknown[]): Promise<unknown>;
  close(): Promise<void>;
}

export function paramiko(python: string, target: Target): Paramiko {
  const child = spawn(python, ['-W', 'ignore', DRIVER], { stdio: ['pipe', 'pipe', 'inherit'] });
  const waiting: ((line: string | undefined) => void)[] = [];
  const answers = createInterface({ input: child.stdout });
  answers.on('line', (line) => waiting.shift()?.(line));
  answers.on('close', () => {
    for (const resolve of waiting.splice(0)) resolve(undefined);
  });
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));

  /** One request; the driver answers in order. */
  const command = async (name: string, ...args: unknown[]): Promise<unknown> => {
    const line = await new Promise<string | undefined>((resolve) => {
      waiting.push(resolve);
      child.stdin.write(`${JSON.stringify({ do: name, with: args })}\n`);
    });
    if (line === undefined) throw new Error(`the paramiko driver ended during ${name}`);
    const answer = JSON.parse(line) as { value?: unknown; error?: string };
    if (answer.error !== undefined) throw new Error(`${name}: ${answer.error}`);
    return answer.value;
  };
  const where = (login: Login): object => ({
    host: target.host,
    port: target.port,
    user: target.user,
    knownHosts: target.knownHosts,
    ...login,
  });
  const opened = command('open', where({ key: target.keyFile }));
  opened.catch(() => undefined);
  const say = async (name: string, ...args: unknown[]): Promise<unknown> => {
    await opened;
    return command(name, ...args);
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
    close: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
