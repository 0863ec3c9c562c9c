import { type Committed, commit, readHead, readMoves } from './commit.js';
import type { Context } from './context.js';
import {
  type DirectoryRecord,
  dropEntry,
  headKey,
  MOVES_KEY,
  type MovePlan,
  type Moves,
  next,
  noteDropped,
  setEntry,
} from './head.js';
import { isValid, resolveDirectory, split } from './resolve.js';
import type { Actor } from './world.js';

/**
 * Rule 6. A directory is where its link id says. The child's head is the arbiter: the swap of its link id is the move,
 * and everything before can be taken back, everything after only tidies up. `m` makes movers take turns, so that what
 * the mover learnt about ancestors holds until it is done.
 */
export function* moveDirectory(context: Context, from: string, to: string): Actor<string> {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const result = yield* tryMove(context, from, to);
    if (result !== 'again') return result;
  }
  return 'conflict';
}

function* tryMove(context: Context, from: string, to: string): Actor<string> {
  const source = split(from);
  const target = split(to);
  const moved = yield* resolveDirectory(context, [...source.parent, source.name]);
  if (!moved.ok) return moved.error;
  const goal = yield* resolveDirectory(context, target.parent);
  if (!goal.ok) return goal.error;
  const operation = context.fresh('move');
  const plan: MovePlan = {
    operation,
    uid: moved.directory.uid,
    oldLink: moved.directory.link,
    newLink: context.fresh('link'),
    source: moved.directory.chain.at(-2)!,
    sourceKey: `${source.name}/`,
    target: goal.directory.uid,
    targetKey: `${target.name}/`,
  };
  if (!context.rules.movesTakeTurns) {
    if (goal.directory.chain.includes(plan.uid)) return 'invalid-argument';
    return yield* arrive(context, plan, goal.directory.link, target.name);
  }
  if (!(yield* takeTurn(context, plan))) return 'again';
  const place = yield* resolveDirectory(context, target.parent);
  const refused = !place.ok
    ? place.error
    : place.directory.uid !== plan.target
      ? 'again'
      : place.directory.chain.includes(plan.uid) && context.rules.ancestryCheck
        ? 'invalid-argument'
        : undefined;
  if (refused !== undefined || !place.ok) {
    return (yield* abort(context, plan)) === 'committed' ? 'ok' : (refused ?? 'again');
  }
  return yield* arrive(context, plan, place.directory.link, target.name);
}

/**
 * Takes `m`, after finishing what a predecessor left there. A plan whose swap had an unknown outcome may already have
 * been given up by a successor who saw it: its id is never offered a second time.
 */
function* takeTurn(context: Context, plan: MovePlan): Actor<boolean> {
  let offered = false;
  for (;;) {
    const moves = yield* readMoves();
    if (moves.value.plan?.operation === plan.operation) return true;
    if (offered) return false;
    if (moves.value.plan !== null) {
      yield* finishMove(context, moves.value.plan);
      continue;
    }
    const value: Moves = { plan, aborting: false };
    const outcome = yield { do: 'swap', key: MOVES_KEY, tag: moves.tag, value };
    if (outcome.is === 'swapped') return true;
    offered = outcome.is === 'unknown';
  }
}

/** The mover's own way: arriving record, link id, old record, `m`. */
function* arrive(context: Context, plan: MovePlan, targetLink: string, name: string): Actor<string> {
  const inserted = yield* insertArriving(context, plan, targetLink, name);
  if (!inserted.ok) {
    const ended = yield* abort(context, plan);
    if (ended === 'committed') return 'ok';
    return inserted.error === 'gone' ? 'again' : inserted.error;
  }
  const decided = yield* swapLink(context, plan);
  if (decided === 'committed') {
    yield* removeOldRecord(context, plan);
    yield* release(context, plan);
    return 'ok';
  }
  return (yield* abort(context, plan)) === 'committed' ? 'ok' : 'again';
}

function insertArriving(context: Context, plan: MovePlan, targetLink: string, name: string): Actor<Committed<null>> {
  return commit(context, { uid: plan.target, link: targetLink }, plan.operation, function* (head, now) {
    const there = head.entries[plan.targetKey];
    if (head.entries[name] !== undefined) return { fail: 'exists' };
    if (there?.kind === 'directory' && (yield* isOccupied(context, there, plan.operation))) return { fail: 'exists' };
    const record = { kind: 'directory', uid: plan.uid, link: plan.newLink, arriving: plan.operation } as const;
    const notes = noteDropped(head, there, now, context.rules);
    const change = { entries: setEntry(head.entries, plan.targetKey, record), notes };
    return { head: next(head, plan.operation, context.limits.window, change), value: null };
  });
}

/**
 * Whether a directory record stands for something: a directory, or one that may still arrive. Only the order record,
 * `m`, child is safe: when `m` no longer has the move, the link id of the child is final.
 */
