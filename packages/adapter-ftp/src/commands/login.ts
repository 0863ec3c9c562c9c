import { printable, reply } from '../control/replies.js';
import type { CommandTable } from './command.js';
import { standard } from './command.js';

/** Longest user name and password looked at, in bytes. */
const MAX_CREDENTIAL_BYTES = 1024;

export const LOGIN_COMMANDS: CommandTable = {
  USER: {
    argument: 'required',
    beforeLogin: true,
    syntax: '<name>',
    help: 'begin a login; ends an earlier one',
    run(session, argument) {
      const { control, server } = session;
      if (server.options.tls.mode === 'require' && control.secureContext === undefined) {
        server.log('warn', 'login in clear refused', { user: printable(argument), address: control.peer });
        return reply(530, 'this server takes logins over TLS only: use AUTH TLS');
      }
      session.logOut();
      session.user = argument;
      // The same for names that nobody has.
      return reply(331, 'user name taken, password required');
    },
  },
  PASS: {
    argument: 'optional',
    beforeLogin: true,
    syntax: '<password>',
    help: 'finish a login',
    async run(session, password) {
      const { control, server, user } = session;
      if (session.loggedIn) return reply(202, 'already logged in');
      if (user === undefined) return reply(503, 'use USER first');
      session.user = undefined;
      const tooLong = Buffer.byteLength(user) + Buffer.byteLength(password) > MAX_CREDENTIAL_BYTES;
      const vault = tooLong ? undefined : await control.logIn(user, password);
      if (vault !== undefined) {
        session.enter(vault);
        session.user = user;
        const tls = control.secureContext !== undefined;
        const who = { user: printable(user), address: control.peer };
        server.log('info', 'logged in', { ...who, protocol: 'ftp', tls });
        const welcome = server.options.welcome?.(user)?.split(/\r?\n/) ?? ['logged in'];
        return reply(230, ...welcome);
      }
      session.failures += 1;
      server.log('warn', 'login failed', { user: printable(user), address: control.peer });
      if (session.failures >= server.limits.loginAttempts)
        return { ...reply(421, 'too many failed logins'), last: true };
      return reply(530, 'login incorrect');
    },
  },
  ACCT: {
    argument: 'required',
    beforeLogin: true,
    syntax: '<account>',
    help: 'not needed here',
    run: () => standard(202),
  },
  REIN: {
    argument: 'none',
    beforeLogin: true,
    syntax: '',
    help: 'log out and stay connected',
    run(session) {
      session.logOut();
      return reply(220, 'ready for a new user');
    },
  },
  QUIT: {
    argument: 'optional',
    beforeLogin: true,
    syntax: '',
    help: 'end the connection',
    run: () => ({ ...reply(221, 'goodbye'), last: true }),
  },
  HOST: {
    argument: 'required',
    beforeLogin: true,
    syntax: '<host name>',
    help: 'name the host that is meant (RFC 7151); one vault is served under every name',
    run(session, argument) {
      if (session.user !== undefined || session.loggedIn) return reply(503, 'use HOST before USER');
      if (!/^(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9.-]{1,253})$/.test(argument))
        return reply(501, 'this is no host name');
      return reply(220, 'host accepted');
    },
  },
};
