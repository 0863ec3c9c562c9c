import { S3Error } from '../errors.js';

/** Bytes of all fields before the file together, and of the headers of one part. */
const MAX_FIELDS = 64 * 1024;
const MAX_PART_HEADERS = 4 * 1024;
const MAX_FIELD_COUNT = 200;

/** A form of `multipart/form-data` (RFC 7578) up to its file. What follows the file is not looked at. */
export interface Form {
  /** By lower-case name. */
  readonly fields: ReadonlyMap<string, string>;
  /** The name that the client has for the file, without directories. */
  readonly filename: string;
  readonly file: AsyncIterable<Uint8Array>;
}

/** The boundary of a content type; undefined when it is no form. */
export function boundaryOf(contentType: string | undefined): string | undefined {
  if (contentType === undefined || !/^multipart\/form-data\s*;/i.test(contentType)) return undefined;
  const match = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType);
  return match?.[1] ?? match?.[2];
}

/** Reads the fields of a form. Throws `MalformedPOSTRequest` for what is none, or has no file. */
export async function readForm(source: AsyncIterable<Uint8Array>, boundary: string): Promise<Form> {
  const reader = new DelimitedReader(source);
  const delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
  await reader.take(delimiter, 0);
  const fields = new Map<string, string>();
  let left = MAX_FIELDS;
  for (;;) {
    if ((await reader.exactly(2)) !== '\r\n') throw malformed();
    // A part may have no headers at all; that one has no name either.
    const headers = (await reader.take(Buffer.from('\r\n\r\n'), MAX_PART_HEADERS)).toString('utf8');
    const disposition = /^content-disposition:\s*form-data\s*;(.*)$/im.exec(headers)?.[1] ?? '';
    const name = parameter(disposition, 'name')?.toLowerCase();
    if (name === undefined || fields.has(name) || fields.size >= MAX_FIELD_COUNT) throw malformed();
    if (name === 'file') {
      const filename = (parameter(disposition, 'filename') ?? '').replace(/^.*[/\\]/s, '');
      return { fields, filename, file: reader.until(delimiter) };
    }
    const value = await reader.take(delimiter, left);
    left -= value.length;
    fields.set(name, value.toString('utf8'));
  }
}

function parameter(disposition: string, name: string): string | undefined {
  const match = new RegExp(`(?:^|[;\\s])${name}="((?:[^"\\\\]|\\\\.)*)"`, 'i').exec(disposition);
  return match?.[1]?.replace(/\\(.)/g, '$1').replaceAll('%22', '"');
}

/** Reads up to delimiters, wherever the pieces of the source end. */
class DelimitedReader {
  readonly #source: AsyncIterator<Uint8Array>;
  /** A form begins with a delimiter whose line break is left out. */
  #pending: Buffer = Buffer.from('\r\n');

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** The bytes before the next `delimiter`, which is read, too. Throws when they are over `most`. */
  async take(delimiter: Buffer, most: number): Promise<Buffer> {
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    for await (const piece of this.until(delimiter)) {
      bytes += piece.length;
      if (bytes > most) throw malformed();
      pieces.push(Buffer.from(piece));
    }
    return Buffer.concat(pieces);
  }

  async *until(delimiter: Buffer): AsyncGenerator<Uint8Array> {
    for (;;) {
      const at = this.#pending.indexOf(delimiter);
      if (at >= 0) {
        const before = this.#pending.subarray(0, at);
        this.#pending = this.#pending.subarray(at + delimiter.length);
        if (before.length > 0) yield before;
        return;
      }
      // What may be the beginning of a delimiter waits for more.
      const certain = this.#pending.length - delimiter.length + 1;
      if (certain > 0) {
        const bytes = this.#pending.subarray(0, certain);
        this.#pending = this.#pending.subarray(certain);
        yield bytes;
      }
      await this.#more();
    }
  }

  async exactly(count: number): Promise<string> {
    while (this.#pending.length < count) await this.#more();
    const text = this.#pending.subarray(0, count).toString('latin1');
    this.#pending = this.#pending.subarray(count);
    return text;
  }

  async #more(): Promise<void> {
    const next = await this.#source.next();
    if (next.done === true) throw malformed();
    this.#pending =
      this.#pending.length === 0 ? Buffer.from(next.value) : Buffer.concat([this.#pending, next.value]);
  }
}

function malformed(): S3Error {
  return new S3Error('MalformedPOSTRequest');
}
