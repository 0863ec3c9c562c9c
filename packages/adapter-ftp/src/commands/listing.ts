import {
  type Entry,
  type Path,
  resolveLinks,
  statThroughLinks,
  throughLinks,
  VaultError,
} from '@latchkey/vault';
import { oneLine, type Reply, reply } from '../control/replies.js';
import { Outlet } from '../data/send.js';
import { factLine } from '../listing/facts.js';
import { filterBy, isPattern } from '../listing/pattern.js';
import { unixLine } from '../listing/unix-line.js';
import { formatPath } from '../session/paths.js';
import type { Session } from '../session/session.js';
import type { CommandTable } from './command.js';

/** Characters of a listing that are sent at once. */
const PIECE_CHARACTERS = 64 * 1024;

/** Entries that STAT shows over the control connection. */
const MAX_STAT_ENTRIES = 10_000;

/** What a listing shows: the entries of a directory, those of them that match, or one entry by itself. */
interface Selection {
  readonly directory: Path;
  readonly pattern?: string;
  readonly single?: Entry;
  /** As the client wrote what stands before the names. */
  readonly prefix: string;
}

/** Options of `ls`, which clients add out of habit. They change nothing: everything is always shown. */
function withoutOptions(argument: string): string {
  const rest = argument.replace(/^\s*(-[A-Za-z1]+(\s+|$))+/, '').replace(/^--(\s+|$)/, '');
  return rest;
}

async function select(session: Session, argument: string): Promise<Selection> {
  const text = withoutOptions(argument);
  const path = session.path(text);
  const { vault } = session;
  const slash = text.lastIndexOf('/') + 1;
  try {
    const entry = await statThroughLinks(vault, path);
    if (entry.kind === 'directory') {
      const directory = await resolveLinks(vault, path, true);
      return { directory, prefix: text === '' || text.endsWith('/') ? text : `${text}/` };
    }
    return {
      directory: path.slice(0, -1),
      single: { ...entry, name: path.at(-1) ?? '' },
      prefix: text.slice(0, slash),
    };
  } catch (error) {
    const pattern = path.at(-1) ?? '';
    if (!(error instanceof VaultError) || error.code !== 'not-found' || !isPattern(pattern)) throw error;
    return { directory: path.slice(0, -1), pattern, prefix: text.slice(0, slash) };
  }
}

async function* entriesOf(
  session: Session,
  { directory, pattern, single }: Selection,
): AsyncGenerator<readonly Entry[]> {
  if (single !== undefined) {
    yield [single];
    return;
  }
  const chosen = pattern === undefined ? undefined : filterBy<Entry>(pattern);
  let after: string | undefined;
  do {
    const from = after === undefined ? {} : { after };
    const page = await throughLinks(session.vault, directory, true, (at) => session.vault.list(at, from));
    yield chosen === undefined ? page.entries : await chosen(page.entries);
    after = page.next;
  } while (after !== undefined);
}

/** Where a symlink leads, for showing; undefined for what is none. */
async function targetOf(session: Session, directory: Path, entry: Entry): Promise<string | undefined> {
  if (entry.kind !== 'symlink') return undefined;
  return throughLinks(session.vault, [...directory, entry.name], false, (at) =>
    session.vault.readlink(at),
  ).catch(() => undefined);
}

type LineOf = (session: Session, entry: Entry, selection: Selection) => Promise<string> | string;

const unixLineOf: LineOf = (session, entry, { directory }) => {
  const now = Date.now() / 1000;
  const { owner } = session.server;
  if (entry.kind !== 'symlink') return unixLine(entry, entry.name, owner, now);
  return targetOf(session, directory, entry).then((target) =>
    unixLine(entry, entry.name, owner, now, target),
  );
};

const nameOf: LineOf = (_session, entry, { prefix }) => oneLine(prefix + entry.name);

const factsOf: LineOf = (session, entry, { directory }) => {
  if (entry.kind !== 'symlink') return factLine(entry, session.facts, entry.name, undefined);
  return targetOf(session, directory, entry).then((target) =>
    factLine(entry, session.facts, entry.name, target),
  );
};

