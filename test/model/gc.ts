import { readHead, readLease, readMoves } from './commit.js';
import type { Context } from './context.js';
import { sweepDead } from './directories.js';
import { type Head, headKey, type Lease, leaseKey, next, ROOT } from './head.js';
import { isValid } from './resolve.js';
import type { Actor } from './world.js';

/** Deletes the blobs that nothing needs and no living session may be about to need. */
export function* collectGarbage(context: Context, sessions: readonly string[]): Actor<void> {
  const { rules } = context;
  let dead = rules.declareBeforeMark ? yield* declareDead(context, sessions) : [];
  const marked = yield* context.within(dead, mark(context));
  if (marked === undefined) return;
  if (!rules.declareBeforeMark) dead = yield* declareDead(context, sessions);
  for (const session of dead) {
    const knows = context.knows('sweep', [dead, session, [...marked]]);
    const prefix = `b/${session}/`;
    const listed = yield knows === undefined ? { do: 'list', prefix } : { do: 'list', prefix, knows };
    if (listed.is !== 'keys') continue;
    for (const key of listed.keys) if (!marked.has(key)) yield { do: 'delete', key };
  }
}

/** The sessions that are dead from now on: those declared dead here or before. */
function* declareDead(context: Context, sessions: readonly string[]): Actor<string[]> {
  const dead: string[] = [];
  for (const session of sessions) {
    const lease = yield* readLease(leaseKey(session));
    if (lease === undefined) continue;
    if (lease.value.ended) dead.push(session);
    else if (lease.now >= lease.value.renewedAt + context.limits.lease) {
      if (!context.rules.declareBySwap) {
        dead.push(session);
        continue;
      }
      const value: Lease = { ...lease.value, ended: true };
      const outcome = yield { do: 'swap', key: leaseKey(session), tag: lease.tag, value };
      if (outcome.is === 'swapped') dead.push(session);
    }
  }
  return dead;
}

/** What a mark has found so far. */
class Marks {
  readonly blobs = new Set<string>();
  readonly reached = new Set<string>();
  /** Directories that some record names, valid or not. */
  readonly named = new Set<string>();
  startedAt: number | undefined;

  get memory(): unknown {
    return [[...this.blobs].sort(), [...this.reached].sort(), [...this.named].sort(), this.startedAt];
  }
}

/** Everything that is referred to; undefined when the run must end without deleting anything. */
function* mark(context: Context): Actor<ReadonlySet<string> | undefined> {
  const { rules } = context;
  const before = yield* readMoves();
  if (before.value.plan !== null && rules.gcYieldsToMoves) return undefined;
  const marks = new Marks();
  if (!(yield* context.within(before.tag, walk(context, marks, ROOT.uid)))) return undefined;
  const removable = yield* walkOrphans(context, marks, before.tag);
  if (removable === undefined) return undefined;
  const after = yield* readMoves(context.knows('moves', [marks.memory, removable, before.tag]));
  if (after.tag !== before.tag && rules.gcYieldsToMoves) return undefined;
  // Only now is it known that these were not missed because they, or what they stand in, moved.
  for (const uid of removable) {
    if (marks.named.has(uid) && rules.namedHeadsStay) continue;
    yield* context.within(undefined, removeHead(context, uid));
  }
  return marks.blobs;
}

/** Marks a directory and everything below it. False: something is unreadable, or it takes too long. */
function* walk(context: Context, marks: Marks, start: string): Actor<boolean> {
  const { limits, rules } = context;
  const queue: { readonly uid: string; readonly link: string | undefined }[] = [
    { uid: start, link: undefined },
  ];
  for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
    const { uid, link } = at;
    if (marks.reached.has(uid)) continue;
    const head = yield* readHead(uid, context.knows('mark', [uid, link, queue, marks.memory]));
    if (head === undefined) {
      if (rules.unreadableStops) return false;
      continue;
    }
    marks.startedAt ??= head.now;
    if (head.now > marks.startedAt + limits.markLimit) return false;
    if (link !== undefined && !isValid(context, head.value, link)) continue;
    marks.reached.add(uid);
    for (const entry of Object.values(head.value.entries)) {
      if (entry.kind === 'directory') {
        marks.named.add(entry.uid);
        queue.push({ uid: entry.uid, link: entry.link });
      } else for (const key of entry.segments) marks.blobs.add(key);
    }
    for (const note of head.value.notes) {
      if (!rules.notesProtect || head.now >= note.at + limits.noteAge) continue;
      for (const key of note.blobs) marks.blobs.add(key);
    }
  }
  return true;
}

/**
 * Heads that the tree does not lead to: dead ones, lost ones, and those of an unfinished mkdir. Their content is marked
 * as well, so that what was taken out of them lives; old ones that hold nothing may go. Answers those.
 */
function* walkOrphans(context: Context, marks: Marks, tag: number): Actor<string[] | undefined> {
  const { limits, rules } = context;
  const removable: string[] = [];
  const listed = yield { do: 'list', prefix: 'h/' };
  // A listing has no order: children may come before their parents.
  for (const key of listed.is === 'keys' ? listed.keys.toReversed() : []) {
    const uid = key.slice(2);
    if (marks.reached.has(uid)) continue;
    const outcome = yield { do: 'read', key };
    if (outcome.is !== 'value') continue;
    const head = outcome.value as Head;
    const isOld = outcome.now >= outcome.at + limits.noteAge;
    const isEmpty = Object.keys(head.entries).length === 0;
    if (isOld && (isEmpty || head.state === 'dead')) {
      if (rules.removeOrphansLast) removable.push(uid);
      else if (!marks.named.has(uid)) yield* context.within(undefined, removeHead(context, uid));
      continue;
    }
    if (!rules.orphansProtect) continue;
    if (!(yield* context.within([listed, uid, removable, tag], walk(context, marks, uid)))) return undefined;
  }
  return removable;
}

/** Deletes an old head that nothing leads to; one that is alive and empty is killed first, unless it has changed. */
function* removeHead(context: Context, uid: string): Actor<void> {
  const head = yield* readHead(uid);
  if (head === undefined) return;
  if (head.value.state === 'dead') yield* sweepDead(context, uid);
  else if (context.rules.removeOrphansLast) {
    const value = next(head.value, context.fresh('kill'), context.limits.window, { state: 'dead' });
    const outcome = yield { do: 'swap', key: headKey(uid), tag: head.tag, value };
    if (outcome.is !== 'swapped') return;
  }
  yield { do: 'delete', key: headKey(uid) };
}
