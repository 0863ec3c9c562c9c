import type { Path, VaultSession } from '@latchkey/vault';
import type { Owner } from '../codec/attributes.js';
import type { PacketReader } from '../codec/reader.js';
import type { Reply } from '../codec/replies.js';
import type { HandleTable, OpenHandle } from '../session/handles.js';
import type { PathOrder, Reach } from '../session/path-order.js';

/** What the requests of one session share. */
export interface RequestContext {
  readonly vault: VaultSession;
  readonly handles: HandleTable;
  readonly order: PathOrder;
  readonly owner: Owner;
  /** Open handles announced through limits@openssh.com. */
  readonly maxHandles: number;
  /** Fires when the session ends: long work stops. */
  readonly ended: AbortSignal;
}

/** Where a request stands among the others: which of those before it must have ended. */
export type Order =
  | { readonly kind: 'free' }
  | { readonly kind: 'paths'; readonly paths: readonly Path[]; readonly reach: Reach }
  | { readonly kind: 'handle'; readonly handle: OpenHandle; readonly exclusive: boolean };

/** A request that was read and understood, ready to run. */
export interface Plan {
  readonly order: Order;
  /** Upper bound of the bytes that the reply carries, for backpressure. */
  readonly replyBytes?: number;
  run(): Promise<Reply>;
}

/**
 * Reads the fields of one packet behind its id. Throws `MalformedPacketError` or `StatusError`; the session turns
 * either into a status. Views into the packet stay valid until the plan has run.
 */
export type RequestHandler = (context: RequestContext, id: number, reader: PacketReader) => Plan;

export function onPaths(exclusive: boolean, ...paths: readonly Path[]): Order {
  return { kind: 'paths', paths, reach: exclusive ? 'change' : 'look' };
}

export function onListing(path: Path): Order {
  return { kind: 'paths', paths: [path], reach: 'list' };
}

export function onHandle(handle: OpenHandle, exclusive: boolean): Order {
  return { kind: 'handle', handle, exclusive };
}

export const FREE: Order = { kind: 'free' };
