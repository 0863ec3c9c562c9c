import { statSync } from 'node:fs';
import { Cannot, type Client, type Login, type Target } from '../client.js';
import { run } from '../run.js';
import { factLines, ftpServer, ftpTime, hasLineBreak } from './ftp.js';
import { type Pair, planDownload, planUpload } from './local-tree.js';

/** Longest command line that it reads whole. */
const MAX_LINE = 4000;

/** One word of a command. Inside its quotes only the quote and the backslash are special. */
function word(text: string): string {
  if (hasLineBreak(text)) throw new Cannot('a script of tnftp has one command a line');
  return text.replace(/[^A-Za-z0-9/._-]/gu, '\\$&');
}

/** tnftp, the `ftp` of NetBSD and Debian, with a script on standard input, in clear: it knows no TLS for FTP. */
export function tnftp(program: string, target: Target): Client {
  const server = ftpServer(target, 'plain');
  const ftp = async (commands: readonly string[], as: Login = server): Promise<string> => {
    const password = 'password' in as ? as.password : '';
    const input = [
      `open ${server.host} ${server.port}`,
      `user ${word(target.user)} ${word(password)}`,
      'binary',
      ...commands,
      'bye',
    ];
    const long = input.find((line) => Buffer.byteLength(line) > MAX_LINE);
    if (long !== undefined) throw new Cannot('tnftp cuts long lines');
    const { stdout, stderr } = await run(program, ['-n', '-i', '-v', '-p'], {
      input: `${input.join('\n')}\n`,
      env: { TZ: 'UTC' },
    });
    // It ends with status 0 whatever the server said.
    const refused = /^(?:[45]\d\d[ -].*|(?:tn)?ftp: .*|\?.*)$/m.exec(`${stdout}\n${stderr}`);
    if (refused !== null) throw new Error(`tnftp: ${refused[0]}`);
    return stdout;
  };
  const tell = async (...commands: string[]): Promise<void> => void (await ftp(commands));
  const time = ({ local, remote }: Pair): string =>
    `quote MFMT ${ftpTime(Math.floor(statSync(local).mtimeMs / 1000))} ${word(remote)}`;
  const upload = (pair: Pair): string[] => [`put ${word(pair.local)} ${word(pair.remote)}`, time(pair)];
  const list = async (remote: string): Promise<ReturnType<typeof factLines>> =>
    factLines(await ftp([`mlsd ${word(remote)}`]));
  return {
    name: 'tnftp',
    passwordOnly: true,
    cannotName: hasLineBreak,
    login: (as) => ftp([`mlsd ${target.base || '/'}`], as).then(() => undefined),
    put: (local, remote) => tell(...upload({ local, remote })),
    get: (remote, local) => tell(`get ${word(remote)} ${word(local)}`),
    putTree: async (local, remote) => {
      const { directories, files } = planUpload(local, remote);
      await tell(...directories.map((directory) => `mkdir ${word(directory.remote)}`));
      const commands = files.flatMap(upload);
      if (files.length > 0) await tell(...commands);
    },
    getTree: async (remote, local) => {
      const files = await planDownload(remote, local, list);
      if (files.length > 0)
        await tell(...files.map((pair) => `get ${word(pair.remote)} ${word(pair.local)}`));
    },
    resumePut: async (local, remote) => {
      const [there] = factLines(await ftp([`mlst ${word(remote)}`]).then((text) => text.replace(/^ /gm, '')));
      await tell(`restart ${there?.size}`, ...upload({ local, remote }));
    },
    resumeGet: (remote, local) =>
      tell(`restart ${statSync(local).size}`, `get ${word(remote)} ${word(local)}`),
    names: async (remote) => (await list(remote)).map(({ name }) => name),
    see: async (remote) => {
      const shown = await ftp([`size ${word(remote)}`, `modtime ${word(remote)}`]);
      const [, size] = /\t(\d+)$/m.exec(shown) ?? [];
      const [, time] = /\t(\w{3}, .+)$/m.exec(shown) ?? [];
      return { size: Number(size), modified: Date.parse(time ?? '') / 1000 };
    },
    mkdir: (remote) => tell(`mkdir ${word(remote)}`),
    rmdir: (remote) => tell(`rmdir ${word(remote)}`),
    remove: (remote) => tell(`delete ${word(remote)}`),
    rename: (from, to) => tell(`rename ${word(from)} ${word(to)}`),
    renameOver: (from, to) => tell(`rename ${word(from)} ${word(to)}`),
    renameDirectory: (from, to) => tell(`rename ${word(from)} ${word(to)}`),
    chmod: (remote, mode) => tell(`chmod ${mode.toString(8)} ${word(remote)}`),
  };
}
