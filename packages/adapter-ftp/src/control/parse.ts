export interface Command {
  /** In upper case. */
  readonly verb: string;
  /** What follows the first space, unchanged: names may begin or end with spaces and hold quotes or hyphens. */
  readonly argument: string;
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const VERB = /^[A-Za-z][A-Za-z0-9]{0,15}$/;

/** The text of a line, or undefined for bytes that are no UTF-8 when `foreign` is to be refused. */
export function decodeText(bytes: Buffer, foreign: 'latin1' | 'refuse'): string | undefined {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return foreign === 'latin1' ? bytes.toString('latin1') : undefined;
  }
}

/** A command and its argument (RFC 959, section 5.3), or undefined when the line does not begin with a word. */
export function parseCommand(text: string): Command | undefined {
  const space = text.indexOf(' ');
  const verb = space === -1 ? text : text.slice(0, space);
  if (!VERB.test(verb)) return undefined;
  return { verb: verb.toUpperCase(), argument: space === -1 ? '' : text.slice(space + 1) };
}
