// A client of HTTP that does as little as there is to do, so that it measures the server: sockets that stay open, heads that
// are made beforehand, bodies that are counted and dropped.
import { connect } from 'node:net';

/**
 * @typedef {{ head: Buffer, body?: Buffer, method: string }} Sent
 * @typedef {{ status: number, head: string, bytes: number, text: string }} Answer Text is kept where it was asked for.
 */

const END_OF_HEAD = Buffer.from('\r\n\r\n');

/** One connection; a request at a time. */
class Connection {
  #url;
  #socket;
  /** @type {Buffer} */
  #pending = Buffer.alloc(0);
  /** @type {(() => void) | undefined} */
  #wake;
  #ended = false;

  constructor(/** @type {URL} */ url) {
    this.#url = url;
    this.#socket = this.#connect();
  }

  #connect() {
    const socket = connect({ host: this.#url.hostname, port: Number(this.#url.port), noDelay: true });
    this.#ended = false;
    this.#pending = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
      this.#wake?.();
    });
    for (const event of ['error', 'close', 'end'])
      socket.on(event, () => {
        if (socket !== this.#socket) return;
        this.#ended = true;
        this.#wake?.();
      });
    return socket;
  }

  /** @param {Sent} sent @param {boolean} keep @returns {Promise<Answer>} */
  async send({ head, body, method }, keep) {
    if (this.#ended) this.#socket = this.#connect();
    if (body !== undefined && body.length <= 65_536) this.#socket.write(Buffer.concat([head, body]));
    else {
      this.#socket.write(head);
      if (body !== undefined) this.#socket.write(body);
    }
    let at = this.#pending.indexOf(END_OF_HEAD);
    while (at < 0) {
      await this.#more();
      at = this.#pending.indexOf(END_OF_HEAD);
    }
    const text = this.#pending.toString('latin1', 0, at);
    this.#pending = this.#pending.subarray(at + 4);
    const status = Number(text.slice(9, 12));
    /** @type {Buffer[]} */
    const kept = [];
    let bytes = 0;
    const take = (/** @type {Buffer} */ piece) => {
      bytes += piece.length;
      if (keep || status >= 300) kept.push(piece);
    };
    const length = /^content-length: *(\d+)/im.exec(text)?.[1];
    if (method === 'HEAD' || status === 204 || status === 304) {
      // No body, whatever the head says.
    } else if (length !== undefined) await this.#run(Number(length), take);
    else if (/^transfer-encoding: *chunked/im.test(text)) {
      for (;;) {
        const size = Number.parseInt(await this.#line(), 16);
        await this.#run(size, take);
        await this.#line();
        if (size === 0) break;
      }
    } else while (!this.#ended) await this.#run(this.#pending.length, take).then(() => this.#more());
    if (/^connection: *close/im.test(text)) {
      this.#socket.destroy();
      this.#ended = true;
    }
    return { status, head: text, bytes, text: Buffer.concat(kept).toString('utf8') };
  }

  close() {
    this.#socket.destroy();
  }

  async #line() {
    let at = this.#pending.indexOf('\r\n');
    while (at < 0) {
      await this.#more();
      at = this.#pending.indexOf('\r\n');
    }
    const line = this.#pending.toString('latin1', 0, at);
    this.#pending = this.#pending.subarray(at + 2);
    return line;
  }

  async #run(/** @type {number} */ count, /** @type {(piece: Buffer) => void} */ take) {
    for (let left = count; left > 0; ) {
      if (this.#pending.length === 0) await this.#more();
      const piece = this.#pending.subarray(0, left);
      this.#pending = this.#pending.subarray(piece.length);
      left -= piece.length;
      take(piece);
    }
  }

  async #more() {
    if (this.#ended) throw new Error('the server closed the connection in the middle of an answer');
    /** @type {Promise<void>} */
    const news = new Promise((resolve) => {
      this.#wake = resolve;
    });
    await news;
    this.#wake = undefined;
  }
}

/** Some connections to one server. */
export class Load {
  #connections;

  constructor(/** @type {string} */ url, /** @type {number} */ connections) {
    this.#connections = Array.from({ length: connections }, () => new Connection(new URL(url)));
  }

  /**
   * Sends `count` requests over all connections, each as it becomes free. Throws for any answer that is not wanted.
   * @param {number} count
   * @param {(index: number) => Sent | Promise<Sent>} make
   * @param {(answer: Answer, index: number) => void} [check] Throws for more than a status over 299.
   */
  async all(count, make, check) {
    let next = 0;
    await Promise.all(
      this.#connections.map(async (connection) => {
        while (next < count) {
          const index = next++;
          const answer = await connection.send(await make(index), false);
          refuse(answer);
          check?.(answer, index);
        }
      }),
    );
  }

  /** One request, with the text of its answer. @param {Sent} sent */
  async one(sent) {
    const answer = await /** @type {Connection} */ (this.#connections[0]).send(sent, true);
    refuse(answer);
    return answer;
  }

  close() {
    for (const connection of this.#connections) connection.close();
  }
}

function refuse(/** @type {Answer} */ { status, text }) {
  if (status >= 300) throw new Error(`the server answered ${status}: ${text.slice(0, 500)}`);
}
