// The servers, with the protocols they speak. Those of SFTP have a way to fill a directory past it, so that the listing rows are cheap to set up.
import { execFile } from 'node:child_process';
import { cpSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { program } from '../../scripts/setup/clients.mjs';
import { environment, MAIN, startLatchkey } from '../servers/latchkey.mjs';
import { startRcloneCrypt } from '../servers/rclone-crypt.mjs';
import { startSshd } from '../servers/sshd.mjs';
import { startVsftpd } from '../servers/vsftpd.mjs';

const execute = promisify(execFile);

/** @typedef {{ durability: 'full' | 'relaxed', profile?: string }} Choices */

/** By the name in the table; the first is ours. `fill` copies a local folder to `name` at the root of what is served. */
export const SERVERS = {
  latchkey: {
    protocols: ['sftp', 'ftp'],
    start: (/** @type {string} */ place, /** @type {Choices} */ { durability, profile }) =>
      startLatchkey(place, {
        durability,
        ftp: { tls: 'allow' },
        nodeArgs: profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`],
      }),
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
};
