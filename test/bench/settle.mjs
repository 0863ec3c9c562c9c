// The same state of the machine before every measurement.
import { spawnSync } from 'node:child_process';
import { freemem } from 'node:os';

const MEBIBYTE = 1024 * 1024;
/** A file in the cache of the server's side, one in the client's, and what both hold meanwhile. */
const COPIES = 3;
const PROGRAM = `
const pieces = [];
for (let left = Number(process.argv[1]); left > 0; left -= 64) pieces.push(Buffer.alloc(64 * ${MEBIBYTE}, 1));
`;

/**
 * Writes what earlier work left in memory, so that no measurement pays for another's; then fills and frees as much memory as
 * files of so many mebibytes will need. In a virtual machine a page that was never used is got from the host first, which
 * is seven times as slow as writing to it, and would fall on whichever server happens to be given such pages: one that keeps
 * the earlier version of a file rather than one that deletes it.
 * @param {number} mebibytes
 */
export function settle(mebibytes) {
  spawnSync('sync');
  const affordable = Math.floor(freemem() / MEBIBYTE / 2);
  const wanted = Math.min(COPIES * mebibytes + 256, affordable);
  spawnSync(process.execPath, ['-e', PROGRAM, String(wanted)]);
}
