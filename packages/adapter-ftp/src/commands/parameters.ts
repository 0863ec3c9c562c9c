import { reply } from '../control/replies.js';
import { ALL_FACTS } from '../listing/facts.js';
import type { Session } from '../session/session.js';
import { type CommandTable, fromShell } from './command.js';
import { HASHES, type HashName } from './digests.js';

/** Settings that OPTS changes (RFC 2389, section 4). */
const OPTIONS: Readonly<Record<string, (session: Session, value: string) => ReturnType<typeof reply>>> = {
  UTF8: (_session, value) =>
    value === '' || value.toUpperCase() === 'ON'
      ? reply(200, 'names are in UTF-8')
      : reply(504, 'names are always sent in UTF-8'),
  MLST(session, value) {
    const wanted = new Set(value.split(';').map((fact) => fact.trim().toLowerCase()));
    session.facts = ALL_FACTS.filter((fact) => wanted.has(fact.toLowerCase()));
    // RFC 3659, section 7.9: the facts in force, whatever was asked for.
    return reply(200, `MLST OPTS ${session.facts.map((fact) => `${fact};`).join('')}`.trimEnd());
  },
  HASH(session, value) {
    if (value === '') return reply(200, session.hash);
    const name = (Object.keys(HASHES) as HashName[]).find((known) => known === value.trim().toUpperCase());
    if (name === undefined) return reply(501, 'this algorithm is not known');
    session.hash = name;
    return reply(200, name);
  },
};

/** Parameters of transfers and settings (RFC 959, section 5.3.1.3). */
export const PARAMETER_COMMANDS: CommandTable = {
  TYPE: {
    argument: 'required',
    syntax: 'A | I',
    help: 'A turns line ends into CR LF on the wire, I sends files as they are',
    run(session, argument) {
      const type = argument.trim().toUpperCase();
      if (type === 'I' || type === 'L 8' || type === 'L8') session.type = 'I';
      else if (type === 'A' || type === 'A N') session.type = 'A';
      else
        return /^[AEIL]/.test(type)
          ? reply(504, 'this type is not supported')
          : reply(501, 'this is no type');
      return reply(200, `TYPE is ${session.type}`);
    },
  },
  MODE: { argument: 'required', syntax: 'S', help: 'transfer mode; stream only', run: fromShell('MODE') },
  STRU: { argument: 'required', syntax: 'F', help: 'file structure; files only', run: fromShell('STRU') },
  OPTS: {
    argument: 'required',
    beforeLogin: true,
    syntax: 'UTF8 ON | MLST facts | HASH name',
    help: 'change a setting (RFC 2389)',
    run(session, argument) {
      const [name = '', ...value] = argument.trim().split(' ');
      const option = Object.hasOwn(OPTIONS, name.toUpperCase()) ? OPTIONS[name.toUpperCase()] : undefined;
      return option === undefined
        ? reply(501, 'this setting is not known')
        : option(session, value.join(' '));
    },
  },
};
