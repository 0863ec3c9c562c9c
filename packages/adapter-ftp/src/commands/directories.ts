import { statThroughLinks, throughLinks, VaultError } from '@latchkey/vault';
import { quoted, type Reply, reply } from '../control/replies.js';
import { formatPath } from '../session/paths.js';
import type { Session } from '../session/session.js';
import type { CommandTable, FtpCommand } from './command.js';

async function changeDirectory(session: Session, argument: string): Promise<Reply> {
  const path = session.path(argument);
  const { kind } = await statThroughLinks(session.vault, path);
  if (kind !== 'directory') throw new VaultError('not-a-directory', `not a directory: ${formatPath(path)}`);
  session.directory = path;
  return reply(250, `working directory is ${formatPath(path)}`);
}

const CWD: FtpCommand = {
  argument: 'required',
  syntax: '<path>',
  help: 'change the working directory',
  run: changeDirectory,
};

const CDUP: FtpCommand = {
  argument: 'none',
  syntax: '',
  help: 'change to the directory above',
  run: (session) => changeDirectory(session, '..'),
};

const PWD: FtpCommand = {
  argument: 'none',
  syntax: '',
  help: 'show the working directory',
  run: (session) => reply(257, `${quoted(formatPath(session.directory))} is the working directory`),
};

const MKD: FtpCommand = {
  argument: 'required',
  syntax: '<path>',
  help: 'make a directory',
  async run(session, argument) {
    const path = session.path(argument);
    await throughLinks(session.vault, path, false, (at) => session.vault.mkdir(at));
    return reply(257, `${quoted(formatPath(path))} is made`);
  },
};

const RMD: FtpCommand = {
  argument: 'required',
  syntax: '<path>',
  help: 'remove an empty directory',
  async run(session, argument) {
    const path = session.path(argument);
    await throughLinks(session.vault, path, false, (at) => session.vault.rmdir(at));
    return reply(250, `${formatPath(path)} is removed`);
  },
};

/** Commands with an X are those of RFC 775, which old clients still send. */
export const DIRECTORY_COMMANDS: CommandTable = {
  CWD,
  XCWD: CWD,
  CDUP,
  XCUP: CDUP,
  PWD,
  XPWD: PWD,
  MKD,
  XMKD: MKD,
  RMD,
  XRMD: RMD,
  RMDA: {
    argument: 'required',
    syntax: '<path>',
    help: 'remove a directory with everything in it',
    async run(session, argument) {
      const path = session.path(argument);
      const { kind } = await throughLinks(session.vault, path, false, (at) => session.vault.stat(at));
      if (kind !== 'directory')
        throw new VaultError('not-a-directory', `not a directory: ${formatPath(path)}`);
      await throughLinks(session.vault, path, false, (at) => session.vault.remove(at, { recursive: true }));
      return reply(250, `${formatPath(path)} is removed`);
    },
  },
  AVBL: {
    argument: 'optional',
    syntax: '[path]',
    help: 'bytes that are free',
    async run(session, argument) {
      await statThroughLinks(session.vault, session.path(argument));
      const { available } = await session.vault.space();
      return available === undefined ? reply(550, 'the store does not say') : reply(213, String(available));
    },
  },
};
