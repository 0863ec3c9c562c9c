import {
  type DirectoryIdentity,
  MAX_UNFENCED,
  MOVES_PATH,
  type MoveRegister,
  openMoves,
  sealMoves,
} from '@latchkey/encryption';
import { type ETag, type StoreKey, storeKey } from '@latchkey/store';
import { sameBytes } from '../bytes.js';
import type { VaultContext } from '../context.js';
import { HeadMissing } from '../directory/directory.js';
import { VaultError } from '../errors.js';
import { isStoreError, naming } from '../translate.js';

/** The one register that orders moves of directories between parents. */
const MOVES: StoreKey = storeKey(MOVES_PATH);
/** After this many milliseconds a successor no longer waits for the mover that holds the register. */
const TAKEOVER_MS = 30_000;
const POLL_MS = 25;
/** After so many swaps of the register without an answer the store counts as unavailable. */
const TAKE_FAILURES = 8;
const RELEASE_FAILURES = 3;

/** A move under way: which one, and the directory that is being moved. */
export type Move = Pick<MoveRegister, 'id' | 'child'>;

export interface Moves {
  /** Who holds the register; nobody while it is `undefined`. */
  readonly move: MoveRegister | undefined;
  readonly etag: ETag | null;
  readonly modifiedAt: number;
}

/** Thrown by the work of a move whose swap may still be on its way: the register goes on naming its directory. */
export class RelinkInDoubt extends VaultError {}

export async function readMoves(context: VaultContext): Promise<Moves> {
  const { store, provider, vaultId, keys } = context;
  return naming('the register of moves', async () => {
    const state = await store.readRegister(MOVES);
    if (state.status !== 'value') return { move: undefined, etag: null, modifiedAt: 0 };
    const move = openMoves(provider, vaultId, keys.movesKey, state.bytes);
    return { move, etag: state.etag, modifiedAt: state.modifiedAt };
  });
}

/** Whether a mover, of the present or of the past, may still swap the directory's link id. */
export function mayArrive({ move }: Moves, uid: Uint8Array): boolean {
  return move !== undefined && [move.child, ...move.unfenced].some((one) => sameBytes(one.uid, uid));
}

export function isHeldBy({ move }: Moves, by: Move): boolean {
  return move !== undefined && sameBytes(move.id, by.id);
}

/**
 * Takes the register for one move, waiting for the mover that has it. A mover that stays silent is taken to be dead, and
 * may only be slow: the directories of all predecessors that may still be relinked are fenced, and stand in the register
 * until they are, for whoever comes next (docs/concurrency.md, rule 6).
 */
export async function holdMoves<T>(context: VaultContext, move: Move, work: () => Promise<T>): Promise<T> {
  let etag: ETag;
  try {
    etag = await take(context, move);
  } catch (error) {
    // It may have been taken all the same. What was not fenced stays in it, for the next one.
    ended(context, move);
    throw error;
  }
  let result: T;
  try {
    result = await work();
  } catch (error) {
    if (error instanceof RelinkInDoubt) ended(context, move);
    else await release(context, move, etag).catch(() => undefined);
    throw error;
  }
  await release(context, move, etag);
  return result;
}

/** Ends a move whose mover has been silent for so long that it counts as dead. Whatever it left is simply stale. */
export async function endAbandonedMove(context: VaultContext): Promise<void> {
  const { move, modifiedAt } = await readMoves(context);
  if (move === undefined) return;
  if (!hasEnded(context, move) && (await context.store.clock()) - modifiedAt <= TAKEOVER_MS) return;
  const id = context.provider.randomBytes(16);
  await holdMoves(context, { id, child: move.child }, async () => undefined);
}

/** Lets go of the register before the vault is closed, if a move of ours could not. Best effort; never rejects. */
export async function endOwnMoves(context: VaultContext): Promise<void> {
  if (unreleased.has(context)) await endAbandonedMove(context).catch(() => undefined);
}

