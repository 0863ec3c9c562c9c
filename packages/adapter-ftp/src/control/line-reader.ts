/** One line from the control connection, or why it is none. */
export type Line = { readonly text: Buffer } | { readonly code: 500 | 501; readonly reason: string };

const LF = 0x0a;
const CR = 0x0d;
/** Telnet: "interpret as command" (RFC 854). */
const IAC = 0xff;
const FIRST_COMMAND = 0xf0;
const FIRST_NEGOTIATION = 0xfb;

const NOTHING = Buffer.alloc(0);

/**
 * Cuts the bytes of a control connection into lines, however they arrive. A line ends with LF, which devices send
 * without the CR that RFC 959 wants. A line that is too long or has bytes that none may have costs one error reply.
 */
export class LineReader {
  readonly #maxBytes: number;
  #partial: Buffer = NOTHING;
  #discarding = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The lines that end in `chunk`. */
  push(chunk: Buffer): Line[] {
    const lines: Line[] = [];
    let start = 0;
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, start)) {
      const piece = chunk.subarray(start, end);
      start = end + 1;
      lines.push(this.#finish(piece));
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start));
    return lines;
  }

  #finish(piece: Buffer): Line {
    const whole = this.#partial.length === 0 ? piece : Buffer.concat([this.#partial, piece]);
    this.#partial = NOTHING;
    const tooLong = this.#discarding || whole.length > this.#maxBytes;
    this.#discarding = false;
    return tooLong
      ? { code: 500, reason: `a line is longer than ${this.#maxBytes} bytes` }
      : cleanLine(whole);
  }

  #keep(rest: Buffer): void {
    if (this.#discarding) return;
    if (this.#partial.length + rest.length > this.#maxBytes + 1) {
      this.#discarding = true;
      this.#partial = NOTHING;
    } else this.#partial = Buffer.concat([this.#partial, rest]);
  }
}

function cleanLine(line: Buffer): Line {
  const text = stripTelnet(line.at(-1) === CR ? line.subarray(0, -1) : line);
  if (text === undefined) return { code: 501, reason: 'Telnet commands inside a line are not taken' };
  if (text.includes(CR)) return { code: 501, reason: 'a CR without LF is not taken' };
  if (text.includes(0)) return { code: 501, reason: 'a NUL is not taken' };
  // A copy: a command that waits would otherwise hold on to all that came with it.
  return { text: Buffer.from(text) };
}

/**
 * Takes away the Telnet commands in front of a line, which clients send before ABOR (RFC 959, section 4.1.3), and
 * undoubles IAC. Undefined when there are others further on.
 */
function stripTelnet(line: Buffer): Buffer | undefined {
  if (!line.includes(IAC)) return line;
  let at = 0;
  while (line[at] === IAC) {
    const next = line[at + 1] ?? 0;
    if (next === IAC) break;
    // The mark of a Synch travels out of band, and only the IAC before it is left.
    at += next >= FIRST_NEGOTIATION ? 3 : next >= FIRST_COMMAND ? 2 : 1;
  }
  const bytes: number[] = [];
  for (; at < line.length; at++) {
    const byte = line[at] ?? 0;
    if (byte === IAC && line[++at] !== IAC) return undefined;
    bytes.push(byte);
  }
  return Buffer.from(bytes);
}