async function sendListing(session: Session, selection: Selection, lineOf: LineOf): Promise<Reply> {
  const pages = entriesOf(session, selection);
  // The first page is read before the data connection is opened, so that what cannot be listed is refused.
  let page = await pages.next();
  const transfer = session.beginTransfer();
  session.control.send(reply(150, 'opening data connection for the listing'));
  const outlet = new Outlet(await transfer.open('out'), transfer);
  let text = '';
  for (; page.done !== true; page = await pages.next()) {
    for (const entry of page.value) {
      const line = lineOf(session, entry, selection);
      text += `${typeof line === 'string' ? line : await line}\r\n`;
      if (text.length < PIECE_CHARACTERS) continue;
      const room = outlet.write([text]);
      if (room !== undefined) await room;
      text = '';
    }
  }
  await outlet.end(text === '' ? undefined : text);
  transfer.finish();
  return reply(226, 'listing complete');
}

async function listOverData(session: Session, argument: string, lineOf: LineOf): Promise<Reply> {
  session.checkData();
  return sendListing(session, await select(session, argument), lineOf);
}

async function statPath(session: Session, argument: string): Promise<Reply> {
  const selection = await select(session, argument);
  const lines: string[] = [];
  for await (const page of entriesOf(session, selection)) {
    for (const entry of page) lines.push(await unixLineOf(session, entry, selection));
    if (lines.length > MAX_STAT_ENTRIES) return reply(450, 'the directory is too large for STAT: use LIST');
  }
  const code = selection.single === undefined ? 212 : 213;
  const title = `status of ${formatPath(session.path(withoutOptions(argument)))}`;
  return { ...reply(code, title, ...lines, 'end'), bare: true };
}

/** What STAT alone answers, in the middle of a transfer too. */
export function serverStatus(session: Session): Reply {
  const { transfer, control } = session;
  const tls = control.secureContext === undefined ? 'in clear' : 'over TLS';
  const data = session.protection === 'P' ? 'over TLS' : 'in clear';
  return reply(
    211,
    'Latchkey FTP server',
    session.loggedIn ? `logged in as ${session.user ?? ''}` : 'not logged in',
    `control connection ${tls}, data connections ${data}`,
    `TYPE ${session.type}, STRU F, MODE S`,
    transfer === undefined
      ? 'no transfer under way'
      : `a transfer is under way, ${transfer.bytes} bytes so far`,
    'end',
  );
}

export const LISTING_COMMANDS: CommandTable = {
  LIST: {
    argument: 'optional',
    usesData: true,
    syntax: '[options] [path]',
    help: 'list a directory in the form of ls -l; options are ignored',
    run: (session, argument) => listOverData(session, argument, unixLineOf),
  },
  NLST: {
    argument: 'optional',
    usesData: true,
    syntax: '[options] [path]',
    help: 'list the names in a directory, or those that match a pattern of * and ?',
    run: (session, argument) => listOverData(session, argument, nameOf),
  },
  MLSD: {
    argument: 'optional',
    usesData: true,
    syntax: '[path]',
    help: 'list a directory with facts for programs (RFC 3659)',
    async run(session, argument) {
      session.checkData();
      const path = session.path(argument);
      const { kind } = await statThroughLinks(session.vault, path);
      if (kind !== 'directory') return reply(501, 'not a directory: MLST is for files');
      return sendListing(
        session,
        { directory: await resolveLinks(session.vault, path, true), prefix: '' },
        factsOf,
      );
    },
  },
  MLST: {
    argument: 'optional',
    syntax: '[path]',
    help: 'facts about one entry (RFC 3659)',
    async run(session, argument) {
      const path = session.path(argument);
      const entry = await throughLinks(session.vault, path, false, (at) => session.vault.stat(at));
      const target = await targetOf(session, path.slice(0, -1), entry);
      const line = factLine(entry, session.facts, formatPath(path), target);
      return reply(250, `facts about ${formatPath(path)}`, line, 'end');
    },
  },
  STAT: {
    argument: 'optional',
    syntax: '[path]',
    help: 'status of the connection, or a listing over the control connection',
    run: (session, argument) => (argument === '' ? serverStatus(session) : statPath(session, argument)),
  },
};
