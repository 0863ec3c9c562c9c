import { type Committed, commit } from './commit.js';
import type { Context } from './context.js';
import { makeDirectory, sweepDead } from './directories.js';
import {
  dropEntry,
  type Entry,
  type FileRecord,
  type Head,
  next,
  noteDropped,
  setEntry,
  unmarked,
} from './head.js';
import { refusal } from './moves.js';
import { type Directory, resolveDirectory, split } from './resolve.js';
import type { Actor } from './world.js';

const ATTEMPTS = 4;

export function* upload(context: Context, atoms: readonly string[]): Actor<readonly string[]> {
  const segments: string[] = [];
  for (const data of atoms) {
    const key = `b/${context.session}/${context.fresh('blob')}`;
    yield { do: 'put', key, data };
    segments.push(key);
  }
  return segments;
}

/** Remembers what a commit dropped, for {@link releaseDropped}. */
export function dropped(context: Context, old: Entry | undefined, at: number): void {
  if (old?.kind !== 'file' || (old.shared && context.rules.releaserSparesShared)) return;
  context.released.push({ at, blobs: old.segments });
}

/** The releaser: deletes unshared blobs that its own commits dropped, after the readers' grace. */
export function* releaseDropped(context: Context): Actor<void> {
  for (const { at, blobs } of context.released) {
    yield { do: 'wait', until: at + context.limits.grace };
    for (const key of blobs) yield { do: 'delete', key };
  }
  for (const { at, uid } of context.killed) {
    yield { do: 'wait', until: at + context.limits.grace };
    yield* sweepDead(context, uid);
  }
}

/** Replaces one entry and leaves a note of what was there. */
export function replaced(
  context: Context,
  head: Head,
  now: number,
  name: string,
  record: FileRecord,
  by: string,
): Head {
  const notes = noteDropped(head, head.entries[name], now);
  return next(head, by, context.limits.window, { entries: setEntry(head.entries, name, record), notes });
}

export interface PutOptions {
  /** Fail with `exists` rather than replace. */
  readonly exclusive?: boolean;
  /** Make missing or dead parents, as S3 does. */
  readonly parents?: boolean;
}

export function* put(
  context: Context,
  path: string,
  atoms: readonly string[],
  options?: PutOptions,
): Actor<string> {
  const { parent, name } = split(path);
  const operation = context.fresh('put');
  let segments: readonly string[] | undefined;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const knows = context.knows('put', [operation, attempt, segments]);
    const found = yield* resolveDirectory(context, parent, knows);
    if (!found.ok && found.error === 'not-found' && options?.parents === true) {
      const made = yield* context.within([operation, attempt], makeDirectory(context, parent.join('/')));
      if (made !== 'ok' && made !== 'exists') return made;
      continue;
    }
    if (!found.ok) return found.error;
    segments ??= yield* upload(context, atoms);
    const committed = yield* commitFile(context, found.directory, operation, name, segments, {
      exclusive: options?.exclusive,
    });
    if (committed.ok) {
      dropped(context, committed.value, committed.now);
      return 'ok';
    }
    if (committed.error !== 'gone') return committed.error;
  }
  return 'conflict';
}

/** Publishes a file in one commit. Answers what it replaced. */
export function commitFile(
  context: Context,
  directory: Directory,
  operation: string,
  name: string,
  segments: readonly string[],
  options: { exclusive?: boolean | undefined; by?: number | undefined } = {},
): Actor<Committed<Entry | undefined>> {
  const by = options.by === undefined ? {} : { by: options.by };
  return commit(context, directory, operation, function* (head, now) {
    const refused = yield* refusal(context, head.entries[`${name}/`], 'is-a-directory');
    if (refused !== undefined) return { fail: refused };
    const old = head.entries[name];
    if (old !== undefined && options.exclusive === true && context.rules.exclusiveChecks)
      return { fail: 'exists' };
    const record: FileRecord = { kind: 'file', segments, shared: false };
    return { head: replaced(context, head, now, name, record, operation), value: old, ...by };
  });
}

