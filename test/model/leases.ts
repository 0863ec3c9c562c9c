import { createRegister, readLease } from './commit.js';
import type { Context } from './context.js';
import { commitFile, dropped, upload } from './files.js';
import { type Lease, leaseKey } from './head.js';
import { resolveDirectory, split } from './resolve.js';
import type { Actor } from './world.js';

/** What a session knows of its own lease. */
interface Own {
  readonly session: string;
  readonly renewedAt: number;
}

/** The lease in the store, if it is still alive and now renewed; a dead one is never brought back. */
function* renew(session: string): Actor<Own | undefined> {
  for (;;) {
    const lease = yield* readLease(leaseKey(session));
    if (lease === undefined || lease.value.ended) return undefined;
    const value: Lease = { renewedAt: lease.now, ended: false };
    const outcome = yield { do: 'swap', key: leaseKey(session), tag: lease.tag, value };
    if (outcome.is === 'swapped') return { session, renewedAt: lease.now };
  }
}

function* startSession(context: Context, now: number): Actor<Own> {
  const session = context.fresh('s');
  yield* createRegister(leaseKey(session), { renewedAt: now, ended: false } satisfies Lease);
  context.session = session;
  return { session, renewedAt: now };
}

/**
 * A put by a session that may be suspended for as long as a lease lasts: at any moment between the upload and the
 * commit its blobs may be swept. `renewedAt` is when the session last renewed its lease.
 */
export function* putLeased(
  context: Context,
  path: string,
  atoms: readonly string[],
  renewedAt: number,
): Actor<string> {
  const { rules, limits } = context;
  let own: Own = { session: context.session, renewedAt };
  let segments: string[] = [];
  for (let attempt = 0; attempt < 8; attempt += 1) {
    const knows = context.knows('leased', [own, segments, attempt]);
    const found = yield* resolveDirectory(context, split(path).parent, knows);
    if (!found.ok) return found.error;
    const { now } = found.directory.seen;
    if (rules.renewBeforeCommit && now >= own.renewedAt + limits.quarter) {
      const renewed: Own | undefined = yield* renew(own.session);
      if (renewed === undefined) {
        own = yield* startSession(context, now);
        // What the dead session wrote may be gone, and must be written again.
        if (rules.proveEverySession) segments = [];
      } else own = renewed;
      continue;
    }
    if (segments.length < atoms.length) {
      segments = [...segments, ...(yield* upload(context, [atoms[segments.length]!]))];
      continue;
    }
    const by = rules.promptSwaps ? own.renewedAt + limits.quarter : undefined;
    const place = found.directory;
    const operation = context.fresh('put');
    const committed = yield* commitFile(context, place, operation, split(path).name, segments, { by });
    if (!committed.ok && (committed.error === 'expired' || committed.error === 'gone')) continue;
    if (!committed.ok) return committed.error;
    const late = committed.now >= own.renewedAt + limits.quarter;
    if (rules.lookAfterCommit && late && !(yield* mayAcknowledge(context, own, segments))) {
      own = yield* startSession(context, committed.now);
      segments = [];
      continue;
    }
    dropped(context, committed.value, committed.now);
    return 'ok';
  }
  return 'conflict';
}

/** A sweep that was under way when the session died may take blobs at any later time, those that still stand included. */
function* mayAcknowledge(context: Context, own: Own, segments: readonly string[]): Actor<boolean> {
  const lease = yield* readLease(leaseKey(own.session));
  if (lease !== undefined && !lease.value.ended) return true;
  if (context.rules.rewriteWhenDead) return false;
  for (const key of segments) if ((yield { do: 'get', key }).is !== 'blob') return false;
  return true;
}
