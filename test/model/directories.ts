import { commit, createRegister, type Place, readHead } from './commit.js';
import type { Context } from './context.js';
import { type DirectoryRecord, dropEntry, emptyHead, type Head, headKey, next, noteDropped, setEntry } from './head.js';
import { isOccupied } from './moves.js';
import { type Directory, resolveDirectory, split } from './resolve.js';
import type { Actor } from './world.js';

const ATTEMPTS = 4;

/** Rules 4, 5 and 8: the child's head first, then its record, which commits at once. */
export function* makeDirectory(context: Context, path: string): Actor<string> {
  const { parent, name } = split(path);
  const operation = context.fresh('mkdir');
  let made: DirectoryRecord | undefined;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const found = yield* resolveDirectory(context, parent);
    if (!found.ok) return found.error;
    if (made === undefined) {
      made = { kind: 'directory', uid: context.fresh('D'), link: context.fresh('link') };
      yield* createRegister(headKey(made.uid), emptyHead(made.link));
    }
    const record = made;
    const committed = yield* commit(context, found.directory, operation, function* (head, now) {
      if (head.entries[name] !== undefined) return { fail: 'exists' };
      const there = head.entries[`${name}/`];
      if (there?.kind === 'directory' && (yield* isOccupied(context, there))) return { fail: 'exists' };
      const notes = noteDropped(head, there, now, context.rules);
      const change = { entries: setEntry(head.entries, `${name}/`, record), notes };
      return { head: next(head, operation, context.limits.window, change), value: null };
    });
    if (committed.ok) return 'ok';
    if (committed.error !== 'gone') return committed.error;
  }
  return 'conflict';
}

function* isEmpty(context: Context, head: Head): Actor<boolean> {
  for (const entry of Object.values(head.entries)) {
    if (entry.kind === 'file' || (yield* isOccupied(context, entry))) return false;
  }
  return true;
}

/** Rule 5: the swap of the child's head to dead is the removal. */
export function removeEmptyDirectory(context: Context, path: string): Actor<string> {
  return removeDirectory(context, path, (head) => isEmpty(context, head));
}

/** A recursive remove is one swap to dead, whatever is inside; gc sweeps. */
export function removeTree(context: Context, path: string): Actor<string> {
  return removeDirectory(context, path, function* () {
    return true;
  });
}

function* removeDirectory(
  context: Context,
  path: string,
  mayDie: (head: Head) => Actor<boolean>,
): Actor<string> {
  const { parent, name } = split(path);
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const child = yield* resolveDirectory(context, [...parent, name]);
    if (!child.ok) return child.error;
    const { uid, link, chain } = child.directory;
    const record: DirectoryRecord = { kind: 'directory', uid, link };
    const place = { uid: chain.at(-2)!, key: `${name}/` };
    if (!context.rules.killBeforeUnlink) {
      if (!(yield* mayDie(child.directory.seen.value))) return 'not-empty';
      yield* unlink(context, place, record);
    }
    const killed = yield* kill(context, child.directory, mayDie);
    if (killed === 'gone') continue;
    if (killed !== 'ok') return killed;
    yield* unlink(context, place, record);
    return 'ok';
  }
  return 'conflict';
}

function* kill(context: Context, child: Directory, mayDie: (head: Head) => Actor<boolean>): Actor<string> {
  const operation = context.fresh('kill');
  const killed = yield* commit(context, child, operation, function* (head, now) {
    if (!(yield* mayDie(head))) return { fail: 'not-empty' };
    const change = { state: 'dead', diedAt: now } as const;
    return { head: next(head, operation, context.limits.window, change), value: null };
  });
  return killed.ok ? 'ok' : killed.error;
}

/** Removes the record of a dead directory, unless the name has been given to another one meanwhile. */
export function* unlink(
  context: Context,
  at: { uid: string; key: string },
  record: DirectoryRecord,
): Actor<void> {
  const seen = yield* readHead(at.uid);
  if (seen === undefined) return;
  const parent: Place = { uid: at.uid, link: seen.value.link, seen };
  const operation = context.fresh('unlink');
  yield* commit(context, parent, operation, function* (head, now) {
    const there = head.entries[at.key];
    if (there?.kind !== 'directory') return { fail: 'gone' };
    if (context.rules.unlinkByIdentity && (there.uid !== record.uid || there.link !== record.link)) {
      return { fail: 'gone' };
    }
    const change = { entries: dropEntry(head.entries, at.key), notes: noteDropped(head, there, now, context.rules) };
    return { head: next(head, operation, context.limits.window, change), value: null };
  });
}

/** Cleaning on sight: removes the records of a directory that stand for nothing. */
export function* cleanDirectory(context: Context, uid: string): Actor<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const seen = yield* readHead(uid);
    if (seen === undefined) return;
    const operation = context.fresh('clean');
    const place: Place = { uid, link: seen.value.link, seen };
    const cleaned = yield* commit(context, place, operation, function* (head, now) {
      let { entries, notes } = head;
      for (const [key, entry] of Object.entries(head.entries)) {
        if (entry.kind !== 'directory' || (yield* isOccupied(context, entry))) continue;
        entries = dropEntry(entries, key);
        notes = noteDropped({ ...head, notes }, entry, now, context.rules);
      }
      if (entries === head.entries) return { fail: 'clean' };
      return { head: next(head, operation, context.limits.window, { entries, notes }), value: null };
    });
    if (cleaned.ok || cleaned.error !== 'gone') return;
  }
}
