import {
  type DirectoryIdentity,
  decodeCbor,
  encodeCbor,
  MOVES_PATH,
  open as openBox,
  seal,
} from '@latchkey/encryption';
import { type ETag, type StoreKey, storeKey } from '@latchkey/store';
import { sameBytes } from '../bytes.js';
import type { VaultContext } from '../context.js';
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
export interface Move {
  readonly id: Uint8Array;
  readonly child: DirectoryIdentity;
}

export interface Moves {
  readonly move: Move | undefined;
  readonly etag: ETag | null;
  readonly modifiedAt: number;
}

export async function readMoves(context: VaultContext): Promise<Moves> {
  return naming('the register of moves', async () => {
    const state = await context.store.readRegister(MOVES);
    if (state.status !== 'value') return { move: undefined, etag: null, modifiedAt: 0 };
    return { move: decode(context, state.bytes), etag: state.etag, modifiedAt: state.modifiedAt };
  });
}

/**
 * Takes the register for one move, waiting for the mover that has it. A mover that stays silent is taken to be dead:
 * its directory's head is touched, so that a late relink of it fails, and its half-done move is simply stale.
 */
export async function holdMoves<T>(context: VaultContext, move: Move, work: () => Promise<T>): Promise<T> {
  const etag = await take(context, move);
  let result: T;
  try {
    result = await work();
  } catch (error) {
    await release(context, move, etag).catch(() => undefined);
    throw error;
  }
  await release(context, move, etag);
  return result;
}

/** Ends a move whose mover has been silent for so long that it counts as dead. Whatever it left is simply stale. */
export async function endAbandonedMove(context: VaultContext): Promise<void> {
  const { move, modifiedAt } = await readMoves(context);
  if (move === undefined || (await context.store.clock()) - modifiedAt <= TAKEOVER_MS) return;
  await holdMoves(
    context,
    { id: context.provider.randomBytes(16), child: move.child },
    async () => undefined,
  );
}

/** Moves of this process that have ended without the register learning of it. */
const unreleased = new WeakMap<VaultContext, Uint8Array[]>();

async function release(context: VaultContext, move: Move, etag: ETag): Promise<void> {
  for (let failures = 0; failures < RELEASE_FAILURES; failures++) {
    try {
      await context.store.swapRegister(MOVES, etag, encode(context, undefined));
      return;
    } catch (error) {
      if (isStoreError(error, 'conflict')) return;
      if (!isStoreError(error, 'unavailable')) throw error;
    }
  }
  // A successor takes it after TAKEOVER_MS, or at once when it is one of this process.
  unreleased.set(context, [...(unreleased.get(context) ?? []).slice(-16), move.id]);
}

function hasEnded(context: VaultContext, move: Move): boolean {
  return (unreleased.get(context) ?? []).some((id) => sameBytes(id, move.id));
}

/** Whether no successor has taken the register. To be asked after reading the head that is then swapped. */
export async function stillHeld(context: VaultContext, move: Move): Promise<boolean> {
  const held = (await readMoves(context)).move;
  return held !== undefined && sameBytes(held.id, move.id);
}

async function take(context: VaultContext, move: Move): Promise<ETag> {
  let abandoned: Move | undefined;
  for (let failures = 0; ; ) {
    const state = await readMoves(context);
    // The swap whose answer was lost did happen.
    if (state.move !== undefined && sameBytes(state.move.id, move.id)) {
      await fence(context, abandoned, state.etag as ETag);
      return state.etag as ETag;
    }
    const silent = (await context.store.clock()) - state.modifiedAt > TAKEOVER_MS;
    if (state.move !== undefined && !silent && !hasEnded(context, state.move)) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS * (0.5 + Math.random())));
      continue;
    }
    abandoned = state.move;
    let etag: ETag;
    try {
      etag = await context.store.swapRegister(MOVES, state.etag, encode(context, move));
    } catch (error) {
      if (!isStoreError(error, 'conflict') && !isStoreError(error, 'unavailable')) throw error;
      if (isStoreError(error, 'unavailable')) {
        if (++failures === TAKE_FAILURES) throw error;
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
      continue;
    }
    await fence(context, abandoned, etag);
    return etag;
  }
}

/** Makes a late relink by the mover that was given up fail. Its entry is put back when that cannot be done now. */
async function fence(context: VaultContext, abandoned: Move | undefined, etag: ETag): Promise<void> {
  if (abandoned === undefined) return;
  const child = context.directories.of(abandoned.child);
  try {
    // A directory that has been removed and swept cannot be relinked any more.
    if ((await context.store.readRegister(child.register)).status === 'absent') return;
    await child.commits.submit({ evenDead: true, apply: async (transaction) => transaction.touch() });
  } catch (error) {
    await context.store.swapRegister(MOVES, etag, encode(context, abandoned)).catch(() => undefined);
    throw error;
  }
}

function encode(context: VaultContext, move: Move | undefined): Uint8Array {
  const fields = new Map<number, Uint8Array | number>();
  if (move !== undefined) {
    fields.set(0, move.id);
    fields.set(2, move.child.uid);
    fields.set(4, move.child.generation);
    fields.set(6, move.child.readSecret);
  }
  const { provider, vaultId, keys } = context;
  return seal(provider, keys.movesKey, 'moves', vaultId, new Uint8Array(0), encodeCbor(fields));
}

function decode(context: VaultContext, bytes: Uint8Array): Move | undefined {
  const { provider, vaultId, keys } = context;
  const fields = decodeCbor(openBox(provider, keys.movesKey, 'moves', vaultId, new Uint8Array(0), bytes));
  if (!(fields instanceof Map)) throw new VaultError('damaged', 'the register of moves is malformed');
  if (fields.size === 0) return undefined;
  const [id, uid, generation, readSecret] = [0, 2, 4, 6].map((key) => fields.get(key));
  if (
    !(
      id instanceof Uint8Array &&
      uid instanceof Uint8Array &&
      readSecret instanceof Uint8Array &&
      typeof generation === 'number'
    )
  ) {
    throw new VaultError('damaged', 'the register of moves is malformed');
  }
  return { id, child: { uid, generation, readSecret } };
}
