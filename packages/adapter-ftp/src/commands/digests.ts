import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { type DigestName, type Path, resolveLinks, VaultError } from '@latchkey/vault';
import { type Reply, reply } from '../control/replies.js';
import { ReplyError } from '../errors.js';
import type { Session } from '../session/session.js';
import type { CommandTable, FtpCommand } from './command.js';
import { mustBeFile } from './transfer.js';

/** Names of draft-bryan-ftpext-hash, and what the vault calls them. */
export const HASHES = {
  'SHA-256': 'sha256',
  'SHA-1': 'sha1',
  MD5: 'md5',
  CRC32: 'crc32',
} as const satisfies Record<string, DigestName>;

export type HashName = keyof typeof HASHES;

/** Digest of the bytes from `start` up to, without, `end`. Of a whole file the vault knows it, or remembers it. */
async function digest(
  session: Session,
  path: Path,
  size: number,
  algorithm: DigestName,
  start: number,
  end: number,
): Promise<string> {
  const at = await resolveLinks(session.vault, path, true);
  if (start === 0 && end === size) return session.vault.digest(at, algorithm);
  const bytes = session.vault.read(at, { offset: start, length: end - start });
  if (algorithm === 'crc32') {
    let value = 0;
    for await (const piece of bytes) value = crc32(piece, value);
    return value.toString(16).padStart(8, '0');
  }
  const hash = createHash(algorithm);
  for await (const piece of bytes) hash.update(piece);
  return hash.digest('hex');
}

interface Range {
  readonly path: Path;
  readonly size: number;
  readonly start: number;
  readonly end: number;
}

/**
 * `<path> [start [end]]`, the path in quotes or not. Digits behind a path without quotes are part of the name if there
 * is such a file.
 */
async function rangeOf(session: Session, argument: string): Promise<Range> {
  const match = /^"((?:[^"]|"")*)"(?: +(\d{1,16}))?(?: +(\d{1,16}))? *$/.exec(argument);
  if (match !== null) return bounded(session, (match[1] ?? '').replaceAll('""', '"'), match[2], match[3]);
  try {
    return await bounded(session, argument, undefined, undefined);
  } catch (error) {
    const bare = /^(.+?) +(\d{1,16})(?: +(\d{1,16}))? *$/s.exec(argument);
    if (!(error instanceof VaultError) || error.code !== 'not-found' || bare === null) throw error;
    return bounded(session, bare[1] ?? '', bare[2], bare[3]);
  }
}

async function bounded(session: Session, name: string, from?: string, to?: string): Promise<Range> {
  const { path, size } = await mustBeFile(session, name);
  const start = Number(from ?? 0);
  const end = to === undefined ? size : Number(to);
  if (start > end || end > size)
    throw new ReplyError(501, `the range is not inside the ${size} bytes of the file`);
  return { path, size, start, end };
}

function hashCommand(algorithm: DigestName, name: string): FtpCommand {
  return {
    argument: 'required',
    syntax: '<path> [start [end]]',
    help: `${name} of a file or a range of it`,
    async run(session, argument): Promise<Reply> {
      const { path, size, start, end } = await rangeOf(session, argument);
      return reply(250, await digest(session, path, size, algorithm, start, end));
    },
  };
}

export const DIGEST_COMMANDS: CommandTable = {
  HASH: {
    argument: 'required',
    syntax: '<path>',
    help: 'digest of a file by the algorithm that OPTS HASH has chosen',
    async run(session, argument) {
      const { path, size } = await mustBeFile(session, argument);
      const name = session.hash;
      const value = await digest(session, path, size, HASHES[name], 0, size);
      return reply(213, `${name} 0-${Math.max(size - 1, 0)} ${value} ${argument}`);
    },
  },
  XCRC: hashCommand('crc32', 'CRC-32'),
  XMD5: hashCommand('md5', 'MD5'),
  XSHA1: hashCommand('sha1', 'SHA-1'),
  XSHA256: hashCommand('sha256', 'SHA-256'),
};
