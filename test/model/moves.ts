import { type Committed, commit, type Read, readHead, readMoves } from './commit.js';
import type { Context } from './context.js';
import {
  type DirectoryRecord,
  dropEntry,
  headKey,
  MOVES_KEY,
  type MovePlan,
  type Moves,
  next,
  setEntry,
} from './head.js';
import { type Directory, isValid, resolveDirectory, split } from './resolve.js';
import type { Rules } from './rules.js';
import type { Actor, Outcome } from './world.js';

/**
 * Rule 6. A directory is where its link id says: the swap of the child's link id is the move, what comes before can be
 * taken back, and what comes after only tidies up. The register `m` makes movers take turns, so that what a mover
 * learnt about ancestors holds until it is done.
 */
export function* moveDirectory(context: Context, from: string, to: string): Actor<string> {
  for (let attempt = 0; attempt < context.limits.moveAttempts; attempt += 1) {
    const result = yield* context.within(attempt, tryMove(context, from, to));
    if (result !== 'again') return result;
  }
  return 'conflict';
}

function* tryMove(context: Context, from: string, to: string): Actor<string> {
  const source = split(from);
  const target = split(to);
  const moved = yield* resolveDirectory(
    context,
    [...source.parent, source.name],
    context.knows('move', null),
  );
  if (!moved.ok) return moved.error;
  const plan: MovePlan = {
    operation: context.fresh('move'),
    uid: moved.directory.uid,
    oldLink: moved.directory.link,
    newLink: context.fresh('link'),
    source: moved.directory.chain.at(-2)!,
    sourceKey: `${source.name}/`,
    targetKey: `${target.name}/`,
  };
  if (context.rules.movesTakeTurns && !(yield* takeTurn(context, plan))) return 'again';
  const place = yield* resolveDirectory(context, target.parent, context.knows('check', plan));
  const result = place.ok ? yield* moveTo(context, plan, place.directory, target.name) : place.error;
  if (context.rules.movesTakeTurns) yield* context.within(result, release(context, plan));
  return result;
}

/**
 * Takes `m`. A mover that holds it may be dead or slow, nobody can tell; whoever takes over lets no relink of its
 * directory through: the directories that are not fenced yet stand in `m` itself, and pass on to the next successor.
 */
function* takeTurn(context: Context, plan: MovePlan): Actor<boolean> {
  const { rules } = context;
  let known: readonly string[] = [];
  let offered = false;
  for (;;) {
    const moves: Read<Moves> = yield* readMoves(context.knows('take', [plan, known, offered]));
    const held = moves.value.plan;
    if (held?.operation === plan.operation) {
      for (const uid of rules.fencesPassOn ? moves.value.unfenced : known) yield* fence(context, uid);
      return true;
    }
    if (offered) return false;
    const { value, unfenced } = takenOver(moves.value, plan, rules);
    const outcome: Outcome = yield { do: 'swap', key: MOVES_KEY, tag: moves.tag, value };
    // A list that only the successor remembers dies with it.
    known = outcome.is === 'conflict' ? [] : unfenced;
    offered = outcome.is !== 'conflict';
  }
}

/** The register after a successor has taken it, and the directories that are now the successor's to fence. */
function takenOver(
  moves: Moves,
  plan: MovePlan,
  rules: Rules,
): { value: Moves; unfenced: readonly string[] } {
  const { plan: held } = moves;
  const unfenced = held === null || !rules.successorsFence ? [] : [...new Set([held.uid, ...moves.unfenced])];
  return { value: { plan, unfenced: rules.fencesPassOn ? unfenced : [] }, unfenced };
}

/** A mover that takes `m` and dies at once, before it has fenced anybody. */
export function* takeTurnAndDie(context: Context, uid: string): Actor<void> {
  const moves = yield* readMoves();
  const [operation, newLink] = [context.fresh('move'), context.fresh('link')];
  const plan: MovePlan = { operation, uid, oldLink: '', newLink, source: '', sourceKey: '', targetKey: '' };
  const { value } = takenOver(moves.value, plan, context.rules);
  yield { do: 'swap', key: MOVES_KEY, tag: moves.tag, value };
}

