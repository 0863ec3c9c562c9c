import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Client, Login, Seen, Target } from '../client.js';
import { succeed } from '../run.js';
import { ftpServer, hasLineBreak } from './ftp.js';

/** rclone with one SFTP remote; `command` gives the script's own steps the rest of it. */
export interface Rclone extends Client {
  /** Runs rclone; `remote:` in an argument names the server. Returns what it printed. */
  command(...args: string[]): Promise<string>;
  /** The server's name of a path for {@link command}. */
  at(remote: string): string;
}

/** rclone keeps control characters out of its own names: it shows and stores their symbols (U+2400 and up). */
function visibleControls(name: string): string {
  return [...name]
    .map((character) => {
      const code = character.codePointAt(0) ?? 0;
      if (code === 0x7f) return '\u2421';
      return code < 0x20 ? String.fromCodePoint(0x2400 + code) : character;
    })
    .join('');
}

/** Lines of the configuration file that say where the server is and how it is spoken to. */
type RemoteLines = readonly string[];

export function rclone(program: string, target: Target, scratch: string): Rclone {
  const lines = [
    'type = sftp',
    `host = ${target.host}`,
    `port = ${target.port}`,
    `known_hosts_file = ${target.knownHosts}`,
  ];
  const rest = rcloneRemote(program, target, scratch, lines, { key: target.keyFile });
  return {
    ...rest,
    spelling: visibleControls,
    freeSpace: async (remote) =>
      (JSON.parse(await rest.command('about', '--json', rest.at(remote))) as { free: number }).free,
  };
}

/** As over SFTP: by itself it respells more names for FTP, because some servers lose spaces and dots at the end. */
const ENCODING = 'encoding = Slash,Dot';

/** rclone's FTP remote over TLS. Its Go library takes the certificate to trust from the environment only. */
export function rcloneFtp(
  program: string,
  target: Target,
  scratch: string,
  security: 'explicit' | 'implicit',
): Rclone {
  const { host, port, password, certificate } = ftpServer(target, security);
  const mode = security === 'explicit' ? 'explicit_tls = true' : 'tls = true';
  const lines = ['type = ftp', `host = ${host}`, `port = ${port}`, mode, ENCODING];
  const env = { SSL_CERT_FILE: certificate ?? '' };
  return {
    ...rcloneRemote(program, target, scratch, lines, { password }, env),
    passwordOnly: true,
    // It stores their symbols and then looks for the file under the name that it was given.
    cannotName: (name) => hasLineBreak(name) || visibleControls(name) !== name,
  };
}

function rcloneRemote(
  program: string,
  target: Target,
  scratch: string,
  lines: RemoteLines,
  login: Login,
  env: Readonly<Record<string, string>> = {},
): Rclone {
  const config = path.join(scratch, 'rclone.conf');
  const describe = async (as: Login): Promise<void> => {
    const secret =
      'key' in as
        ? `key_file = ${as.key}`
        : `pass = ${(await succeed(program, ['obscure', '-'], { input: as.password })).trim()}`;
    writeFileSync(config, `${['[remote]', ...lines, `user = ${target.user}`, secret].join('\n')}\n`);
  };
  const command = async (...args: string[]): Promise<string> => {
    const once = ['--config', config, '--retries', '1', '--low-level-retries', '1', '--transfers', '4'];
    return succeed(program, [...args, ...once], { env });
  };
  const at = (remote: string): string => `remote:${remote}`;
  const first = describe(login);
  const ready = async (...args: string[]): Promise<string> => {
    await first;
    return command(...args);
  };
  return {
    name: 'rclone',
    makesParents: true,
    command: ready,
    at,
    login: async (as) => {
      await first;
      try {
        await describe(as);
        await command('lsf', at(target.base || '/'));
      } finally {
        await describe(login);
      }
    },
    put: async (local, remote) => void (await ready('copyto', local, at(remote))),
    get: async (remote, local) => void (await ready('copyto', at(remote), local)),
    putTree: async (local, remote) =>
      void (await ready('copy', '--create-empty-src-dirs', local, at(remote))),
    getTree: async (remote, local) =>
      void (await ready('copy', '--create-empty-src-dirs', at(remote), local)),
    names: async (remote) => {
      const listed = JSON.parse(await ready('lsjson', '--no-modtime', '--no-mimetype', at(remote))) as {
        Name: string;
      }[];
      return listed.map((entry) => entry.Name);
    },
    see: async (remote): Promise<Seen> => {
      const seen = JSON.parse(await ready('lsjson', '--stat', at(remote))) as {
        Size: number;
        ModTime: string;
      };
      return { size: seen.Size, modified: Math.floor(Date.parse(seen.ModTime) / 1000) };
    },
    mkdir: async (remote) => void (await ready('mkdir', at(remote))),
    rmdir: async (remote) => void (await ready('rmdir', at(remote))),
    remove: async (remote) => void (await ready('deletefile', at(remote))),
    removeTree: async (remote) => void (await ready('purge', at(remote))),
    rename: async (from, to) => void (await ready('moveto', at(from), at(to))),
    renameOver: async (from, to) => void (await ready('moveto', at(from), at(to))),
    renameDirectory: async (from, to) => void (await ready('moveto', at(from), at(to))),
  };
}
