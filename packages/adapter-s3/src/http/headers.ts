import { S3Error } from '../errors.js';

/** Headers that may come twice without changing what a request means here. */
const REPEATABLE: ReadonlySet<string> = new Set([
  'accept',
  'accept-charset',
  'accept-encoding',
  'accept-language',
  'connection',
  'cookie',
  'forwarded',
  'user-agent',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
]);

/** The headers of a request as they came, by lower-case name; values are UTF-8, trimmed. */
export class Headers {
  readonly #values = new Map<string, string>();

  /** `raw`: names and values in turn, as Node has them. Throws `AccessDenied` when one that matters comes twice. */
  constructor(raw: readonly string[]) {
    for (let at = 0; at + 1 < raw.length; at += 2) {
      const name = (raw[at] as string).toLowerCase();
      const value = textOf(raw[at + 1] as string).trim();
      const before = this.#values.get(name);
      if (before !== undefined && !REPEATABLE.has(name))
        throw new S3Error('AccessDenied', `The header ${name} was sent more than once.`);
      this.#values.set(name, before === undefined ? value : `${before},${value}`);
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

  /** Takes a parameter of a presigned URL that stands for a header. The header itself must not be there. */
  hoist(name: string, value: string): void {
    if (this.#values.has(name))
      throw new S3Error('AccessDenied', `${name} was sent as a header and as a parameter.`);
    this.#values.set(name, value);
  }

  /** Headers whose names begin with `prefix`, which is cut off. */
  *withPrefix(prefix: string): Generator<[string, string]> {
    for (const [name, value] of this.#values)
      if (name.startsWith(prefix)) yield [name.slice(prefix.length), value];
  }
}

/** Text that is the same in Latin-1 and UTF-8. */
const ASCII = /^[ -~]*$/;

/** Node hands bytes over as Latin-1; clients sign and mean UTF-8. */
function textOf(value: string): string {
  return ASCII.test(value) ? value : Buffer.from(value, 'latin1').toString('utf8');
}

/** The text of a header as bytes on the wire, for Node. */
export function headerValue(text: string): string {
  return ASCII.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}
