import { hash } from 'node:crypto';
import type { Entry } from '@latchkey/vault';
import { oneLine } from '../control/replies.js';
import { formatTime } from '../session/times.js';

/** Facts about an entry (RFC 3659, section 7.5), in the order in which they are sent. */
export const ALL_FACTS = ['type', 'size', 'modify', 'create', 'perm', 'unique', 'UNIX.mode'] as const;

export type Fact = (typeof ALL_FACTS)[number];

/** What the holder of the session may do (section 7.5.5): the adapter knows of no narrower rights. */
const PERMISSIONS: Readonly<Record<Entry['kind'], string>> = {
  file: 'adfrw',
  symlink: 'df',
  directory: 'cdeflmp',
};

function factOf(fact: Fact, entry: Entry, target: string | undefined): string | undefined {
  switch (fact) {
    case 'type':
      if (entry.kind === 'symlink') return `OS.unix=slink:${target ?? ''}`;
      return entry.kind === 'directory' ? 'dir' : 'file';
    case 'size':
      return entry.kind === 'file' ? String(entry.size) : undefined;
    case 'modify':
      return formatTime(entry.modified);
    case 'create':
      return formatTime(entry.created);
    case 'perm':
      return PERMISSIONS[entry.kind];
    case 'unique':
      // An id may hold a name, and a name anything.
      return hash('sha1', entry.id).slice(0, 20);
    case 'UNIX.mode':
      return `0${(entry.mode & 0o7777).toString(8)}`;
  }
}

/**
 * An entry's facts, a space and its name. `target` is where a symlink leads. Semicolons would end a fact, so those of
 * a target are replaced.
 */
export function factLine(
  entry: Entry,
  facts: readonly Fact[],
  name: string,
  target: string | undefined,
): string {
  let line = '';
  for (const fact of facts) {
    const value = factOf(fact, entry, target?.replaceAll(';', '?'));
    if (value !== undefined) line += `${fact}=${value};`;
  }
  return oneLine(`${line} ${name}`);
}
