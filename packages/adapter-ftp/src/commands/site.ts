import { type Reply, reply } from '../control/replies.js';
import { ReplyError } from '../errors.js';
import type { Session } from '../session/session.js';
import { parseTime } from '../session/times.js';
import type { CommandTable } from './command.js';
import { setAttributes } from './files.js';

async function changeMode(session: Session, argument: string): Promise<Reply> {
  const match = /^([0-7]{1,5}) (.+)$/s.exec(argument);
  if (match === null) throw new ReplyError(501, 'an octal mode and a path are wanted');
  const mode = Number.parseInt(match[1] ?? '', 8) & 0o7777;
  await setAttributes(session, session.path(match[2] ?? ''), { mode });
  return reply(200, 'the mode is set');
}

/**
 * Two forms are in use: `<time> <path>` and `<path> <access> <modification> <change> UTC`. Of the second only the time of
 * modification is kept.
 */
async function changeTime(session: Session, argument: string): Promise<Reply> {
  const long = /^(.+) (\d{12,14}) (\d{12,14}) (\d{12,14}) UTC$/is.exec(argument);
  const short = /^(\d{12,14}) (.+)$/s.exec(argument);
  const [time, path] = long === null ? [short?.[1], short?.[2]] : [long[3], long[1]];
  const modified = parseTime(time ?? '');
  if (modified === undefined || path === undefined)
    throw new ReplyError(501, 'a time as YYYYMMDDHHMMSS and a path are wanted');
  await setAttributes(session, session.path(path), { modified });
  return reply(200, 'the time is set');
}

const SITE_COMMANDS: Readonly<
  Record<string, (session: Session, argument: string) => Promise<Reply> | Reply>
> = {
  CHMOD: changeMode,
  UTIME: changeTime,
  HELP: () => reply(214, 'SITE commands', 'CHMOD <octal mode> <path>', 'UTIME <time> <path>', 'HELP', 'end'),
};

export const SITE_COMMAND: CommandTable = {
  SITE: {
    argument: 'required',
    syntax: 'CHMOD <mode> <path> | UTIME <time> <path> | HELP',
    help: 'permissions and times',
    run(session, argument) {
      const space = argument.indexOf(' ');
      const name = (space === -1 ? argument : argument.slice(0, space)).toUpperCase();
      const command = Object.hasOwn(SITE_COMMANDS, name) ? SITE_COMMANDS[name] : undefined;
      if (command === undefined) return reply(504, 'this SITE command is not known');
      return command(session, space === -1 ? '' : argument.slice(space + 1));
    },
  },
};
