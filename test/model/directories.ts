import { type Committed, commit, createRegister, type Place, readHead } from './commit.js';
import type { Context } from './context.js';
import { type DirectoryRecord, dropEntry, emptyHead, type Head, headKey, next, setEntry } from './head.js';
import { refusal, standing } from './moves.js';
import { type Directory, resolveDirectory, split } from './resolve.js';
import type { Actor } from './world.js';

const ATTEMPTS = 4;

/** Rules 4, 5 and 8: the child's head first, then its record, which commits at once. */
export function* makeDirectory(context: Context, path: string): Actor<string> {
  const { parent, name } = split(path);
  const operation = context.fresh('mkdir');
  let made: DirectoryRecord | undefined;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const found = yield* resolveDirectory(
      context,
      parent,
      context.knows('mkdir', [operation, attempt, made]),
    );
    if (!found.ok) return found.error;
    if (made === undefined) {
      made = { kind: 'directory', uid: context.fresh('D'), link: context.fresh('link') };
      yield* createRegister(headKey(made.uid), emptyHead(made.link));
    }
    const record = made;
    const committed = yield* commit(context, found.directory, operation, function* (head) {
      if (head.entries[name] !== undefined) return { fail: 'exists' };
      const refused = yield* refusal(context, head.entries[`${name}/`], 'exists');
      if (refused !== undefined) return { fail: refused };
      const change = { entries: setEntry(head.entries, `${name}/`, record) };
      return { head: next(head, operation, context.limits.window, change), value: null };
    });
    if (committed.ok) return 'ok';
    if (committed.error !== 'unavailable' || !context.rules.keepHeadInDoubt) {
      yield { do: 'delete', key: headKey(made.uid) };
      made = undefined;
    }
    if (committed.error !== 'gone') return committed.error;
  }
  return 'conflict';
}

function* isEmpty(context: Context, head: Head): Actor<string | undefined> {
  for (const entry of Object.values(head.entries)) {
    if (entry.kind === 'file') return 'not-empty';
    const refused = yield* refusal(context, entry, 'not-empty');
    if (refused !== undefined) return refused;
  }
  return undefined;
}

/** Why a directory with this head may not be removed, if it may not. */
type Refuses = (head: Head) => Actor<string | undefined>;

/** Rule 5: the swap of the child's head to dead is the removal. */
export function removeEmptyDirectory(context: Context, path: string): Actor<string> {
  return removeDirectory(context, path, (head) => isEmpty(context, head));
}

/** A recursive remove is one swap to dead, whatever is inside; gc sweeps. */
export function removeTree(context: Context, path: string): Actor<string> {
  return removeDirectory(context, path, undefined);
}

function* removeDirectory(context: Context, path: string, refuses: Refuses | undefined): Actor<string> {
  const { parent, name } = split(path);
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const child = yield* resolveDirectory(context, [...parent, name], context.knows('rmdir', attempt));
    if (!child.ok) return child.error;
    const { uid, link, chain } = child.directory;
    const record: DirectoryRecord = { kind: 'directory', uid, link };
    const place = { uid: chain.at(-2)!, key: `${name}/` };
    if (!context.rules.killBeforeUnlink) {
      const refused = refuses && (yield* refuses(child.directory.seen.value));
      if (refused !== undefined) return refused;
      yield* context.within(undefined, unlink(context, place, record));
    }
    const killed = yield* kill(context, child.directory, refuses);
    if (!killed.ok && killed.error === 'gone') continue;
    if (!killed.ok) return killed.error;
    // The head goes only after its record: a record of a missing head is damage.
    if (yield* unlink(context, place, record)) context.killed.push({ at: killed.now, uid });
    return 'ok';
  }
  return 'conflict';
}

function* kill(context: Context, child: Directory, refuses: Refuses | undefined): Actor<Committed<null>> {
  const operation = context.fresh('kill');
  let place: Place = child;
  if (!context.rules.killChecksLink) {
    const seen = yield* readHead(child.uid);
    if (seen !== undefined) place = { uid: child.uid, link: seen.value.link, seen };
  }
  const killed = yield* commit(context, place, operation, function* (head) {
    const refused = refuses && (yield* refuses(head));
    if (refused !== undefined) return { fail: refused };
    return { head: next(head, operation, context.limits.window, { state: 'dead' }), value: null };
  });
  return killed;
}

/** Removes the record of a dead directory, unless the name has been given to another one. True: it is not there. */
export function* unlink(
  context: Context,
  at: { uid: string; key: string },
  record: DirectoryRecord,
): Actor<boolean> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const seen = yield* readHead(at.uid, context.knows('unlink', [at, record, attempt]));
    if (seen === undefined || seen.value.state === 'dead') return true;
    const parent: Place = { uid: at.uid, link: seen.value.link, seen };
    const operation = context.fresh('unlink');
    const unlinked = yield* commit(context, parent, operation, (head) => {
      const there = head.entries[at.key];
      if (there?.kind !== 'directory') return { fail: 'changed' };
      if (context.rules.unlinkByIdentity && (there.uid !== record.uid || there.link !== record.link)) {
        return { fail: 'changed' };
      }
      const change = { entries: dropEntry(head.entries, at.key) };
      return { head: next(head, operation, context.limits.window, change), value: null };
    });
    if (unlinked.ok || unlinked.error === 'changed') return true;
    if (unlinked.error !== 'gone') return false;
  }
  return false;
}

/** Cleaning on sight: removes the records of a directory that stand for nothing. */
export function* cleanDirectory(context: Context, uid: string): Actor<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const seen = yield* readHead(uid, context.knows('clean', [uid, attempt]));
    if (seen === undefined) return;
    const operation = context.fresh('clean');
    const place: Place = { uid, link: seen.value.link, seen };
    const cleaned = yield* commit(context, place, operation, function* (head) {
      let { entries } = head;
      for (const [key, entry] of Object.entries(head.entries)) {
        if (entry.kind !== 'directory' || (yield* standing(context, entry)) !== 'stale') continue;
        entries = dropEntry(entries, key);
      }
      if (entries === head.entries) return { fail: 'clean' };
      return { head: next(head, operation, context.limits.window, { entries }), value: null };
    });
    if (cleaned.ok || cleaned.error !== 'gone') return;
  }
}

/**
 * What is left of a removed directory, once its readers had their grace. Subdirectories are killed before their content
 * goes, so that nothing can be moved out of them; shared segments are left to gc. So are the heads: a record that names
 * one may still be about, and a dead head is an answer where a missing one is damage.
 */
export function* sweepDead(context: Context, uid: string): Actor<void> {
  const dead = yield* readHead(uid, context.knows('dead', uid));
  if (dead?.value.state !== 'dead') return;
  for (const entry of Object.values(dead.value.entries)) {
    if (entry.kind === 'directory') {
      yield* killBelow(context, entry);
      continue;
    }
    if (entry.shared) continue;
    for (const key of entry.segments) yield { do: 'delete', key };
  }
  if (!context.rules.onlyGcDeletesHeads) yield { do: 'delete', key: headKey(uid) };
}

function* killBelow(context: Context, record: DirectoryRecord): Actor<void> {
  const operation = context.fresh('kill');
  yield* commit(context, record, operation, (head) => {
    return { head: next(head, operation, context.limits.window, { state: 'dead' }), value: null };
  });
  const child = yield* readHead(record.uid);
  if (child?.value.link === record.link) yield* sweepDead(context, record.uid);
}
