import type { Connection } from 'ssh2';

/**
 * Checks in front of ssh2's message handlers for what ssh2 1.17 lets through:
 *
 * - A channel whose peer takes packets of 0 bytes makes ssh2 cut its output into pieces of nothing, for ever
 *   (issue 1504). Such a channel is refused. So are tiny packets, which multiply work.
 * - Data beyond the window drives ssh2's count of it below zero, and from then on it buffers without bound
 *   (issue 1505). RFC 4254, section 5.2 lets us ignore the excess; we end the connection, as OpenSSH does not need it.
 * - Window adjustments that go over 2^32 - 1 (section 5.2 forbids them) and a packet size of gigabytes are bounded.
 */

interface ChannelOpen {
  type: string;
  sender: number;
  window: number;
  packetSize: number;
}

interface ChannelState {
  incoming: { window: number; packetSize: number; state: string };
  outgoing: { window: number; packetSize: number; state: string };
}

/** A channel as ssh2 keeps it: a Session has its state under `_chanInfo`. */
type StoredChannel = Partial<ChannelState> & { _chanInfo?: ChannelState };

interface Handlers {
  CHANNEL_OPEN(protocol: ProtocolInternals, info: ChannelOpen): void;
  CHANNEL_DATA(protocol: ProtocolInternals, recipient: number, data: Buffer): void;
  CHANNEL_EXTENDED_DATA(protocol: ProtocolInternals, recipient: number, data: Buffer, type: number): void;
  CHANNEL_WINDOW_ADJUST(protocol: ProtocolInternals, recipient: number, amount: number): void;
}

interface ProtocolInternals {
  _handlers: Handlers;
  channelOpenFail(recipient: number, reason: number, description?: string): void;
  disconnect(reason: number): void;
}

interface ClientInternals {
  _protocol: ProtocolInternals;
  _chanMgr: { get(id: number): StoredChannel | undefined };
}

const REASON_RESOURCE_SHORTAGE = 4;
const DISCONNECT_PROTOCOL_ERROR = 2;
const MIN_PEER_PACKET_BYTES = 256;
const MAX_PEER_PACKET_BYTES = 64 * 1024;
const MAX_WINDOW = 0xffff_ffff;

const GUARDED = ['CHANNEL_OPEN', 'CHANNEL_DATA', 'CHANNEL_EXTENDED_DATA', 'CHANNEL_WINDOW_ADJUST'] as const;

/** Throws when ssh2 is not built as the guards expect: better no server than one without them. */
function internalsOf(connection: Connection): ClientInternals {
  const internals = connection as unknown as ClientInternals;
  const handlers: Partial<Handlers> | undefined = internals._protocol?._handlers;
  const complete = GUARDED.every((name) => typeof handlers?.[name] === 'function');
  if (!complete || typeof internals._chanMgr?.get !== 'function') {
    throw new Error('this version of ssh2 cannot be guarded');
  }
  return internals;
}

/** Violations end the connection through `onViolation`, after a DISCONNECT message was sent. */
export function guardProtocol(connection: Connection, onViolation: (reason: string) => void): void {
  const internals = internalsOf(connection);
  const handlers = internals._protocol._handlers;
  const open = handlers.CHANNEL_OPEN;
  const data = handlers.CHANNEL_DATA;
  const adjust = handlers.CHANNEL_WINDOW_ADJUST;
  let violated = false;

  const violation = (protocol: ProtocolInternals, reason: string): void => {
    if (violated) return;
    violated = true;
    protocol.disconnect(DISCONNECT_PROTOCOL_ERROR);
    onViolation(reason);
  };
  const stateOf = (id: number): ChannelState | undefined => {
    const stored = internals._chanMgr.get(id);
    if (typeof stored !== 'object' || stored === null) return undefined;
    return stored._chanInfo ?? (stored.incoming !== undefined ? (stored as ChannelState) : undefined);
  };

  handlers.CHANNEL_OPEN = (protocol, info) => {
    if (violated) return;
    if (info.packetSize < MIN_PEER_PACKET_BYTES) {
      protocol.channelOpenFail(info.sender, REASON_RESOURCE_SHORTAGE, 'the maximum packet size is too small');
      return;
    }
    open(protocol, { ...info, packetSize: Math.min(info.packetSize, MAX_PEER_PACKET_BYTES) });
  };
  handlers.CHANNEL_DATA = (protocol, recipient, bytes) => {
    if (violated) return;
    const state = stateOf(recipient);
    if (
      state !== undefined &&
      (bytes.length > state.incoming.window || bytes.length > state.incoming.packetSize)
    ) {
      violation(protocol, 'data beyond the channel window');
      return;
    }
    data(protocol, recipient, bytes);
  };
  handlers.CHANNEL_EXTENDED_DATA = (protocol) => {
    // Clients have no use for it (RFC 4254, section 5.2 defines it for output), and it would eat the window unseen.
    violation(protocol, 'extended data from a client');
  };
  handlers.CHANNEL_WINDOW_ADJUST = (protocol, recipient, amount) => {
    if (violated) return;
    const state = stateOf(recipient);
    if (state !== undefined && state.outgoing.window + amount > MAX_WINDOW) {
      violation(protocol, 'a channel window over 4 GiB');
      return;
    }
    adjust(protocol, recipient, amount);
  };
}
