/**
 * Names come from whoever wrote them, and a terminal obeys what it prints. Escaped here: control characters (C0, DEL,
 * C1), line and paragraph separators, characters that reorder or hide text (Unicode TR 36, bidirectional and
 * zero-width), lone surrogates, and the backslash itself so that no two names print alike.
 */
const UNSAFE = /[\p{Cc}\p{Cs}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\\]/gu;

export function printable(text: string): string {
  return text.replace(UNSAFE, (character) => {
    if (character === '\n') return '\\n';
    if (character === '\r') return '\\r';
    if (character === '\t') return '\\t';
    if (character === '\\') return '\\\\';
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}
