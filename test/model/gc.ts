import { readHead, readLease } from './commit.js';
import type { Context } from './context.js';
import { type Lease, leaseKey, ROOT } from './head.js';
import type { Actor } from './world.js';

/** Deletes the blobs that nothing needs and no living session may be about to need. */
export function* collectGarbage(context: Context, sessions: readonly string[]): Actor<void> {
  const { rules } = context;
  let dead = rules.declareBeforeMark ? yield* declareDead(context, sessions) : [];
  const marked = yield* mark(context);
  if (marked === undefined) return;
  if (!rules.declareBeforeMark) dead = yield* declareDead(context, sessions);
  for (const session of dead) {
    const listed = yield { do: 'list', prefix: `b/${session}/` };
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
      if (!context.rules.declareByLease) {
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

/**
 * Everything that a record, a young note or a young dead directory refers to; undefined when the walk took too long or
 * met a directory that it cannot read. Records are followed whether or not their link id is valid.
 */
function* mark(context: Context): Actor<Set<string> | undefined> {
  const { limits, rules } = context;
  const blobs = new Set<string>();
  const seen = new Set<string>([ROOT.uid]);
  const queue: string[] = [ROOT.uid];
  let startedAt: number | undefined;
  const visit = (uid: string): void => {
    if (!seen.has(uid)) queue.push(uid);
    seen.add(uid);
  };
  for (let uid = queue.shift(); uid !== undefined; uid = queue.shift()) {
    const head = yield* readHead(uid);
    if (head === undefined) {
      if (rules.unreadableStops) return undefined;
      continue;
    }
    startedAt ??= head.now;
    if (head.now > startedAt + limits.markLimit) return undefined;
    const { value } = head;
    if (value.state === 'dead' && head.now >= value.diedAt + limits.noteAge) continue;
    for (const entry of Object.values(value.entries)) {
      if (entry.kind === 'directory') visit(entry.uid);
      else for (const key of entry.segments) blobs.add(key);
    }
    for (const note of value.notes) {
      if (!rules.notesProtect || head.now >= note.at + limits.noteAge) continue;
      for (const key of note.blobs) blobs.add(key);
      if (note.directory !== null) visit(note.directory);
    }
  }
  return blobs;
}
