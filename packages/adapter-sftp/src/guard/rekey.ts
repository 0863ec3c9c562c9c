import type { Socket } from 'node:net';
import type { Connection } from 'ssh2';

/** Milliseconds between looks at the counters. A second at full speed is under a gigabyte. */
const CHECK_MS = 500;

/** Key exchanges that a client may ask for in a minute; each costs us far more than it costs the client. */
const MAX_EXCHANGES_PER_MINUTE = 30;

export interface RekeyOptions {
  /** Bytes, both ways together. */
  readonly bytes: number;
  /** Milliseconds. */
  readonly ms: number;
  readonly onFlood: () => void;
}

/** Asks for new keys after so many bytes or so much time (RFC 4253, section 9), which ssh2 never does by itself. */
export function rekeyRegularly(connection: Connection, socket: Socket, options: RekeyOptions): void {
  const transferred = (): number => socket.bytesRead + socket.bytesWritten;
  let bytesAtExchange = transferred();
  let timeAtExchange = Date.now();
  let minute = Date.now();
  let exchanges = 0;
  let asked = false;
  const timer = setInterval(() => {
    if (asked) return;
    if (transferred() - bytesAtExchange < options.bytes && Date.now() - timeAtExchange < options.ms) return;
    asked = true;
    connection.rekey();
  }, CHECK_MS);
  timer.unref();
  connection.on('rekey', () => {
    asked = false;
    bytesAtExchange = transferred();
    timeAtExchange = Date.now();
    if (timeAtExchange - minute > 60_000) {
      minute = timeAtExchange;
      exchanges = 0;
    }
    exchanges += 1;
    if (exchanges > MAX_EXCHANGES_PER_MINUTE) options.onFlood();
  });
  socket.once('close', () => clearInterval(timer));
}
