import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { connect as connectTls, type TLSSocket } from 'node:tls';

export interface RawReply {
  readonly code: number;
  readonly lines: readonly string[];
}

/** A client that sends exactly what it is told to, malformed or not. */
export class RawClient {
  socket: Socket;
  readonly #port: number;
  readonly #replies: RawReply[] = [];
  readonly #waiting: ((reply: RawReply | undefined) => void)[] = [];
  #text = '';
  #lines: string[] = [];
  closed = false;

  constructor(port: number, socket: Socket = connect(port, '127.0.0.1')) {
    this.#port = port;
    this.socket = socket;
    this.#attach(socket);
  }

  #attach(socket: Socket): void {
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#take(chunk.toString('utf8')));
    socket.on('error', () => {});
    socket.on('close', () => {
      if (socket !== this.socket) return;
      this.closed = true;
      for (const waiting of this.#waiting.splice(0)) waiting(undefined);
    });
  }

  #take(text: string): void {
    this.#text += text;
    for (let end = this.#text.indexOf('\r\n'); end !== -1; end = this.#text.indexOf('\r\n')) {
      const line = this.#text.slice(0, end);
      this.#text = this.#text.slice(end + 2);
      this.#lines.push(line);
      const first = this.#lines[0] ?? '';
      const last = this.#lines.length === 1 ? first[3] !== '-' : line.startsWith(`${first.slice(0, 3)} `);
      if (!last) continue;
      const reply = { code: Number(first.slice(0, 3)), lines: this.#lines };
      this.#lines = [];
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#replies.push(reply);
      else waiting(reply);
    }
  }

  send(bytes: string | Uint8Array): void {
    this.socket.write(bytes);
  }

  /** The next reply; undefined when the server closes instead. */
  async reply(): Promise<RawReply | undefined> {
    const known = this.#replies.shift();
    if (known !== undefined || this.closed) return known;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** The next reply, which has to have this code. */
  async expect(...codes: number[]): Promise<RawReply> {
    const reply = await this.reply();
    if (reply === undefined || !codes.includes(reply.code))
      throw new Error(`expected ${codes.join(' or ')}, got ${reply?.lines.join(' / ') ?? 'the end'}`);
    return reply;
  }

  async command(line: string, ...codes: number[]): Promise<RawReply> {
    this.send(`${line}\r\n`);
    return codes.length === 0 ? ((await this.reply()) ?? { code: 0, lines: [] }) : this.expect(...codes);
  }

  /** Speaks TLS from here on. */
  async startTls(options: object = {}): Promise<TLSSocket> {
    await this.command('AUTH TLS', 234);
    this.socket.removeAllListeners('data');
    const secure = connectTls({ socket: this.socket, rejectUnauthorized: false, ...options });
    this.socket = secure;
    this.#attach(secure);
    await once(secure, 'secureConnect');
    return secure;
  }

  /** Opens a passive data connection. */
  async passive(): Promise<Socket> {
    const socket = connect(await this.passivePort(), '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect');
    return socket;
  }

  async passivePort(): Promise<number> {
    const { lines } = await this.command('EPSV', 229);
    return Number(/\|\|\|(\d+)\|/.exec(lines[0] ?? '')?.[1]);
  }

  /** Listens as an active client does. */
  static async listen(): Promise<{ readonly server: Server; readonly port: number }> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { server, port: (server.address() as AddressInfo).port };
  }

  async download(command: string): Promise<Buffer> {
    const data = await this.passive();
    const received = collect(data);
    await this.command(command, 150);
    const bytes = await received;
    await this.expect(226);
    return bytes;
  }

  async upload(command: string, bytes: string | Uint8Array): Promise<RawReply> {
    const data = await this.passive();
    await this.command(command, 150);
    data.end(bytes);
    return this.expect(226);
  }

  get port(): number {
    return this.#port;
  }

  destroy(): void {
    this.socket.destroy();
  }
}

/** Everything until the other side ends. */
export async function collect(socket: Socket): Promise<Buffer> {
  const pieces: Buffer[] = [];
  socket.on('data', (piece: Buffer) => pieces.push(piece));
  socket.resume();
  await new Promise((resolve) => socket.once('close', resolve).once('end', () => socket.end()));
  return Buffer.concat(pieces);
}
