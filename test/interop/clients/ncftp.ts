import { mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';
import { Cannot, type Client, type Login, type Target } from '../client.js';
import { run, succeed } from '../run.js';
import { factLines, ftpServer, hasLineBreak } from './ftp.js';

/** A word of a command of its shell. */
function word(text: string): string {
  if (hasLineBreak(text)) throw new Cannot('a script of ncftp has one command a line');
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

/** Longest path in a tree, in bytes. */
const MAX_PATH = 500;

function mustBeShort(folder: string): void {
  const longest = Math.max(
    0,
    ...readdirSync(folder, { recursive: true }).map((below) => Buffer.byteLength(String(below))),
  );
  if (longest > MAX_PATH) throw new Cannot('ncftp leaves out what lies deep in a tree');
}

/** ncftp's shell and its three programs for scripts, in clear: it knows no TLS. */
export function ncftp(program: string, target: Target, scratch: string): Client {
  const server = ftpServer(target, 'plain');
  const tools = path.dirname(program);
  const env = { HOME: scratch, TZ: 'UTC' };
  const login = (as: Login): string[] => {
    const password = 'password' in as ? as.password : '';
    return ['-u', target.user, '-p', password, '-P', String(server.port)];
  };
  const tool = (name: 'put' | 'get' | 'ls', args: readonly string[], as: Login = server): Promise<string> =>
    succeed(path.join(tools, `ncftp${name}`), [...login(as), ...args], { env });
  const transfer = (name: 'put' | 'get', ...args: string[]): Promise<void> =>
    tool(name, ['-V', '-r', '1', '-t', '60', ...args]).then(() => undefined);
  const shell = async (...commands: string[]): Promise<void> => {
    const input = `${[...commands, 'quit'].join('\n')}\n`;
    const { stdout, stderr } = await run(program, [...login(server), server.host], { env, input });
    // It ends with status 0 whatever the server said.
    const refused = /^.*(?:server said|no such|failed|could not|unknown).*$/im.exec(`${stdout}\n${stderr}`);
    if (refused !== null) throw new Error(`ncftp: ${refused[0]}`);
  };
  const facts = async (remote: string): Promise<ReturnType<typeof factLines>> =>
    factLines(await tool('ls', ['-m', `ftp://${server.host}${encodeURI(`${remote}/`)}`]));
  return {
    name: 'ncftp',
    passwordOnly: true,
    // In a directory it stops at a name of 255 bytes.
    cannotName: (name) => hasLineBreak(name) || Buffer.byteLength(name) > 254,
    login: (as) => tool('ls', ['-r', '1', `ftp://${server.host}${target.base}/`], as).then(() => undefined),
    put: async (local, remote) => {
      if (statSync(local).mtimeMs < 2000) throw new Cannot('ncftp takes so early a time for none');
      await transfer('put', '-Z', '-C', server.host, local, remote);
    },
    get: (remote, local) => transfer('get', '-Z', '-C', server.host, remote, local),
    putTree: async (local, remote) => {
      mustBeShort(local);
      await shell(`mkdir ${word(remote)}`);
      const args = [...login(server), '-V', '-R', server.host, remote, '.'];
      await succeed(path.join(tools, 'ncftpput'), args, { env, cwd: local });
    },
    getTree: async (remote, local) => {
      const holder = `${local}.parent`;
      mkdirSync(holder);
      await transfer('get', '-R', '-T', server.host, holder, remote);
      renameSync(path.join(holder, path.basename(remote)), local);
    },
    resumeGet: (remote, local) => transfer('get', '-z', '-C', server.host, remote, local),
    names: async (remote) => (await facts(remote)).map(({ name }) => name),
    see: async (remote) => {
      const [seen] = (await facts(path.posix.dirname(remote))).filter(
        ({ name }) => name === path.posix.basename(remote),
      );
      if (seen === undefined) throw new Error('ncftpls does not show it');
      return { size: seen.size, modified: seen.modified };
    },
    mkdir: (remote) => shell(`mkdir ${word(remote)}`),
    rmdir: (remote) => shell(`rmdir ${word(remote)}`),
    remove: (remote) => shell(`rm ${word(remote)}`),
    rename: (from, to) => shell(`rename ${word(from)} ${word(to)}`),
    renameOver: (from, to) => shell(`rename ${word(from)} ${word(to)}`),
    renameDirectory: (from, to) => shell(`rename ${word(from)} ${word(to)}`),
    chmod: (remote, mode) => shell(`chmod ${mode.toString(8)} ${word(remote)}`),
  };
}
