import { reply } from '../control/replies.js';
import { ALL_FACTS } from '../listing/facts.js';
import type { Session } from '../session/session.js';
import { type CommandTable, fromShell, standard } from './command.js';
import { DATA_PORT_COMMANDS } from './data-port.js';
import { DIGEST_COMMANDS, HASHES } from './digests.js';
import { DIRECTORY_COMMANDS } from './directories.js';
import { FILE_COMMANDS } from './files.js';
import { LISTING_COMMANDS } from './listing.js';
import { LOGIN_COMMANDS } from './login.js';
import { PARAMETER_COMMANDS } from './parameters.js';
import { SECURITY_COMMANDS } from './security.js';
import { SITE_COMMAND } from './site.js';
import { TRANSFER_COMMANDS } from './transfer.js';

/** Commands of RFCs that this server knows by name and does not have; others are unknown and get 500. */
const NOT_IMPLEMENTED = ['SMNT', 'ADAT', 'CONF', 'ENC', 'MIC', 'LANG', 'LPRT', 'LPSV'] as const;

/** What FEAT lists (RFC 2389): what this session can use, and nothing else. */
export function featuresOf(session: Session): string[] {
  const { contexts, options } = session.server;
  const facts = ALL_FACTS.map((fact) => `${fact}${session.facts.includes(fact) ? '*' : ''};`).join('');
  const hashes = Object.keys(HASHES).map((name) => (name === session.hash ? `${name}*` : name));
  const tls = contexts === undefined ? [] : ['AUTH TLS', 'PBSZ', 'PROT'];
  return [
    ...tls,
    'AVBL',
    'CLNT',
    ...(options.activeMode === false ? [] : ['EPRT']),
    'EPSV',
    `HASH ${hashes.join(';')}`,
    'HOST',
    'MDTM',
    'MFCT',
    'MFMT',
    `MLST ${facts}`,
    'REST STREAM',
    'RMDA',
    'SIZE',
    'TVFS',
    'UTF8',
    'XCRC',
    'XMD5',
    'XSHA1',
    'XSHA256',
  ];
}

const INFORMATION_COMMANDS: CommandTable = {
  FEAT: {
    argument: 'none',
    beforeLogin: true,
    syntax: '',
    help: 'list what this server has beyond RFC 959 (RFC 2389)',
    run: (session) => reply(211, 'features', ...featuresOf(session), 'end'),
  },
  HELP: {
    argument: 'optional',
    beforeLogin: true,
    syntax: '[command]',
    help: 'this',
    run(_session, argument) {
      // Of `SITE CHMOD`, too: what SITE understands stands in its own help.
      const [verb = ''] = argument.trim().toUpperCase().split(' ');
      if (verb === '') return reply(214, 'commands', ...wrapped(Object.keys(COMMANDS)), 'end');
      const command = findCommand(verb);
      if (command === undefined) return reply(502, 'this command is not known');
      return reply(214, `${verb} ${command.syntax}`.trim(), command.help);
    },
  },
  SYST: {
    argument: 'none',
    beforeLogin: true,
    syntax: '',
    help: 'the form of listings',
    run: () => standard(215),
  },
  NOOP: { argument: 'optional', beforeLogin: true, syntax: '', help: 'nothing', run: fromShell('NOOP') },
  CLNT: {
    argument: 'required',
    beforeLogin: true,
    syntax: '<name>',
    help: 'the name of the client',
    run: () => reply(200, 'noted'),
  },
};

/** Every command, by its verb. */
export const COMMANDS: CommandTable = {
  ...LOGIN_COMMANDS,
  ...SECURITY_COMMANDS,
  ...DATA_PORT_COMMANDS,
  ...TRANSFER_COMMANDS,
  ...LISTING_COMMANDS,
  ...FILE_COMMANDS,
  ...DIRECTORY_COMMANDS,
  ...DIGEST_COMMANDS,
  ...PARAMETER_COMMANDS,
  ...SITE_COMMAND,
  ...INFORMATION_COMMANDS,
};

export function findCommand(verb: string): CommandTable[string] | undefined {
  return Object.hasOwn(COMMANDS, verb) ? COMMANDS[verb] : undefined;
}

export function isKnownElsewhere(verb: string): boolean {
  return (NOT_IMPLEMENTED as readonly string[]).includes(verb);
}

/** Ten verbs a line. */
function wrapped(verbs: readonly string[]): string[] {
  const lines: string[] = [];
  for (let at = 0; at < verbs.length; at += 10) lines.push(verbs.slice(at, at + 10).join(' '));
  return lines;
}