/** Whether no successor has taken the register. To be asked after reading the head that is then swapped. */
export async function stillHeld(context: VaultContext, move: Move): Promise<boolean> {
  return isHeldBy(await readMoves(context), move);
}

/**
 * Swaps a directory's head for one that differs in its revision only, so that every swap of the old one fails. Answers
 * the link id that it bears, dead or alive; a head that is not there cannot be swapped by anybody.
 */
export async function fence(
  context: VaultContext,
  directory: DirectoryIdentity,
): Promise<Uint8Array | undefined> {
  try {
    return await context.directories.of(directory).commits.submit({
      evenDead: true,
      reclaims: true,
      apply: async (transaction) => {
        transaction.touch();
        return transaction.linkId;
      },
    });
  } catch (error) {
    if (error instanceof HeadMissing) return undefined;
    throw error;
  }
}

/** Moves of this process that have ended without the register learning of it. */
const unreleased = new WeakMap<VaultContext, Uint8Array[]>();

function ended(context: VaultContext, move: Move): void {
  unreleased.set(context, [...(unreleased.get(context) ?? []).slice(-16), move.id]);
}

function hasEnded(context: VaultContext, move: Move): boolean {
  return (unreleased.get(context) ?? []).some((id) => sameBytes(id, move.id));
}

async function release(context: VaultContext, move: Move, taken: ETag): Promise<void> {
  let etag: ETag | null = taken;
  for (let failures = 0; failures < RELEASE_FAILURES; failures++) {
    try {
      await context.store.swapRegister(MOVES, etag, encode(context, undefined));
      return;
    } catch (error) {
      if (!isStoreError(error, 'conflict') && !isStoreError(error, 'unavailable')) throw error;
    }
    const state = await readMoves(context).catch(() => undefined);
    if (state !== undefined && !isHeldBy(state, move)) return;
    etag = state?.etag ?? etag;
  }
  // A successor takes it after TAKEOVER_MS, or at once when it is one of this process.
  ended(context, move);
}

async function take(context: VaultContext, move: Move): Promise<ETag> {
  for (let failures = 0; ; ) {
    const state = await readMoves(context);
    const held = state.move;
    // The swap whose answer was lost did happen.
    if (held !== undefined && isHeldBy(state, move))
      return fenceAll(context, held.unfenced, state.etag as ETag);
    const silent = (await context.store.clock()) - state.modifiedAt > TAKEOVER_MS;
    if (held !== undefined && !silent && !hasEnded(context, held)) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS * (0.5 + Math.random())));
      continue;
    }
    const unfenced = await inherited(context, held);
    let etag: ETag;
    try {
      etag = await context.store.swapRegister(MOVES, state.etag, encode(context, { ...move, unfenced }));
    } catch (error) {
      if (!isStoreError(error, 'conflict') && !isStoreError(error, 'unavailable')) throw error;
      if (isStoreError(error, 'unavailable')) {
        if (++failures === TAKE_FAILURES) throw error;
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
      continue;
    }
    return fenceAll(context, unfenced, etag);
  }
}

/** The directories that whoever takes the register from `held` has to fence. */
async function inherited(
  context: VaultContext,
  held: MoveRegister | undefined,
): Promise<readonly DirectoryIdentity[]> {
  if (held === undefined) return [];
  const earlier = held.unfenced.filter(({ uid }) => !sameBytes(uid, held.child.uid));
  if (earlier.length < MAX_UNFENCED) return [held.child, ...earlier];
  // There is no room for one more. Their movers have lost the register already, so they can be fenced before it is taken.
  for (const one of held.unfenced) await fence(context, one);
  return [held.child];
}

async function fenceAll(
  context: VaultContext,
  unfenced: readonly DirectoryIdentity[],
  etag: ETag,
): Promise<ETag> {
  for (const one of unfenced) await fence(context, one);
  return etag;
}

function encode(context: VaultContext, move: MoveRegister | undefined): Uint8Array {
  const { provider, vaultId, keys } = context;
  return sealMoves(provider, vaultId, keys.movesKey, move);
}
