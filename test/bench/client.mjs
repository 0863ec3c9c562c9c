// rclone as the one client of every server, with the same settings for all.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { program } from '../../scripts/setup/clients.mjs';

const execute = promisify(execFile);

/**
 * A client of one server. Digests are off: rclone over crypt has none to compare, and like is compared with like.
 * @param {string} place
 * @param {{ host: string, port: number, user: string, keyFile: string, knownHosts: string, base: string }} server
 */
export function rcloneClient(place, server) {
  const rclone = program('rclone') ?? 'rclone';
  const config = path.join(place, 'client.conf');
  const lines = [
    '[remote]',
    'type = sftp',
    `host = ${server.host}`,
    `port = ${server.port}`,
    `user = ${server.user}`,
    `key_file = ${server.keyFile}`,
    `known_hosts_file = ${server.knownHosts}`,
    'disable_hashcheck = true',
    'shell_type = none',
  ];
  writeFileSync(config, `${lines.join('\n')}\n`);
  return {
    /** The server's name of a path. @param {string} below */
    at: (below) => `remote:${server.base}/${below}`,
    /** Runs rclone, which must succeed; returns its output. @param {string[]} args */
    run: async (...args) => {
      const options = { maxBuffer: 256 * 1024 * 1024, encoding: /** @type {const} */ ('utf8') };
      const done = await execute(
        rclone,
        [...args, '--config', config, '--retries', '1', '--transfers', '8'],
        options,
      );
      return done.stdout;
    },
  };
}
