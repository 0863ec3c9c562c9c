import type { Socket } from 'node:net';
import type { Connection } from 'ssh2';

/** Key exchanges that a client may ask for in a minute with hardly any data between: each costs us, not it. */
const MAX_IDLE_EXCHANGES_PER_MINUTE = 30;

/** Bytes between two exchanges that make the second one plausible. */
const PLAUSIBLE_BYTES = 1024 * 1024;

const MINUTE_MS = 60_000;

export interface RekeyOptions {
  /** Bytes, both ways together. */
  readonly bytes: number;
  /** Milliseconds. Looked at when data arrives; keep-alive answers do. */
  readonly ms: number;
  readonly onFlood: () => void;
}

/** Asks for new keys after so many bytes or so much time (RFC 4253, section 9), which ssh2 never does by itself. */
export function rekeyRegularly(connection: Connection, socket: Socket, options: RekeyOptions): void {
  const transferred = (): number => socket.bytesRead + socket.bytesWritten;
  let bytesAtExchange = transferred();
  let timeAtExchange = Date.now();
  let minute = timeAtExchange;
  let idleExchanges = 0;
  let asked = false;
  socket.on('data', () => {
    if (asked) return;
    if (transferred() - bytesAtExchange < options.bytes && Date.now() - timeAtExchange < options.ms) return;
    asked = true;
    // Not from within ssh2's own handling of the chunk.
    setImmediate(() => {
      if (!socket.destroyed) connection.rekey();
    });
  });
  connection.on('rekey', () => {
    const now = Date.now();
    if (now - minute > MINUTE_MS) {
      minute = now;
      idleExchanges = 0;
    }
    if (!asked && transferred() - bytesAtExchange < PLAUSIBLE_BYTES) idleExchanges += 1;
    asked = false;
    bytesAtExchange = transferred();
    timeAtExchange = now;
    if (idleExchanges > MAX_IDLE_EXCHANGES_PER_MINUTE) options.onFlood();
  });
}
