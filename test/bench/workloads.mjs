// What is measured: each workload runs the same client, rclone, against one server and says how much work it did.
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { program } from '../../scripts/setup/clients.mjs';

const run = promisify(execFile);
const MIB = 1024 * 1024;

/**
 * @typedef {{ name: string, host: string, port: number, user: string, keyFile: string, knownHosts: string, base: string }} Target
 * @typedef {{ bytes: number, files: number, entries: number }} Sizes
 * @typedef {{ big: string, small: string, scratch: string, sizes: Sizes }} Inputs
 * @typedef {{ id: string, unit: string, amount: (sizes: Sizes) => number, before?: (target: Target, inputs: Inputs) => Promise<void>, work: (target: Target, inputs: Inputs) => Promise<void>, check?: (target: Target, inputs: Inputs) => void, restart?: boolean }} Workload
 */

/** Runs rclone with `target:` as the server. Digests are off for all: crypt has none, and like is compared with like. */
async function rclone(
  /** @type {Target} */ target,
  /** @type {Inputs} */ inputs,
  /** @type {string[]} */ args,
) {
  const config = path.join(inputs.scratch, `rclone-${target.port}.conf`);
  const lines = [
    '[target]',
    'type = sftp',
    `host = ${target.host}`,
    `port = ${target.port}`,
    `user = ${target.user}`,
  ];
  lines.push(
    `key_file = ${target.keyFile}`,
    `known_hosts_file = ${target.knownHosts}`,
    'disable_hashcheck = true',
    'shell_type = unix',
  );
  writeFileSync(config, `${lines.join('\n')}\n`, { mode: 0o600 });
  const command = program('rclone');
  if (!command) throw new Error('rclone is not installed');
  const { stdout } = await run(command, ['--config', config, '--retries', '1', '--transfers', '8', ...args], {
    maxBuffer: 256 * MIB,
  });
  return stdout;
}

function remote(/** @type {Target} */ target, /** @type {string} */ name) {
  return `target:${target.base}/${name}`;
}

function expectEqual(
  /** @type {number} */ actual,
  /** @type {number} */ expected,
  /** @type {string} */ what,
) {
  if (actual !== expected) throw new Error(`${what}: ${actual} instead of ${expected}`);
}

async function list(/** @type {Target} */ target, /** @type {Inputs} */ inputs) {
  const lines = await rclone(target, inputs, ['lsf', remote(target, 'many')]);
  expectEqual(lines.split('\n').length - 1, inputs.sizes.entries, 'entries listed');
}

/** @type {Workload[]} */
export const WORKLOADS = [
  {
    id: 'put one large file',
    unit: 'MiB/s',
    amount: ({ bytes }) => bytes / MIB,
    work: async (target, inputs) =>
      void (await rclone(target, inputs, ['copyto', '--ignore-times', inputs.big, remote(target, 'big')])),
  },
  {
    id: 'get one large file',
    unit: 'MiB/s',
    amount: ({ bytes }) => bytes / MIB,
    before: async (_target, inputs) => rmSync(path.join(inputs.scratch, 'big'), { force: true }),
    work: async (target, inputs) =>
      void (await rclone(target, inputs, [
        'copyto',
        remote(target, 'big'),
        path.join(inputs.scratch, 'big'),
      ])),
    check: (_target, inputs) =>
      expectEqual(statSync(path.join(inputs.scratch, 'big')).size, inputs.sizes.bytes, 'bytes got'),
  },
  {
    id: 'put small files of 4 KiB',
    unit: 'files/s',
    amount: ({ files }) => files,
    before: async (target, inputs) =>
      void (await rclone(target, inputs, ['purge', remote(target, 'small')]).catch(() => '')),
    work: async (target, inputs) =>
      void (await rclone(target, inputs, ['copy', inputs.small, remote(target, 'small')])),
  },
  {
    id: 'get small files of 4 KiB',
    unit: 'files/s',
    amount: ({ files }) => files,
    before: async (_target, inputs) =>
      rmSync(path.join(inputs.scratch, 'small'), { recursive: true, force: true }),
    work: async (target, inputs) =>
      void (await rclone(target, inputs, [
        'copy',
        remote(target, 'small'),
        path.join(inputs.scratch, 'small'),
      ])),
    check: (_target, inputs) =>
      expectEqual(readdirSync(path.join(inputs.scratch, 'small')).length, inputs.sizes.files, 'files got'),
  },
  {
    id: 'list a large directory, cold',
    unit: 'entries/s',
    amount: ({ entries }) => entries,
    restart: true,
    work: list,
  },
  { id: 'list a large directory, warm', unit: 'entries/s', amount: ({ entries }) => entries, work: list },
];

/** Files for the runs, of bytes that do not compress. */
export function makeInputs(
  /** @type {string} */ place,
  /** @type {Sizes} */ sizes,
  /** @type {(length: number) => Uint8Array} */ random,
) {
  const scratch = path.join(place, 'client');
  const small = path.join(place, 'small');
  const many = path.join(place, 'many');
  for (const folder of [scratch, small, many]) mkdirSync(folder);
  const big = path.join(place, 'big');
  writeFileSync(big, '');
  for (let at = 0; at < sizes.bytes; at += 16 * MIB)
    writeFileSync(big, random(Math.min(16 * MIB, sizes.bytes - at)), { flag: 'a' });
  for (let index = 0; index < sizes.files; index++)
    writeFileSync(path.join(small, `file-${index}`), random(4096));
  for (let index = 0; index < sizes.entries; index++) writeFileSync(path.join(many, `entry-${index}`), '');
  return { big, small, many, scratch, sizes };
}
