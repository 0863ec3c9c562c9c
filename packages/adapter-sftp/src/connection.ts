import type { Socket } from 'node:net';
import type { Logger } from '@latchkey/server-guard';
import type { AuthContext, Connection, ServerChannel, Session } from 'ssh2';
import { Login, type LoginOptions } from './authentication.js';
import type { Owner } from './codec/attributes.js';
import type { SftpLimits } from './config.js';
import { runCommand, SHELL_MESSAGE } from './exec/run.js';
import { guardProtocol } from './guard/protocol-guard.js';
import { rekeyRegularly } from './guard/rekey.js';
import { endSocket } from './guard/socket-guard.js';
import { closeChannel, SftpSession } from './session/sftp-session.js';
import type { UnfinishedWork } from './session/unfinished-work.js';

export interface ConnectionOptions {
  readonly limits: SftpLimits;
  readonly owner: Owner;
  readonly log: Logger;
  readonly login: Omit<LoginOptions, 'onExhausted'>;
  readonly onAuthenticated: () => void;
  readonly unfinished: UnfinishedWork;
}

/** Everything between the greeting of one client and its end: login, channels, timers. */
export class ClientConnection {
  readonly #connection: Connection;
  readonly #socket: Socket;
  readonly #options: ConnectionOptions;
  readonly #login: Login;
  readonly #sessions = new Set<SftpSession>();
  #channels = 0;
  #idleTimer: NodeJS.Timeout | undefined;

  constructor(connection: Connection, socket: Socket, options: ConnectionOptions) {
    this.#connection = connection;
    this.#socket = socket;
    this.#options = options;
    this.#login = new Login({ ...options.login, onExhausted: () => this.#end('too many failed logins') });
    connection.on('error', (error: Error) =>
      options.log('debug', 'connection error', { reason: error.message }),
    );
    guardProtocol(connection, (reason) => this.#end(reason));
    connection.on('authentication', (context: AuthContext) => void this.#login.answer(context));
    connection.on('ready', () => this.#onReady());
    connection.on('session', (accept: () => Session, reject: () => void) => this.#onSession(accept, reject));
    connection.on('end', () => this.#onLost());
    connection.on('close', () => this.#onLost());
  }

  #onReady(): void {
    const { limits, onAuthenticated } = this.#options;
    onAuthenticated();
    this.#restartIdleTimer();
    rekeyRegularly(this.#connection, this.#socket, {
      bytes: limits.rekeyBytes,
      ms: limits.rekeyMs,
      onFlood: () => this.#end('too many key exchanges'),
    });
  }

  #onLost(): void {
    clearTimeout(this.#idleTimer);
    this.#idleTimer = undefined;
    for (const session of this.#sessions) session.abort();
    this.#sessions.clear();
  }

  #end(reason: string): void {
    this.#options.log('warn', 'connection closed', { reason });
    this.#onLost();
    endSocket(this.#socket);
  }

  /** Ends the connection because the server stops. */
  stop(): void {
    this.#onLost();
    this.#connection.end();
    endSocket(this.#socket);
  }

  #restartIdleTimer(): void {
    const { withoutChannelMs, idleMs } = this.#options.limits;
    const ms = this.#channels === 0 ? withoutChannelMs : idleMs;
    clearTimeout(this.#idleTimer);
    if (this.#socket.destroyed) return;
    this.#idleTimer = setTimeout(() => this.#end('idle for too long'), ms);
    this.#idleTimer.unref();
  }

  #onSession(accept: () => Session, reject: () => void): void {
    const vault = this.#login.session;
    if (vault === undefined || this.#channels >= this.#options.limits.channels) {
      reject();
      return;
    }
    this.#channels += 1;
    this.#restartIdleTimer();
    const session = accept();
    const { log, limits, owner, unfinished } = this.#options;
    let sftp: SftpSession | undefined;
    session.once('close', () => {
      this.#channels -= 1;
      this.#restartIdleTimer();
      if (sftp === undefined) return;
      sftp.abort();
      this.#sessions.delete(sftp);
    });
    session.on(
      'subsystem',
      (acceptChannel: () => ServerChannel, refuse: () => void, info: { name: string }) => {
        if (info.name !== 'sftp') return refuse?.();
        const channel = acceptChannel();
        if (channel === undefined) return;
        sftp = new SftpSession(channel, this.#socket, { vault, owner, limits, log, unfinished });
        this.#sessions.add(sftp);
        channel.on('data', () => this.#idleTimer?.refresh());
      },
    );
    session.on(
      'exec',
      (acceptChannel: () => ServerChannel, _refuse: () => void, info: { command: string }) => {
        const channel = acceptChannel();
        if (channel !== undefined) void runCommand(channel, info.command, vault, log);
      },
    );
    session.on('shell', (acceptChannel: () => ServerChannel) => {
      const channel = acceptChannel();
      if (channel === undefined) return;
      channel.on('error', () => {});
      channel.write(`${SHELL_MESSAGE}\r\n`);
      closeChannel(channel, 1);
      channel.resume();
    });
    // `ssh host` asks for a terminal first and shows our message only if it gets one.
    session.on('pty', (acceptTerminal?: () => void) => acceptTerminal?.());
  }
}
