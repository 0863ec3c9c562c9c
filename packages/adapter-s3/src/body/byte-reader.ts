/** Reads lines and runs of bytes from a stream, holding no more than the piece that came last and one line. */
export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #piece: Uint8Array = new Uint8Array(0);
  #at = 0;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Between 1 and `most` bytes; undefined at the end. */
  async some(most: number): Promise<Uint8Array | undefined> {
    if (!(await this.#fill())) return undefined;
    const bytes = this.#piece.subarray(this.#at, this.#at + most);
    this.#at += bytes.length;
    return bytes;
  }

  /** A line of at most `most` bytes that ends with CR LF, without them; undefined for anything else. */
  async line(most: number): Promise<string | undefined> {
    let text = '';
    while (await this.#fill()) {
      const rest = this.#piece.subarray(this.#at);
      const end = rest.indexOf(0x0a);
      const part = end < 0 ? rest : rest.subarray(0, end);
      if (text.length + part.length > most + 1) return undefined;
      text += Buffer.from(part.buffer, part.byteOffset, part.length).toString('latin1');
      this.#at += part.length + (end < 0 ? 0 : 1);
      if (end >= 0) return text.endsWith('\r') ? text.slice(0, -1) : undefined;
    }
    return undefined;
  }

  async atEnd(): Promise<boolean> {
    return !(await this.#fill());
  }

  async #fill(): Promise<boolean> {
    while (this.#at >= this.#piece.length) {
      const next = await this.#source.next();
      if (next.done === true) return false;
      this.#piece = next.value;
      this.#at = 0;
    }
    return true;
  }
}
