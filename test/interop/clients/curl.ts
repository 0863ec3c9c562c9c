import { statSync } from 'node:fs';
import type { Client, Login, Target } from '../client.js';
import { succeed } from '../run.js';
import { type FtpSecurity, factLines, ftpServer, ftpTime, hasLineBreak } from './ftp.js';
import { type Pair, planDownload, planUpload } from './local-tree.js';

/** Options of one transfer, as lines of a configuration file. */
type Options = Readonly<Record<string, string | true | readonly string[]>>;

/** curl; `ftp` gives the script's own steps the rest of it. */
export interface Curl extends Client {
  /** One process with a transfer for each of `transfers`, over one connection; returns what it printed. */
  ftp(transfers: readonly Options[]): Promise<string>;
  /** The URL of a path. */
  url(remote: string): string;
}

function line(option: string, value: string | true): string {
  if (value === true) return option;
  return `${option} = "${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

function lines(options: Options): string[] {
  return Object.entries(options).flatMap(([option, value]) =>
    typeof value === 'object' ? value.map((one) => line(option, one)) : [line(option, value)],
  );
}

export function curl(program: string, target: Target, security: FtpSecurity): Curl {
  const server = ftpServer(target, security);
  const scheme = security === 'implicit' ? 'ftps' : 'ftp';
  const url = (remote: string): string =>
    `${scheme}://${server.host}:${server.port}${remote.split('/').map(encodeURIComponent).join('/')}`;
  const ftp = async (transfers: readonly Options[], as: Login = server): Promise<string> => {
    const always: Options = {
      silent: true,
      'show-error': true,
      globoff: true,
      'fail-early': true,
      user: `${target.user}:${'password' in as ? as.password : ''}`,
      ...(server.certificate === undefined ? {} : { cacert: server.certificate, 'ssl-reqd': true }),
    };
    const input = transfers.map((one) => lines({ ...always, ...one }).join('\n')).join('\nnext\n');
    return succeed(program, ['-q', '-K', '-'], { input: `${input}\n` });
  };
  const tell = async (...commands: string[]): Promise<void> =>
    void (await ftp([{ url: url('/'), head: true, output: '/dev/null', quote: commands }]));
  const upload = ({ local, remote }: Pair): Options => ({
    url: url(remote),
    'upload-file': local,
    quote: [`-MFMT ${ftpTime(Math.floor(statSync(local).mtimeMs / 1000))} ${remote}`],
  });
  const download = ({ local, remote }: Pair): Options => ({
    url: url(remote),
    output: local,
    'remote-time': true,
  });
  const list = async (remote: string): Promise<string> => ftp([{ url: url(`${remote}/`), request: 'MLSD' }]);
  return {
    name: 'curl',
    passwordOnly: true,
    // It refuses URLs with control characters in them.
    cannotName: (name) => hasLineBreak(name) || /\p{Cc}/u.test(name),
    ftp: (transfers) => ftp(transfers),
    url,
    login: async (as) => void (await ftp([{ url: url(`${target.base}/`), 'list-only': true }], as)),
    put: async (local, remote) => void (await ftp([upload({ local, remote })])),
    get: async (remote, local) => void (await ftp([download({ local, remote })])),
    putTree: async (local, remote) => {
      const { directories, files } = planUpload(local, remote);
      await tell(...directories.map((directory) => `MKD ${directory.remote}`));
      if (files.length > 0) await ftp(files.map(upload));
    },
    getTree: async (remote, local) => {
      const files = await planDownload(remote, local, async (at) => factLines(await list(at)));
      if (files.length > 0) await ftp(files.map(download));
    },
    resumePut: async (local, remote) =>
      void (await ftp([{ ...upload({ local, remote }), 'continue-at': '-' }])),
    resumeGet: async (remote, local) =>
      void (await ftp([{ ...download({ local, remote }), 'continue-at': '-' }])),
    names: async (remote) => {
      const shown = await ftp([{ url: url(`${remote}/`), 'list-only': true }]);
      return shown.split(/\r?\n/).filter((name) => name !== '');
    },
    see: async (remote) => {
      const shown = await ftp([{ url: url(remote), head: true }]);
      return {
        size: Number(/^Content-Length: (\d+)/m.exec(shown)?.[1]),
        modified: Date.parse(/^Last-Modified: (.+)/m.exec(shown)?.[1] ?? '') / 1000,
      };
    },
    mkdir: (remote) => tell(`MKD ${remote}`),
    rmdir: (remote) => tell(`RMD ${remote}`),
    remove: (remote) => tell(`DELE ${remote}`),
    rename: (from, to) => tell(`RNFR ${from}`, `RNTO ${to}`),
    renameOver: (from, to) => tell(`RNFR ${from}`, `RNTO ${to}`),
    renameDirectory: (from, to) => tell(`RNFR ${from}`, `RNTO ${to}`),
    chmod: (remote, mode) => tell(`SITE CHMOD ${mode.toString(8)} ${remote}`),
  };
}
