import { S3Error } from '../errors.js';

/** The raw target of a request line, taken apart but not normalised. */
export interface RawUrl {
  /** As it came, percent-encoded. */
  readonly path: string;
  readonly query: string;
}

export function splitTarget(target: string): RawUrl {
  if (!target.startsWith('/')) throw new S3Error('InvalidURI');
  const mark = target.indexOf('?');
  return mark < 0
    ? { path: target, query: '' }
    : { path: target.slice(0, mark), query: target.slice(mark + 1) };
}

/** Decodes percent-encoded UTF-8. Throws `InvalidURI` for what is neither. */
export function percentDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new S3Error('InvalidURI');
  }
}

/** Encodes as SigV4 has it: everything but `A-Z a-z 0-9 - . _ ~`, and the slash where it is kept. */
export function uriEncode(text: string, keepSlash = false): string {
  const encoded = encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return keepSlash ? encoded.replaceAll('%2F', '/') : encoded;
}

/** The parameters of a query. Names and values are decoded; a parameter without `=` has the value ''. */
export class Query {
  readonly #values = new Map<string, string>();
  /** As they came, in order. */
  readonly pairs: readonly (readonly [name: string, value: string])[];
  readonly rawPairs: readonly (readonly [name: string, value: string])[];

  /** Throws `AccessDenied` when a parameter comes twice: two readers could take two meanings from it. */
  constructor(raw: string) {
    this.rawPairs = raw
      .split('&')
      .filter((part) => part !== '')
      .map((part) => {
        const equals = part.indexOf('=');
        return equals < 0 ? [part, ''] : [part.slice(0, equals), part.slice(equals + 1)];
      });
    this.pairs = this.rawPairs.map(([name, value]) => [decodePlus(name), decodePlus(value)]);
    for (const [name, value] of this.pairs) {
      if (this.#values.has(name))
        throw new S3Error('AccessDenied', 'A query parameter was sent more than once.');
      this.#values.set(name, value);
    }
  }

  get(name: string): string | undefined {
    return this.#values.get(name);
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  names(): IterableIterator<string> {
    return this.#values.keys();
  }

  /** A whole number from 0 to `most`; more counts as `most`. Throws `InvalidArgument`. */
  count(name: string, otherwise: number, most: number): number {
    const text = this.get(name);
    if (text === undefined || text === '') return otherwise;
    if (!/^\d{1,10}$/.test(text))
      throw new S3Error('InvalidArgument', `The parameter ${name} is not a whole number.`, {
        details: { ArgumentName: name, ArgumentValue: text },
      });
    return Math.min(Number(text), most);
  }
}

function decodePlus(text: string): string {
  return percentDecode(text.replaceAll('+', ' '));
}
