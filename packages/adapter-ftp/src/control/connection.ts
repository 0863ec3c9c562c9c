import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { type Admission, plainAddress } from '@latchkey/server-guard';
import type { VaultSession } from '@latchkey/vault';
import FtpConnectionShell from 'ftp-srv/src/connection.js';
import type FtpServerShell from 'ftp-srv/src/index.js';
import { serverStatus } from '../commands/listing.js';
import { findCommand, isKnownElsewhere } from '../commands/registry.js';
import { failureOf, isNoSpace, NO_SPACE, ReplyError } from '../errors.js';
import { type Control, type ServerContext, Session } from '../session/session.js';
import { SILENT_LOG } from '../shell/server-shell.js';
import { secureSocket } from '../tls/secure-socket.js';
import { type Line, LineReader } from './line-reader.js';
import { decodeText, parseCommand } from './parse.js';
import { formatReply, printable, type Reply, reply } from './replies.js';

/** Bytes of replies that a client may leave unread before nothing more of it is read or carried out. */
const UNREAD_BYTES = 64 * 1024;

/** Milliseconds a client has to read the last reply and close. */
const GOODBYE_MS = 2_000;

export interface Arrival {
  /** A plain socket, or one whose TLS handshake is under way. */
  readonly socket: Socket;
  readonly address: string;
  readonly local: string;
  /** The context of implicit TLS. */
  readonly secureContext: SecureContext | undefined;
  readonly admission: Admission;
}

/**
 * One client's control connection. ftp-srv's connection is the shell: it is known to its server, has the socket and
 * asks for logins. Reading lines, carrying commands out in order and answering are done here, because there a command
 * is what one packet brings, and nothing is read during a transfer.
 */
export class ControlConnection extends FtpConnectionShell implements Control {
  readonly peer: string;
  readonly local: string;
  readonly session: Session;
  readonly #server: ServerContext;
  readonly #admission: Admission;
  readonly #idleTimer: NodeJS.Timeout;
  readonly #loginTimer: NodeJS.Timeout;
  #reader: LineReader;
  #queue: Line[] = [];
  #running: Promise<void> | undefined;
  #secureContext: SecureContext | undefined;
  #inputEnded = false;
  #closed = false;
  #quitting = false;
  #drained: (() => void) | undefined;

  constructor(shell: FtpServerShell, server: ServerContext, arrival: Arrival) {
    super(shell, { log: SILENT_LOG, socket: arrival.socket });
    this.peer = plainAddress(arrival.address);
    this.local = plainAddress(arrival.local);
    this.#server = server;
    this.#admission = arrival.admission;
    this.#secureContext = arrival.secureContext;
    this.#reader = new LineReader(server.limits.lineBytes);
    this.session = new Session(server, this);
    const { idleMs, loginMs } = server.limits;
    this.#idleTimer = setTimeout(() => this.#onIdle(), idleMs).unref();
    this.#loginTimer = setTimeout(() => this.end(reply(421, 'no login in time')), loginMs).unref();
    this.#watch(arrival.socket);
    // Implicit TLS protects data connections without being asked.
    if (arrival.secureContext !== undefined) this.session.protection = 'P';
  }

  get secureContext(): SecureContext | undefined {
    return this.#secureContext;
  }

  get present(): boolean {
    return this.#quitting || !(this.#inputEnded || this.#closed);
  }

  /** Resolves when no command is being carried out any more. */
  async settled(): Promise<void> {
    await this.#running;
  }

  send(answer: Reply): void {
    if (!this.commandSocket.writable) return;
    this.commandSocket.write(formatReply(answer));
  }

  startTls(announcement: Reply): void {
    const context = this.#server.contexts?.next();
    if (context === undefined) throw new ReplyError(502, 'TLS is off');
    const plain = this.commandSocket;
    plain.removeAllListeners('data');
    plain.removeAllListeners('drain');
    // Commands that came in clear behind this one may be an attacker's (RFC 4217, section 15; CVE-2011-0411).
    this.#queue = [];
    this.#quitting = false;
    this.#reader = new LineReader(this.#server.limits.lineBytes);
    this.send(announcement);
    // At once: whatever is read from here on is the handshake's.
    const secure = secureSocket(plain, context);
    this.#secureContext = context;
    this.commandSocket = secure;
    secure.on('data', (data) => this._handleData(data));
    this.#watch(secure);
  }

