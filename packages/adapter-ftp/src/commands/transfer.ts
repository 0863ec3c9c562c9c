import { randomBytes } from 'node:crypto';
import {
  type FileHandle,
  type OpenOptions,
  type Path,
  statThroughLinks,
  throughLinks,
  VaultError,
} from '@latchkey/vault';
import { type Reply, reply } from '../control/replies.js';
import { FromWire, ToWire } from '../data/ascii.js';
import { receive } from '../data/receive.js';
import { Outlet, sendFile } from '../data/send.js';
import type { Transfer } from '../data/transfer.js';
import { ReplyError } from '../errors.js';
import { formatPath } from '../session/paths.js';
import type { Session } from '../session/session.js';
import { type CommandTable, fromShell } from './command.js';

/** Where a transfer begins. Throws 501 in TYPE A, whose offsets are not the file's. */
function restartOf(session: Session): number {
  const restart = session.takeRestart();
  if (restart > 0 && session.type === 'A') throw new ReplyError(501, 'REST needs TYPE I');
  return restart;
}

async function retrieve(session: Session, argument: string): Promise<Reply> {
  session.checkData();
  const offset = restartOf(session);
  const path = session.path(argument);
  const file = await throughLinks(session.vault, path, true, (at) => session.vault.open(at, { read: true }));
  try {
    const { size } = await file.stat();
    if (offset > size) throw new ReplyError(554, `the file has ${size} bytes`);
    const transfer = session.beginTransfer();
    const ascii = session.type === 'A' ? new ToWire() : undefined;
    // Clients read the number of bytes from here; in TYPE A nobody knows it yet.
    const length = ascii === undefined ? ` (${size - offset} bytes)` : '';
    session.control.send(reply(150, `opening data connection for ${formatPath(path)}${length}`));
    const outlet = new Outlet(await transfer.open('out'), transfer);
    await sendFile(file, offset, size, outlet, transfer, ascii && ((bytes) => ascii.convert(bytes)));
    transfer.finish();
    return reply(226, 'transfer complete');
  } finally {
    await file.close();
  }
}

/** What an upload does to the file that stands under the name. */
type Manner = 'replace' | 'append' | 'unique';

async function openForWriting(
  session: Session,
  path: Path,
  manner: Manner,
  restart: number,
): Promise<FileHandle> {
  const options: OpenOptions = {
    write: true,
    create: true,
    ...(manner === 'append' ? { append: true } : {}),
    ...(manner === 'unique' ? { exclusive: true } : {}),
    ...(manner === 'replace' && restart === 0 ? { truncate: true } : {}),
  };
  return throughLinks(session.vault, path, true, (at) => session.vault.open(at, options));
}

/**
 * Takes a file. What was sent is published when the client has ended its data and is still there to be told; until
 * then the old version stands, and afterwards what a lost connection leaves can be resumed.
 */
async function store(session: Session, path: Path, manner: Manner, opening: string): Promise<Reply> {
  session.checkData();
  const restart = restartOf(session);
  const file = await openForWriting(session, path, manner, restart);
  let published = false;
  try {
    if (restart > 0 && manner === 'replace') {
      const { size } = await file.stat();
      if (restart > size) throw new ReplyError(554, `there are ${size} bytes to resume from`);
    }
    const transfer = session.beginTransfer();
    session.control.send(reply(150, opening));
    const end = await takeData(session, transfer, file, manner === 'append' ? 0 : restart);
    await mustBeWhole(session, transfer);
    // What was behind the data belongs to the version that is being replaced.
    if (restart > 0 && manner === 'replace') await file.truncate(end);
    await file.close();
    published = true;
    transfer.finish();
    return reply(226, 'transfer complete');
  } finally {
    if (!published) {
      session.transfer?.discard();
      await file.abandon();
    }
  }
}

/** Writes the data from `offset` on and returns where it ends. */
async function takeData(
  session: Session,
  transfer: Transfer,
  file: FileHandle,
  offset: number,
): Promise<number> {
  const socket = await transfer.open('in');
  const ascii = session.type === 'A' ? new FromWire() : undefined;
  let at = offset;
  const write = (bytes: Uint8Array): Promise<void> => {
    const from = at;
    at += bytes.length;
    return file.write(from, bytes);
  };
  await receive(socket, transfer, (chunk) => write(ascii === undefined ? chunk : ascii.convert(chunk)));
  const rest = ascii?.end();
  if (rest !== undefined && rest.length > 0) await write(rest);
  return at;
}