/** Swaps the head for one that differs in its revision only, so that every swap in flight of the old one fails. */
function* fence(context: Context, uid: string): Actor<void> {
  const operation = context.fresh('fence');
  for (;;) {
    const head = yield* readHead(uid);
    if (head === undefined || head.value.operations.includes(operation)) return;
    const value = next(head.value, operation, context.limits.window, {});
    const outcome = yield { do: 'swap', key: headKey(uid), tag: head.tag, value };
    if (outcome.is === 'swapped') return;
  }
}

function* moveTo(context: Context, plan: MovePlan, target: Directory, name: string): Actor<string> {
  if (target.chain.includes(plan.uid) && context.rules.ancestryCheck) return 'invalid-argument';
  const inserted = yield* insertArriving(context, plan, target, name);
  if (!inserted.ok && inserted.error !== 'unavailable')
    return inserted.error === 'gone' ? 'again' : inserted.error;
  const relinked = inserted.ok ? yield* context.within(target.uid, relink(context, plan)) : 'unavailable';
  if (
    relinked === 'ok' ||
    (yield* context.within([target.uid, relinked], isRelinkedAfterAll(context, plan)))
  ) {
    yield* context.within('moved', dropRecord(context, plan.source, plan.sourceKey, plan.uid, plan.oldLink));
    return 'ok';
  }
  yield* context.within(relinked, dropRecord(context, target.uid, plan.targetKey, plan.uid, plan.newLink));
  return relinked;
}

function insertArriving(
  context: Context,
  plan: MovePlan,
  target: Directory,
  name: string,
): Actor<Committed<null>> {
  return commit(context, target, plan.operation, function* (head) {
    if (head.entries[name] !== undefined) return { fail: 'exists' };
    const refused = yield* refusal(context, head.entries[plan.targetKey], 'exists', plan);
    if (refused !== undefined) return { fail: refused };
    const record: DirectoryRecord = { kind: 'directory', uid: plan.uid, link: plan.newLink };
    const change = { entries: setEntry(head.entries, plan.targetKey, record) };
    return { head: next(head, plan.operation, context.limits.window, change), value: null };
  });
}

/** The move is this one swap. The head is read before `m`: a successor takes `m` first and fences the head second. */
function* relink(context: Context, plan: MovePlan): Actor<string> {
  const { rules } = context;
  for (;;) {
    const child = yield* readHead(plan.uid, context.knows('link', plan));
    if (child === undefined) return 'not-found';
    if (child.value.link === plan.newLink || child.value.operations.includes(plan.operation)) return 'ok';
    if (child.value.state === 'dead' || child.value.link !== plan.oldLink) return 'again';
    if (rules.movesTakeTurns) {
      const moves = yield* readMoves();
      if (moves.value.plan?.operation !== plan.operation) return 'conflict';
    }
    const value = next(child.value, plan.operation, context.limits.window, { link: plan.newLink });
    const outcome = yield { do: 'swap', key: headKey(plan.uid), tag: child.tag, value };
    if (outcome.is === 'swapped') return 'ok';
  }
}

/**
 * Before the arriving record is taken back, it must be certain that the link id will not be swapped by a request of our
 * own that is still on its way: fence the child, or find that it has moved.
 */
function* isRelinkedAfterAll(context: Context, plan: MovePlan): Actor<boolean> {
  if (!context.rules.refusalIsFenced) return false;
  const operation = context.fresh('fence');
  for (;;) {
    const child = yield* readHead(plan.uid, context.knows('fence', [plan, operation]));
    if (child === undefined) return false;
    const { value: head, tag } = child;
    if (head.link === plan.newLink || head.operations.includes(plan.operation)) return true;
    if (head.state === 'dead' || head.link !== plan.oldLink || head.operations.includes(operation))
      return false;
    const value = next(head, operation, context.limits.window, {});
    const outcome = yield { do: 'swap', key: headKey(plan.uid), tag, value };
    if (outcome.is === 'swapped') return false;
  }
}