/** Rule 8: the new segment goes behind the newest version, whatever was open. */
export function* append(context: Context, path: string, atom: string): Actor<string> {
  const { parent, name } = split(path);
  const operation = context.fresh('append');
  let added: readonly string[] | undefined;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const found = yield* resolveDirectory(
      context,
      parent,
      context.knows('append', [operation, attempt, added]),
    );
    if (!found.ok) return found.error;
    const opened = found.directory.seen.value.entries[name];
    added ??= yield* upload(context, [atom]);
    const segment = added;
    const committed = yield* commit(context, found.directory, operation, (head) => {
      const old = context.rules.appendRebases ? head.entries[name] : opened;
      const record: FileRecord =
        old?.kind === 'file'
          ? { ...unmarked(old, context.rules), segments: [...old.segments, ...segment] }
          : { kind: 'file', segments: segment, shared: false };
      const entries = setEntry(head.entries, name, record);
      return { head: next(head, operation, context.limits.window, { entries }), value: null };
    });
    if (committed.ok) return 'ok';
    if (committed.error !== 'gone') return committed.error;
  }
  return 'conflict';
}

export function* removeFile(context: Context, path: string): Actor<string> {
  const { parent, name } = split(path);
  const operation = context.fresh('remove');
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const found = yield* resolveDirectory(context, parent, context.knows('change', [operation, attempt]));
    if (!found.ok) return found.error;
    const committed = yield* commit(context, found.directory, operation, (head, now) => {
      const old = head.entries[name];
      if (old === undefined) return { fail: 'not-found' };
      const change = { entries: dropEntry(head.entries, name), notes: noteDropped(head, old, now) };
      return { head: next(head, operation, context.limits.window, change), value: old };
    });
    if (committed.ok) {
      dropped(context, committed.value, committed.now);
      return 'ok';
    }
    if (committed.error !== 'gone') return committed.error;
  }
  return 'conflict';
}

/** Rule 1: a rename inside a directory, of a file or a directory, is one commit. Over a file it replaces the file. */
export function* renameInside(context: Context, from: string, to: string): Actor<string> {
  const { parent, name } = split(from);
  const target = split(to).name;
  const operation = context.fresh('rename');
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const found = yield* resolveDirectory(context, parent, context.knows('change', [operation, attempt]));
    if (!found.ok) return found.error;
    const committed = yield* commit(context, found.directory, operation, function* (head, now) {
      const file = head.entries[name];
      const folder = head.entries[`${name}/`];
      const refused = yield* refusal(context, head.entries[`${target}/`], 'exists');
      if (refused !== undefined) return { fail: refused };
      if (file?.kind === 'file') {
        const notes = noteDropped(head, head.entries[target], now);
        const entries = setEntry(dropEntry(head.entries, name), target, unmarked(file, context.rules));
        const old = head.entries[target];
        return { head: next(head, operation, context.limits.window, { entries, notes }), value: old };
      }
      const found = yield* refusal(context, folder, 'exists');
      if (folder === undefined || found !== 'exists') return { fail: found ?? 'not-found' };
      if (head.entries[target] !== undefined) return { fail: 'exists' };
      const entries = setEntry(dropEntry(head.entries, `${name}/`), `${target}/`, folder);
      return { head: next(head, operation, context.limits.window, { entries }), value: undefined };
    });
    if (committed.ok) {
      dropped(context, committed.value, committed.now);
      return 'ok';
    }
    if (committed.error !== 'gone') return committed.error;
  }
  return 'conflict';
}

/** Reads a file of one version, or says `stale`. A reader that misses a blob begins again at the newest record. */
export function* read(context: Context, path: string): Actor<string> {
  const { parent, name } = split(path);
  const atoms: string[] = [];
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const found = yield* resolveDirectory(context, parent, context.knows('read', [attempt, atoms]));
    if (!found.ok) return found.error;
    const record = found.directory.seen.value.entries[name];
    if (record?.kind !== 'file') return 'not-found';
    if (context.rules.readerRestarts) atoms.length = 0;
    let missing = false;
    for (const key of record.segments.slice(atoms.length)) {
      const outcome = yield { do: 'get', key };
      missing = outcome.is !== 'blob';
      if (outcome.is !== 'blob') break;
      atoms.push(outcome.data);
    }
    if (!missing) return `ok:${atoms.join(',')}`;
  }
  return 'stale';
}