/** Share of the time an upload has taken, and milliseconds at most, in which its client may still prove to be gone. */
const DOUBT = 1 / 50;
const MAX_DOUBT_MS = 50;

/**
 * Throws 426 unless the client meant the data to end here. Over TLS it says so. In clear a killed program ends its data
 * as a finished one does, but its control connection ends with it: a moment later, because systems close what was
 * opened last first. An upload that went on for long is likelier to be one of those, and can better afford the wait.
 */
async function mustBeWhole(session: Session, transfer: Transfer): Promise<void> {
  if (!transfer.encrypted) {
    const doubtMs = Math.min(transfer.elapsedMs * DOUBT, MAX_DOUBT_MS);
    if (doubtMs >= 1) await new Promise((resolve) => setTimeout(resolve, doubtMs));
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (transfer.reason !== undefined) throw transfer.reason;
  if (!transfer.closedProperly)
    throw new ReplyError(426, 'the data ended without TLS close_notify; the file is not taken over');
  if (!session.control.present) throw new ReplyError(426, 'the control connection was lost');
}

async function storeUnique(session: Session, argument: string): Promise<Reply> {
  const base = session.path(argument === '' ? 'upload' : argument);
  const name = `${base.at(-1) ?? 'upload'}.${randomBytes(8).toString('hex')}`;
  const path = [...base.slice(0, -1), name];
  // RFC 1123, section 4.1.2.9: the name is in the first reply, in this form.
  return store(session, path, 'unique', `FILE: ${formatPath(path)}`);
}

export const TRANSFER_COMMANDS: CommandTable = {
  RETR: {
    argument: 'required',
    usesData: true,
    syntax: '<path>',
    help: 'send a file to the client',
    run: retrieve,
  },
  STOR: {
    argument: 'required',
    usesData: true,
    syntax: '<path>',
    help: 'take a file from the client; behind REST, resume it',
    run: (session, argument) => {
      const path = session.path(argument);
      return store(session, path, 'replace', `opening data connection for ${formatPath(path)}`);
    },
  },
  APPE: {
    argument: 'required',
    usesData: true,
    syntax: '<path>',
    help: 'take bytes from the client and put them at the end of a file',
    run: (session, argument) => {
      const path = session.path(argument);
      session.restart = 0;
      return store(session, path, 'append', `opening data connection for ${formatPath(path)}`);
    },
  },
  STOU: {
    argument: 'optional',
    usesData: true,
    syntax: '[name]',
    help: 'take a file under a name of its own',
    run: storeUnique,
  },
  REST: {
    argument: 'required',
    syntax: '<bytes>',
    help: 'begin the next RETR or STOR at this offset (RFC 3659)',
    run(session, argument) {
      const offset = Number(argument.trim());
      if (!/^\s*\d{1,16}\s*$/.test(argument) || !Number.isSafeInteger(offset))
        return reply(501, 'this is no number of bytes');
      session.restart = offset;
      return reply(350, `the next transfer begins at ${offset}`);
    },
  },
  ALLO: {
    argument: 'required',
    syntax: '<bytes>',
    help: 'not needed here',
    run: (session, argument) =>
      /^\s*\d+(\s+R\s+\d+)?\s*$/i.test(argument)
        ? fromShell('ALLO')(session, argument)
        : reply(501, 'this is no number of bytes'),
  },
  ABOR: {
    argument: 'none',
    syntax: '',
    help: 'break off the transfer',
    // The transfer, if there was one, was stopped when the line came in, and has been answered with 426.
    run(session) {
      session.data.release();
      return reply(226, 'no transfer is under way any more');
    },
  },
};

/** The entry behind all links. Throws 550 when it is no file. */
export async function mustBeFile(session: Session, argument: string): Promise<{ path: Path; size: number }> {
  const path = session.path(argument);
  const entry = await statThroughLinks(session.vault, path);
  if (entry.kind !== 'file') throw new VaultError('is-a-directory', `not a file: ${formatPath(path)}`);
  return { path, size: entry.size };
}