  async logIn(user: string, password: string): Promise<VaultSession | undefined> {
    try {
      await this.login(user, password);
    } catch {
      return undefined;
    }
    clearTimeout(this.#loginTimer);
    this.#admission.authenticated();
    return this.fs as VaultSession;
  }

  /** Ends the connection, with a reply if there is something to say. */
  end(answer?: Reply): void {
    if (this.#closed) return;
    if (answer !== undefined) this.send(answer);
    this.#quitting ||= answer?.code === 221;
    this.#lose();
    const socket = this.commandSocket;
    socket.end();
    const timer = setTimeout(() => socket.destroy(), GOODBYE_MS).unref();
    socket.once('close', () => clearTimeout(timer));
  }

  override _handleData(data: Buffer): void {
    if (this.#closed) return;
    this.#idleTimer.refresh();
    for (const line of this.#reader.push(data)) this.#arrive(line);
    this.#regulate();
    this.#start();
  }

  get #unread(): boolean {
    return this.commandSocket.writableLength > UNREAD_BYTES;
  }

  /** Reads from the client only while it reads our replies and its commands do not pile up. */
  #regulate(): void {
    const { queuedCommands } = this.#server.limits;
    const socket = this.commandSocket;
    if (this.#unread || this.#queue.length > queuedCommands) socket.pause();
    else if (socket.isPaused() && this.#queue.length < queuedCommands / 2) socket.resume();
  }

  /** What must not wait for the command under way is done here; all else is queued. */
  #arrive(line: Line): void {
    if (this.#running !== undefined && 'text' in line && line.text.length <= 5) {
      const verb = line.text.toString('latin1').trim().toUpperCase();
      if (verb === 'ABOR') {
        this.session.transfer?.stop(new ReplyError(426, 'transfer aborted'));
        this.#queue.unshift(line);
        return;
      }
      if (verb === 'STAT' && this.session.transfer !== undefined && !this.#unread) {
        this.send(serverStatus(this.session));
        return;
      }
      this.#quitting ||= verb === 'QUIT';
    }
    this.#queue.push(line);
  }

  #start(): void {
    if (this.#running !== undefined || (this.#queue.length === 0 && !this.#inputEnded)) return;
    this.#running = this.#work().finally(() => {
      this.#running = undefined;
      // Lines that came between the last look at the queue and this.
      if (this.#queue.length > 0) this.#start();
    });
  }

  async #work(): Promise<void> {
    for (let line = this.#queue.shift(); line !== undefined; line = this.#queue.shift()) {
      if (this.#closed) return;
      const answer = await this.#carryOut(line);
      if (answer?.last === true) {
        this.end(answer);
        return;
      }
      if (answer !== undefined) this.send(answer);
      if (this.#unread) await this.#readReplies();
      this.#regulate();
    }
    if (this.#inputEnded) this.end();
  }

  async #carryOut(line: Line): Promise<Reply | undefined> {
    if (!('text' in line)) return reply(line.code, line.reason);
    const text = decodeText(line.text, this.#server.options.foreignNames ?? 'latin1');
    if (text === undefined) return reply(501, 'the line is not in UTF-8');
    const parsed = parseCommand(text);
    if (parsed === undefined) return reply(500, 'this is no command');
    const { verb } = parsed;
    const command = findCommand(verb);
    if (command === undefined)
      return isKnownElsewhere(verb) ? reply(502, 'command not implemented') : reply(500, 'command not known');
    const { session } = this;
    if (!command.beforeLogin && !session.loggedIn) return reply(530, 'log in with USER and PASS');
    const argument = parsed.argument.trim() === '' ? '' : parsed.argument;
    if (command.argument === 'required' && argument === '') return reply(501, `${verb} needs an argument`);
    if (command.argument === 'none' && argument !== '') return reply(501, `${verb} takes no argument`);
    // RNTO has to follow RNFR (RFC 959, section 4.1.3).
    if (verb !== 'RNTO') session.renameFrom = undefined;
    try {
      return await command.run(session, argument);
    } catch (error) {
      session.transfer?.discard();
      const { reply: answer, unexpected } = failureOf(session.transfer?.reason ?? error);
      if (isNoSpace(error)) {
        const user = printable(session.user ?? '');
        this.#server.log('warn', NO_SPACE, { command: verb, user, address: this.peer });
      }
      if (unexpected) this.#server.log('error', 'a command failed', { command: verb, error });
      return answer;
    } finally {
      if (command.usesData === true) this.#endTransfer();
    }
  }

  #endTransfer(): void {
    this.session.endTransfer();
    this.#idleTimer.refresh();
  }

  /** Waits until a client that lets replies pile up has read them, or is gone. */
  async #readReplies(): Promise<void> {
    if (this.#closed) return;
    await new Promise<void>((resolve) => {
      this.#drained = resolve;
    });
    this.#drained = undefined;
  }

  #watch(socket: Socket): void {
    socket.on('error', () => socket.destroy());
    socket.on('drain', () => {
      this.#drained?.();
      if (socket === this.commandSocket) this.#regulate();
    });
    socket.on('end', () => {
      if (socket !== this.commandSocket) return;
      this.#inputEnded = true;
      // A client that has gone away is told nothing any more: what it was sending is not whole.
      if (!this.#quitting)
        this.session.transfer?.stop(new ReplyError(426, 'the control connection was lost'));
      this.#start();
    });
    socket.on('close', () => {
      if (socket === this.commandSocket) this.#lose();
    });
  }

  #onIdle(): void {
    if (this.session.transfer !== undefined) this.#idleTimer.refresh();
    else this.end(reply(421, 'idle for too long'));
  }

  #lose(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#idleTimer);
    clearTimeout(this.#loginTimer);
    this.#queue = [];
    this.#drained?.();
    this.session.transfer?.stop(new ReplyError(426, 'the control connection was lost'));
    this.session.data.close();
  }
}
