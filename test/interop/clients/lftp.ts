import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { Cannot, type Client, type Login, type Seen, type Target } from '../client.js';
import { succeed } from '../run.js';
import { type FtpSecurity, ftpServer, hasLineBreak } from './ftp.js';
import { sshOptions } from './openssh.js';

function word(text: string): string {
  if (/[\n\r]/.test(text)) throw new Cannot('a script of lftp has one command a line');
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/** lftp; `script` gives the script's own steps the rest of it. */
export interface Lftp extends Client {
  /** Runs commands on a line each, logged in; returns what was printed. */
  script(commands: string): Promise<string>;
}

/** lftp over sftp, driven by a script file. */
export function lftp(program: string, target: Target, scratch: string): Lftp {
  const rest = lftpClient(program, target, scratch, { key: target.keyFile }, (login) => {
    // lftp answers the password prompt itself, so ssh must not be kept from asking.
    const ssh = ['ssh', '-a', '-x', ...sshOptions(target, login)].filter(
      (option) => option !== '-oBatchMode=yes',
    );
    return [
      'set sftp:charset UTF-8',
      `set sftp:connect-program ${word(ssh.join(' '))}`,
      openLine(target, login, `sftp://${target.host}:${target.port}`),
    ];
  });
  return {
    ...rest,
    symlink: async (to, remote) => void (await rest.script(`ln -s ${word(to)} ${word(remote)}`)),
  };
}

function openLine(target: Target, login: Login, url: string): string {
  const secret = 'password' in login ? login.password : '';
  return `open -u ${word(target.user)},${word(secret)} ${url}`;
}

/** lftp over FTP: in clear, or both connections over TLS. */
export function lftpFtp(program: string, target: Target, scratch: string, security: FtpSecurity): Lftp {
  const { host, port, password, certificate } = ftpServer(target, security);
  const secure = security !== 'plain';
  const rest = lftpClient(program, target, scratch, { password }, (login) => [
    `set ftp:ssl-allow ${secure}`,
    `set ftp:ssl-force ${secure}`,
    `set ftp:ssl-protect-data ${secure}`,
    ...(certificate === undefined ? [] : [`set ssl:ca-file ${word(certificate)}`]),
    openLine(target, login, `${security === 'implicit' ? 'ftps' : 'ftp'}://${host}:${port}`),
  ]);
  return {
    ...rest,
    passwordOnly: true,
    cannotName: hasLineBreak,
    renameOver: async (from, to) => void (await rest.script(`mv ${word(from)} ${word(to)}`)),
  };
}

function lftpClient(
  program: string,
  target: Target,
  scratch: string,
  usual: Login,
  opening: (login: Login) => readonly string[],
): Lftp {
  const file = path.join(scratch, 'script.lftp');
  const script = async (commands: string, login: Login = usual): Promise<string> => {
    const lines = [
      'set cmd:fail-exit yes',
      'set net:max-retries 1',
      'set net:reconnect-interval-base 1',
      'set net:timeout 60',
      'set net:persist-retries 0',
      'set xfer:clobber yes',
      'set file:charset UTF-8',
      ...opening(login),
    ];
    writeFileSync(file, `${lines.join('\n')}\n${commands}\n`);
    return succeed(program, ['--norc', '-f', file], { env: { HOME: scratch, LFTP_HOME: scratch } });
  };
  return {
    name: 'lftp',
    script: (commands) => script(commands),
    login: async (as) => void (await script(`cls ${word(target.base || '/')}`, as)),
    put: async (local, remote) => void (await script(`put ${word(local)} -o ${word(remote)}`)),
    get: async (remote, local) => void (await script(`get ${word(remote)} -o ${word(local)}`)),
    putTree: async (local, remote) =>
      void (await script(`mirror -R --parallel=4 --no-umask ${word(local)} ${word(remote)}`)),
    getTree: async (remote, local) =>
      void (await script(`mirror --parallel=4 --no-umask ${word(remote)} ${word(local)}`)),
    resumePut: async (local, remote) => void (await script(`put -c ${word(local)} -o ${word(remote)}`)),
    resumeGet: async (remote, local) => void (await script(`get -c ${word(remote)} -o ${word(local)}`)),
    names: async (remote) => {
      const shown = await script(`cd ${word(remote)}\nset cmd:cls-default ""\ncls -1a --quiet`);
      return (
        shown
          .split('\n')
          // It marks kinds behind a name, and a name that it could take for a home before it.
          .map((name) => name.replace(/[/@]$/, '').replace(/^\.\/~/, '~'))
          .filter((name) => name !== '' && name !== '.' && name !== '..')
      );
    },
    see: async (remote): Promise<Seen> => {
      const shown = await script(`cls -1lq --time-style=%s ${word(remote)}`);
      const found = /\s(\d+)\s+(\d{5,})\s/.exec(` ${shown}`);
      return { size: Number(found?.[1]), modified: Number(found?.[2]) };
    },
    mkdir: async (remote) => void (await script(`mkdir ${word(remote)}`)),
    rmdir: async (remote) => void (await script(`rmdir ${word(remote)}`)),
    remove: async (remote) => void (await script(`rm ${word(remote)}`)),
    removeTree: async (remote) => void (await script(`rm -r ${word(remote)}`)),
    rename: async (from, to) => void (await script(`mv ${word(from)} ${word(to)}`)),
    renameDirectory: async (from, to) => void (await script(`mv ${word(from)} ${word(to)}`)),
    chmod: async (remote, mode) => void (await script(`chmod ${mode.toString(8)} ${word(remote)}`)),
  };
}