/** Removes a record only if it is the very one: other records of the same name or the same directory stay. */
function* dropRecord(context: Context, uid: string, key: string, child: string, link: string): Actor<void> {
  const seen = yield* readHead(uid, context.knows('tidy', [uid, key, child, link]));
  if (seen === undefined) return;
  const operation = context.fresh('tidy');
  yield* commit(context, { uid, link: seen.value.link, seen }, operation, (head) => {
    const record = head.entries[key];
    if (record?.kind !== 'directory' || record.uid !== child || record.link !== link) return { fail: 'gone' };
    const change = { entries: dropEntry(head.entries, key) };
    return { head: next(head, operation, context.limits.window, change), value: null };
  });
}

function* release(context: Context, plan: MovePlan): Actor<void> {
  for (;;) {
    const moves: Read<Moves> = yield* readMoves(context.knows('release', plan));
    if (moves.value.plan?.operation !== plan.operation) return;
    const value: Moves = { plan: null, unfenced: [] };
    const outcome = yield { do: 'swap', key: MOVES_KEY, tag: moves.tag, value };
    if (outcome.is === 'swapped') return;
  }
}

/** Lets go of `m` for a mover that is gone: fences what it may still relink. */
export function* settleMoves(context: Context): Actor<void> {
  const moves = yield* readMoves();
  if (moves.value.plan === null) return;
  const plan: MovePlan = { ...moves.value.plan, operation: context.fresh('settle') };
  yield* takeTurn(context, plan);
  yield* release(context, plan);
}

function* leadsSomewhere(context: Context, record: DirectoryRecord): Actor<boolean> {
  const child = yield* readHead(record.uid);
  return child !== undefined && isValid(context, child.value, record.link);
}

/** Whether a mover, of the present or of the past, may still relink the record's directory. */
function mayArrive(moves: Moves, record: DirectoryRecord): boolean {
  return moves.plan?.uid === record.uid || moves.unfenced.includes(record.uid);
}

/**
 * What a directory record stands for: a directory, nothing any more, or (`busy`) perhaps one that is just arriving, which
 * looks the same as nothing. Only the order record, `m`, child is safe: when `m` does not name the directory after
 * the record was read, nobody can relink the child to it any more. To `holder`, a mover, nobody else's directory can arrive
 * as long as `m` is its own: it has fenced all others. A slow one whose `m` was taken over must not be so sure.
 */
export function* standing(
  context: Context,
  record: DirectoryRecord,
  holder?: MovePlan,
): Actor<'live' | 'stale' | 'busy'> {
  const { rules } = context;
  if (!rules.arrivingCounts) return (yield* leadsSomewhere(context, record)) ? 'live' : 'stale';
  if (!rules.movesReadBeforeChild) {
    if (yield* leadsSomewhere(context, record)) return 'live';
    return mayArrive((yield* readMoves()).value, record) ? 'busy' : 'stale';
  }
  const moves = yield* readMoves();
  if (yield* leadsSomewhere(context, record)) return 'live';
  const isOurs =
    holder !== undefined && (moves.value.plan?.operation === holder.operation || !rules.holdersLookAgain);
  return !isOurs && mayArrive(moves.value, record) ? 'busy' : 'stale';
}

/** The refusal for a name where `record` stands; undefined when it may be written over. */
export function* refusal(
  context: Context,
  record: unknown,
  code: 'exists' | 'is-a-directory' | 'not-empty',
  holder?: MovePlan,
): Actor<string | undefined> {
  const directory = record as DirectoryRecord | undefined;
  if (directory?.kind !== 'directory') return undefined;
  const stands = yield* standing(context, directory, holder);
  if (stands === 'stale') return undefined;
  return stands === 'live' ? code : 'conflict';
}
