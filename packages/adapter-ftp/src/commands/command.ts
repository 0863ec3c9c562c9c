import shellRegistry from 'ftp-srv/src/commands/registry.js';
import messages from 'ftp-srv/src/messages.js';
import { type Reply, reply } from '../control/replies.js';
import { ReplyError } from '../errors.js';
import type { Session } from '../session/session.js';

/** One command of the control connection. */
export interface FtpCommand {
  /** `none` refuses an argument, `required` its absence, both with 501. */
  readonly argument: 'none' | 'optional' | 'required';
  /** Usable before the login. */
  readonly beforeLogin?: boolean;
  /** Uses up what PASV or PORT has prepared, whether it succeeds or not. */
  readonly usesData?: boolean;
  /** As HELP shows it, the verb in front. */
  readonly syntax: string;
  readonly help: string;
  /** Does the work and returns the final reply, if it was not sent yet. Others go to the control connection. */
  readonly run: (session: Session, argument: string) => Promise<Reply> | Reply | undefined;
}

export type CommandTable = Readonly<Record<string, FtpCommand>>;

/** ftp-srv's text for a code. */
export function standard(code: number): Reply {
  return reply(code, messages[code] ?? 'done');
}

/**
 * A handler of ftp-srv, for commands that touch neither files nor data connections. It answers through the `reply`
 * of a connection, of which it needs nothing else.
 */
export function fromShell(verb: string): FtpCommand['run'] {
  return (_session, argument) => {
    let answer: Reply | undefined;
    const connection = {
      reply: (code: number): void => {
        answer = standard(code);
      },
    };
    const command = { directive: verb, arg: argument === '' ? null : argument };
    shellRegistry[verb]?.handler.call(connection, { command });
    if (answer === undefined) throw new ReplyError(502, 'command not implemented');
    return answer;
  };
}
