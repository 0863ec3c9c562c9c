import { reply } from '../control/replies.js';
import type { CommandTable } from './command.js';

/** RFC 4217 (TLS) on the commands of RFC 2228. */
export const SECURITY_COMMANDS: CommandTable = {
  AUTH: {
    argument: 'required',
    beforeLogin: true,
    syntax: 'TLS',
    help: 'speak TLS from here on (RFC 4217)',
    run(session, argument) {
      const { control, server } = session;
      if (server.contexts === undefined) return reply(502, 'TLS is off');
      const mechanism = argument.trim().toUpperCase();
      // SSL and TLS-P are names from drafts of RFC 4217 and imply protected data connections.
      const implied = mechanism === 'SSL' || mechanism === 'TLS-P';
      if (!implied && mechanism !== 'TLS' && mechanism !== 'TLS-C')
        return reply(504, 'this mechanism is not known: use TLS');
      if (control.secureContext !== undefined) return reply(503, 'TLS is on already');
      // What was agreed in clear may have been an attacker's (RFC 4217, section 4.1).
      session.logOut();
      session.protection = implied ? 'P' : 'C';
      session.bufferSizeAgreed = implied;
      control.startTls(reply(234, 'ready for the TLS handshake'));
      return undefined;
    },
  },
  PBSZ: {
    argument: 'required',
    beforeLogin: true,
    syntax: '0',
    help: 'size of protection buffers; TLS has none',
    run(session, argument) {
      if (session.control.secureContext === undefined) return reply(503, 'use AUTH TLS first');
      if (!/^\s*\d{1,10}\s*$/.test(argument)) return reply(501, 'this is no size');
      session.bufferSizeAgreed = true;
      return reply(200, Number(argument) === 0 ? 'PBSZ=0' : 'agreed on PBSZ=0');
    },
  },
  PROT: {
    argument: 'required',
    beforeLogin: true,
    syntax: 'P | C',
    help: 'protection of data connections: P private, C clear',
    run(session, argument) {
      if (session.control.secureContext === undefined || !session.bufferSizeAgreed)
        return reply(503, 'use AUTH TLS and PBSZ first');
      const level = argument.trim().toUpperCase();
      if (level === 'S' || level === 'E') return reply(536, 'TLS offers P and C only');
      if (level !== 'P' && level !== 'C') return reply(504, 'this level is not known');
      if (level === 'C' && session.server.options.tls.mode === 'require')
        return reply(534, 'this server transfers over TLS only');
      session.protection = level;
      return reply(200, `data connections are ${level === 'P' ? 'private' : 'in clear'}`);
    },
  },
  CCC: {
    argument: 'none',
    beforeLogin: true,
    syntax: '',
    help: 'refused: TLS stays on',
    run: (session) =>
      session.control.secureContext === undefined
        ? reply(533, 'TLS is not on')
        : reply(534, 'the control connection stays protected'),
  },
};
