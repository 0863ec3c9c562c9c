// The servers, with the protocols they speak. Those of SFTP have a way to fill a directory past it, so that the listing rows are cheap to set up.
import { execFile } from 'node:child_process';
import { cpSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { program } from '../../scripts/setup/clients.mjs';
import { goProgram } from '../../scripts/setup/go-programs.mjs';
import { environment, MAIN, startLatchkey } from '../servers/latchkey.mjs';
import { startRcloneCrypt, startRcloneHttp } from '../servers/rclone-crypt.mjs';
import { startSshd } from '../servers/sshd.mjs';
import { startVersitygw } from '../servers/versitygw.mjs';
import { startVsftpd } from '../servers/vsftpd.mjs';

const execute = promisify(execFile);

/** @typedef {{ durability: 'full' | 'relaxed', profile?: string }} Choices */

/** A program that Go has built. @param {'rclone' | 'versitygw'} name */
function built(name) {
  const found = goProgram(name, console.error);
  if ('reason' in found) throw new Error(found.reason);
  return found.file;
}

/** Why a server that needs such a program cannot take part; undefined when it can. @param {'rclone' | 'versitygw'} name */
function whyNot(name) {
  return (/** @type {(text: string) => void} */ say) => {
    const found = goProgram(name, say);
    return 'reason' in found ? found.reason : undefined;
  };
}

/** By the name in the table; the first is ours. `fill` copies a local folder to `name` at the root of what is served. */
export const SERVERS = {
  latchkey: {
    protocols: ['sftp', 'ftp', 'web', 's3'],
    start: async (/** @type {string} */ place, /** @type {Choices} */ { durability, profile }) => {
      const server = await startLatchkey(place, {
        durability,
        ftp: { tls: 'allow' },
        nodeArgs: profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`],
      });
      return { ...server, web: { kind: /** @type {const} */ ('s3'), ...server.s3 } };
    },
    fill: async (/** @type {string} */ place, /** @type {string} */ folder, /** @type {string} */ name) => {
      const args = [MAIN, 'cp', '-r', '--jobs', '16', folder, `vault:/${name}`];
      await execute(process.execPath, args, { env: environment(place) });
    },
  },
  crypt: {
    protocols: ['sftp'],
    start: (/** @type {string} */ place) => startRcloneCrypt(place),
    fill: async (/** @type {string} */ place, /** @type {string} */ folder, /** @type {string} */ name) => {
      const config = ['--config', path.join(place, 'rclone.conf'), '--transfers', '16', '--no-check-dest'];
      await execute(program('rclone') ?? 'rclone', ['copy', folder, `vault:${name}`, ...config]);
    },
  },
  sshd: {
    protocols: ['sftp'],
    start: (/** @type {string} */ place) => startSshd(place),
    fill: async (/** @type {string} */ place, /** @type {string} */ folder, /** @type {string} */ name) => {
      cpSync(folder, path.join(place, 'files', name), { recursive: true });
    },
  },
  vsftpd: {
    protocols: ['ftp'],
    start: (/** @type {string} */ place) => startVsftpd(place),
  },
  webdav: {
    protocols: ['web'],
    missing: whyNot('rclone'),
    start: (/** @type {string} */ place) => startRcloneHttp(built('rclone'), place, 'webdav'),
  },
  'rclone-s3': {
    protocols: ['web', 's3'],
    missing: whyNot('rclone'),
    start: (/** @type {string} */ place) => startRcloneHttp(built('rclone'), place, 's3'),
  },
  versitygw: {
    protocols: ['web', 's3'],
    missing: whyNot('versitygw'),
    start: (/** @type {string} */ place) => startVersitygw(built('versitygw'), place),
  },
};
