/** XML that is ready to be sent. */
export interface Markup {
  readonly markup: string;
}

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';
const REFERENCES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

/**
 * Text as XML. Control characters become references, as S3 has them: a carriage return would not survive otherwise, and
 * others are not allowed in XML 1.0 in any form (clients ask for `encoding-type=url` to be safe).
 */
export function escapeXml(text: string): string {
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is replaced
    /[&<>"\u0000-\u0008\u000b-\u001f\u007f\ufffe\uffff]/g,
    (character) => REFERENCES[character] ?? `&#x${character.charCodeAt(0).toString(16)};`,
  );
}

/** An element with text, with elements, or (`undefined`) none at all. */
export function element(
  name: string,
  content: string | number | boolean | readonly Markup[] | undefined,
): Markup {
  if (content === undefined) return { markup: '' };
  return { markup: `<${name}>${inside(content)}</${name}>` };
}

function inside(content: string | number | boolean | readonly Markup[]): string {
  if (typeof content !== 'object') return escapeXml(String(content));
  let all = '';
  for (const { markup } of content) all += markup;
  return all;
}

export function document(root: Markup): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${root.markup}`;
}

/** A result document in S3's namespace. */
export function result(name: string, content: readonly Markup[] | string): string {
  return document({ markup: `<${name} xmlns="${NAMESPACE}">${inside(content)}</${name}>` });
}
