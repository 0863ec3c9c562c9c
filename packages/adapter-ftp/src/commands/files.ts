import {
  type Attributes,
  type Path,
  resolveLinks,
  statThroughLinks,
  type Timestamp,
  throughLinks,
} from '@latchkey/vault';
import { reply } from '../control/replies.js';
import { ReplyError } from '../errors.js';
import { formatPath } from '../session/paths.js';
import type { Session } from '../session/session.js';
import { formatTime, parseTime } from '../session/times.js';
import type { CommandTable } from './command.js';
import { mustBeFile } from './transfer.js';

/** Sets attributes of what a path leads to, links followed, and fails when there is nothing. */
export async function setAttributes(session: Session, path: Path, attributes: Attributes): Promise<void> {
  const { vault } = session;
  const entry = await throughLinks(vault, path, false, (at) => vault.stat(at));
  const target = entry.kind === 'symlink' ? await resolveLinks(vault, path, true) : path;
  await throughLinks(vault, target, true, (at) => vault.setAttributes(at, attributes));
}

/** `<time> <path>`. Throws 501. */
function timeAndPath(argument: string): { readonly modified: Timestamp; readonly path: string } {
  const match = /^(\S+) (.+)$/s.exec(argument);
  const modified = parseTime(match?.[1] ?? '');
  if (modified === undefined || match?.[2] === undefined)
    throw new ReplyError(501, 'a time as YYYYMMDDHHMMSS and a path are wanted');
  return { modified, path: match[2] };
}

export const FILE_COMMANDS: CommandTable = {
  DELE: {
    argument: 'required',
    syntax: '<path>',
    help: 'remove a file or a symlink',
    async run(session, argument) {
      const path = session.path(argument);
      await throughLinks(session.vault, path, false, (at) => session.vault.remove(at));
      return reply(250, `${formatPath(path)} is removed`);
    },
  },
  RNFR: {
    argument: 'required',
    syntax: '<path>',
    help: 'name what RNTO renames',
    async run(session, argument) {
      const path = session.path(argument);
      await throughLinks(session.vault, path, false, (at) => session.vault.stat(at));
      session.renameFrom = path;
      return reply(350, 'RNTO with the new name is wanted next');
    },
  },
  RNTO: {
    argument: 'required',
    syntax: '<path>',
    help: 'rename what RNFR named; a file of the new name is replaced',
    async run(session, argument) {
      const { vault, renameFrom: from } = session;
      session.renameFrom = undefined;
      if (from === undefined) return reply(503, 'use RNFR first');
      const to = session.path(argument);
      await throughLinks(vault, from, false, (source) =>
        throughLinks(vault, to, false, (target) => vault.rename(source, target, { replace: true })),
      );
      return reply(250, `renamed to ${formatPath(to)}`);
    },
  },
  SIZE: {
    argument: 'required',
    syntax: '<path>',
    help: 'bytes that RETR would send (RFC 3659); in TYPE I only',
    async run(session, argument) {
      // The size on the wire in TYPE A is known only by reading the whole file.
      if (session.type === 'A') return reply(550, 'SIZE needs TYPE I');
      return reply(213, String((await mustBeFile(session, argument)).size));
    },
  },
  MDTM: {
    argument: 'required',
    syntax: '[time] <path>',
    help: 'time of modification in UTC (RFC 3659); with a time, set it',
    async run(session, argument) {
      // Older clients set the time this way. A file whose name looks like one is asked for first.
      const setting = /^\d{14}(\.\d+)? ./.test(argument);
      const found = await statThroughLinks(session.vault, session.path(argument)).catch((error: unknown) => {
        if (setting) return undefined;
        throw error;
      });
      if (found !== undefined) return reply(213, formatTime(found.modified));
      const { modified, path } = timeAndPath(argument);
      await setAttributes(session, session.path(path), { modified });
      return reply(253, `modified at ${formatTime(modified)}`);
    },
  },
  MFMT: {
    argument: 'required',
    syntax: '<time> <path>',
    help: 'set the time of modification in UTC',
    async run(session, argument) {
      const { modified, path } = timeAndPath(argument);
      await setAttributes(session, session.path(path), { modified });
      return reply(213, `Modify=${formatTime(modified)}; ${path}`);
    },
  },
  MFCT: {
    argument: 'required',
    syntax: '<time> <path>',
    help: 'set the time of creation in UTC',
    async run(session, argument) {
      const { modified: created, path } = timeAndPath(argument);
      await setAttributes(session, session.path(path), { created });
      return reply(213, `Create=${formatTime(created)}; ${path}`);
    },
  },
};
