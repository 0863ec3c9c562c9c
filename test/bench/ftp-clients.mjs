// curl and lftp as the clients of FTP servers, in clear and over explicit TLS, with the same settings for all servers.
import { execFile } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { program } from '../../scripts/setup/clients.mjs';

const execute = promisify(execFile);

/** Connections at once for many files. */
const PARALLEL = 8;

/**
 * @typedef {object} FtpServer
 * @property {string} host
 * @property {string} user
 * @property {string} password
 * @property {{ port: number, certificate: string | undefined }} ftp
 *
 * What a row asks of a client; `name` is a file or directory where the login begins.
 * @typedef {object} FtpClient
 * @property {(local: string, name: string) => Promise<unknown>} put
 * @property {(name: string, local: string) => Promise<unknown>} get
 * @property {(folder: string, name: string) => Promise<unknown>} up The directory exists and is empty.
 * @property {(name: string, folder: string, files: readonly string[]) => Promise<unknown>} down
 * @property {(name: string) => Promise<unknown>} clear Removes a file, or a directory with everything in it.
 * @property {(name: string) => Promise<unknown>} make A new directory.
 */

function run(/** @type {string} */ name, /** @type {string[]} */ args) {
  return execute(program(name) ?? name, args, { maxBuffer: 64 * 1024 * 1024, encoding: 'utf8' });
}

function quoted(/** @type {string} */ text) {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/**
 * curl: one process and one connection for a file; for many files one process and eight connections.
 * @param {string} place @param {FtpServer} server @param {boolean} secure
 * @returns {Pick<FtpClient, 'put' | 'get' | 'up' | 'down'>}
 */
export function curlClient(place, server, secure) {
  const url = (/** @type {string} */ below) => `ftp://${server.host}:${server.ftp.port}/${below}`;
  const always = [
    'silent',
    'show-error',
    'fail-early',
    `user = ${quoted(`${server.user}:${server.password}`)}`,
    ...(secure ? ['ssl-reqd', `cacert = ${quoted(server.ftp.certificate ?? '')}`] : []),
  ];
  const file = path.join(place, 'curl.conf');
  const curl = (/** @type {string[]} */ ...lines) => {
    writeFileSync(file, `${[...always, ...lines].join('\n')}\n`);
    return run('curl', ['-q', '-K', file]);
  };
  const many = ['parallel', `parallel-max = ${PARALLEL}`];
  return {
    put: (local, name) => curl(`upload-file = ${quoted(local)}`, `url = ${quoted(url(name))}`),
    get: (name, local) => curl(`output = ${quoted(local)}`, `url = ${quoted(url(name))}`),
    up: (folder, name) =>
      curl(
        ...many,
        ...readdirSync(folder).flatMap((one) => [
          `upload-file = ${quoted(path.join(folder, one))}`,
          `url = ${quoted(url(`${name}/${one}`))}`,
        ]),
      ),
    down: (name, folder, files) =>
      curl(
        ...many,
        ...files.flatMap((one) => [
          `output = ${quoted(path.join(folder, one))}`,
          `url = ${quoted(url(`${name}/${one}`))}`,
        ]),
      ),
  };
}

/**
 * lftp: one process, eight connections for many files. It does not ask what else the server can do, or it would set the
 * time of each file at one of them and not at the other.
 * @param {string} place @param {FtpServer} server @param {boolean} secure
 * @returns {FtpClient}
 */
export function lftpClient(place, server, secure) {
  const file = path.join(place, 'script.lftp');
  const lftp = (/** @type {string} */ command) => {
    const lines = [
      'set cmd:fail-exit yes',
      'set net:max-retries 1',
      'set xfer:clobber yes',
      'set ftp:use-feat no',
      `set ftp:ssl-allow ${secure}`,
      `set ftp:ssl-force ${secure}`,
      `set ftp:ssl-protect-data ${secure}`,
      `set ssl:ca-file ${quoted(server.ftp.certificate ?? '')}`,
      `open -u ${quoted(server.user)},${quoted(server.password)} ftp://${server.host}:${server.ftp.port}`,
      command,
    ];
    writeFileSync(file, `${lines.join('\n')}\n`);
    return run('lftp', ['--norc', '-f', file]);
  };
  const mirror = `mirror --no-perms --parallel=${PARALLEL}`;
  return {
    put: (local, name) => lftp(`put ${quoted(local)} -o ${quoted(name)}`),
    get: (name, local) => lftp(`get ${quoted(name)} -o ${quoted(local)}`),
    up: (folder, name) => lftp(`${mirror} -R ${quoted(folder)} ${quoted(name)}`),
    down: (name, folder) => lftp(`${mirror} ${quoted(name)} ${quoted(folder)}`),
    clear: (name) => lftp(`rm -rf ${quoted(name)}`),
    make: (name) => lftp(`mkdir ${quoted(name)}`),
  };
}