export function* isOccupied(context: Context, record: DirectoryRecord, own?: string): Actor<boolean> {
  const { rules } = context;
  const arriving = rules.arrivingCounts ? record.arriving : undefined;
  if (arriving === undefined || arriving === own || rules.movesReadBeforeChild) {
    if (arriving !== undefined && arriving !== own) yield* helpIfUnderWay(context, arriving);
    const child = yield* readHead(record.uid);
    return child !== undefined && isValid(context, child.value, record.link);
  }
  const child = yield* readHead(record.uid);
  if (child !== undefined && isValid(context, child.value, record.link)) return true;
  return yield* helpIfUnderWay(context, arriving);
}

function* helpIfUnderWay(context: Context, operation: string): Actor<boolean> {
  const moves = yield* readMoves();
  if (moves.value.plan?.operation !== operation) return false;
  yield* finishMove(context, moves.value.plan);
  return true;
}

/** The move is this one swap. `over`: the move is decided elsewhere, or cannot happen. */
function* swapLink(context: Context, plan: MovePlan): Actor<'committed' | 'over'> {
  for (;;) {
    const child = yield* readHead(plan.uid);
    if (child === undefined) return 'over';
    if (child.value.link === plan.newLink || child.value.operations.includes(plan.operation)) return 'committed';
    if (child.value.state === 'dead' || child.value.link !== plan.oldLink) return 'over';
    if (context.rules.movesTakeTurns) {
      // After the child: who gives this move up marks `m` first and swaps the child's head second.
      const moves = yield* readMoves();
      if (moves.value.plan?.operation !== plan.operation || moves.value.aborting) return 'over';
    }
    const value = next(child.value, plan.operation, context.limits.window, { link: plan.newLink });
    const outcome = yield { do: 'swap', key: headKey(plan.uid), tag: child.tag, value };
    if (outcome.is === 'swapped') return 'committed';
  }
}

/** Finishes somebody's move: forward if its record has arrived (the mover's checks were passed), else backward. */
export function* finishMove(context: Context, plan: MovePlan): Actor<void> {
  const target = yield* readHead(plan.target);
  const record = target?.value.entries[plan.targetKey];
  const arrived = record?.kind === 'directory' && record.link === plan.newLink;
  if (arrived && (yield* swapLink(context, plan)) === 'committed') {
    yield* removeOldRecord(context, plan);
    yield* release(context, plan);
    return;
  }
  yield* abort(context, plan);
}

/** Gives a move up, unless it has happened. Afterwards nobody can finish it. */
function* abort(context: Context, plan: MovePlan): Actor<'committed' | 'aborted'> {
  if (context.rules.movesTakeTurns && context.rules.abortFences) {
    for (;;) {
      const moves = yield* readMoves();
      if (moves.value.plan?.operation !== plan.operation) break;
      if (moves.value.aborting) break;
      const value: Moves = { plan, aborting: true };
      const outcome = yield { do: 'swap', key: MOVES_KEY, tag: moves.tag, value };
      if (outcome.is === 'swapped') break;
    }
  }
  const ended = yield* fence(context, plan);
  if (ended === 'committed') yield* removeOldRecord(context, plan);
  else yield* removeArriving(context, plan);
  yield* release(context, plan);
  return ended;
}

/** Swaps the child's head for one that differs in its revision, so that a mover's swap in flight fails. */
function* fence(context: Context, plan: MovePlan): Actor<'committed' | 'aborted'> {
  const operation = context.fresh('fence');
  for (;;) {
    const child = yield* readHead(plan.uid);
    if (child === undefined) return 'aborted';
    const { value: head, tag } = child;
    if (head.link === plan.newLink || head.operations.includes(plan.operation)) return 'committed';
    if (head.state === 'dead' || head.link !== plan.oldLink || head.operations.includes(operation)) return 'aborted';
    if (!context.rules.abortFences) return 'aborted';
    const value = next(head, operation, context.limits.window, {});
    const outcome = yield { do: 'swap', key: headKey(plan.uid), tag, value };
    if (outcome.is === 'swapped') return 'aborted';
  }
}

function* removeRecord(context: Context, uid: string, key: string, child: string, link: string): Actor<void> {
  const head = yield* readHead(uid);
  if (head === undefined) return;
  yield* commit(context, { uid, link: head.value.link, seen: head }, context.fresh('tidy'), function* (now, at) {
    const record = now.entries[key];
    if (record?.kind !== 'directory' || record.uid !== child || record.link !== link) return { fail: 'gone' };
    const change = { entries: dropEntry(now.entries, key), notes: noteDropped(now, record, at, context.rules) };
    return { head: next(now, context.fresh('tidied'), context.limits.window, change), value: null };
  });
}

const removeOldRecord = (context: Context, plan: MovePlan): Actor<void> =>
  removeRecord(context, plan.source, plan.sourceKey, plan.uid, plan.oldLink);

const removeArriving = (context: Context, plan: MovePlan): Actor<void> =>
  removeRecord(context, plan.target, plan.targetKey, plan.uid, plan.newLink);

function* release(context: Context, plan: MovePlan): Actor<void> {
  if (!context.rules.movesTakeTurns) return;
  for (;;) {
    const moves = yield* readMoves();
    if (moves.value.plan?.operation !== plan.operation) return;
    const value: Moves = { plan: null, aborting: false };
    const outcome = yield { do: 'swap', key: MOVES_KEY, tag: moves.tag, value };
    if (outcome.is === 'swapped') return;
  }
}
