/** A reply (RFC 959, section 4.2): a code and one line or more. */
export interface Reply {
  readonly code: number;
  readonly lines: readonly string[];
  /** The connection ends after it. */
  readonly last?: boolean;
  /** Lines between the first and the last are not indented; none of them begins with a digit. */
  readonly bare?: boolean;
}

export function reply(code: number, ...lines: string[]): Reply {
  return { code, lines };
}

/**
 * The reply as bytes of text. Of several lines the first has a hyphen behind the code and the last a space; those
 * between begin with a space, so that none can be taken for the last.
 */
export function formatReply({ code, lines, bare }: Reply): string {
  if (lines.length <= 1) return `${code} ${oneLine(lines[0] ?? '')}\r\n`;
  const last = lines.length - 1;
  const formatted = lines.map((line, index) => {
    if (index === 0) return `${code}-${oneLine(line)}`;
    if (index === last) return `${code} ${oneLine(line)}`;
    return bare === true ? oneLine(line) : ` ${oneLine(line)}`;
  });
  return `${formatted.join('\r\n')}\r\n`;
}

/** Text without what would end the line or the reply early: a file's name may hold line breaks. */
export function oneLine(text: string): string {
  return /[\0\r\n]/.test(text) ? text.replace(/[\0\r\n]/g, '?') : text;
}

const MAX_MESSAGE_CHARACTERS = 300;

/** Replaces what a terminal could obey: C0, DEL, C1 controls and the marks that turn the direction of text. */
export function printable(text: string): string {
  const cut = text.length > MAX_MESSAGE_CHARACTERS ? `${text.slice(0, MAX_MESSAGE_CHARACTERS)}...` : text;
  return cut.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, '?');
}

/** A path in quotes, quotes in it doubled (RFC 959, appendix II). */
export function quoted(path: string): string {
  return `"${path.replaceAll('"', '""')}"`;
}
