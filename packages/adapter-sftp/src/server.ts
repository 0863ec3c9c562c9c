import { type AddressInfo, createServer, type Server as NetServer, type Socket } from 'node:net';
import {
  type Admission,
  AdmissionControl,
  type Logger,
  LoginDelays,
  type LoginThrottle,
  networkOf,
  Slots,
} from '@latchkey/server-guard';
import ssh2, { type Connection } from 'ssh2';
import { ALGORITHMS, aesIsFast } from './algorithms.js';
import { DEFAULT_LIMITS, DEFAULT_OWNER, type SftpLimits, type SftpServerOptions } from './config.js';
import { ClientConnection } from './connection.js';
import { CipherPreference } from './guard/cipher-preference.js';
import { poolPackets } from './guard/packet-buffers.js';
import { endSocket, regulateSocket } from './guard/socket-guard.js';
import { describeHostKey, type HostKeyIdentity } from './host-key.js';
import { UnfinishedWork } from './session/unfinished-work.js';

/** Passwords waiting to be checked; more are refused unread. */
const MAX_WAITING_PASSWORDS = 128;

const KEEPALIVE_MS = 30_000;
const KEEPALIVES_UNANSWERED = 4;

/** A socket between our own listener and ssh2's greeting. */
interface Arrival {
  readonly socket: Socket;
  readonly address: string;
  readonly admission: Admission;
  readonly loginTimer: NodeJS.Timeout;
}

/** An SFTP server that is listening. */
export class SftpServer {
  readonly address: AddressInfo;
  readonly hostKey: HostKeyIdentity;
  readonly #engine: ServerEngine;

  private constructor(engine: ServerEngine, address: AddressInfo, hostKey: HostKeyIdentity) {
    this.#engine = engine;
    this.address = address;
    this.hostKey = hostKey;
  }

  /**
   * Starts listening. Rejects when the host key cannot be read or the address cannot be had (`EADDRINUSE`, `EACCES`
   * and so on, as Node reports them).
   */
  static async listen(options: SftpServerOptions): Promise<SftpServer> {
    const hostKey = describeHostKey(options.hostKey);
    const engine = new ServerEngine(options);
    const address = await engine.listen(options.host ?? '127.0.0.1', options.port ?? 0);
    return new SftpServer(engine, address, hostKey);
  }

  /**
   * Stops listening and ends every connection. What clients had not closed stays as drafts. Resolves when nothing
   * uses a session any more, so that the vault can be closed.
   */
  close(): Promise<void> {
    return this.#engine.close();
  }
}

class ServerEngine {
  readonly #options: SftpServerOptions;
  readonly #limits: SftpLimits;
  readonly #log: Logger;
  readonly #listener: NetServer;
  readonly #ssh: InstanceType<typeof ssh2.Server>;
  readonly #admission: AdmissionControl;
  readonly #delays: LoginThrottle;
  readonly #passwordSlots: Slots;
  readonly #ciphers = new CipherPreference(aesIsFast());
  readonly #unfinished = new UnfinishedWork();
  readonly #sockets = new Set<Socket>();
  readonly #clients = new Set<ClientConnection>();
  /** By socket, because ssh2 announces a connection only once its greeting has arrived. */
  readonly #arrivals = new WeakMap<Socket, Arrival>();

  constructor(options: SftpServerOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#log = options.logger ?? ((): void => {});
    this.#admission = new AdmissionControl(this.#limits);
    const { loginDelayMs, loginDelayMaxMs } = this.#limits;
    this.#delays = options.loginDelays ?? new LoginDelays(loginDelayMs, loginDelayMaxMs);
    this.#passwordSlots = new Slots(this.#limits.passwordChecks, MAX_WAITING_PASSWORDS);
    this.#ssh = new ssh2.Server(
      {
        hostKeys: [options.hostKey],
        algorithms: ALGORITHMS,
        ident: 'Latchkey',
        keepaliveInterval: KEEPALIVE_MS,
        keepaliveCountMax: KEEPALIVES_UNANSWERED,
      },
      (connection, info) => this.#onGreeting(connection, info.header.versions.software),
    );
    this.#listener = createServer({ noDelay: true }, (socket) => this.#onSocket(socket));
  }

  async listen(host: string, port: number): Promise<AddressInfo> {
    await new Promise<void>((resolve, reject) => {
      this.#listener.once('error', reject);
      this.#listener.listen(port, host, () => {
        this.#listener.off('error', reject);
        resolve();
      });
    });
    this.#listener.on('error', (error) => this.#log('error', 'the listener failed', { error }));
    return this.#listener.address() as AddressInfo;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#listener.close(() => resolve()));
    for (const client of this.#clients) client.stop();
    for (const socket of this.#sockets) endSocket(socket, 500);
    await closed;
    await this.#unfinished.done();
  }

  #onSocket(socket: Socket): void {
    socket.on('error', () => socket.destroy());
    const address = socket.remoteAddress ?? '';
    if (this.#delays.banned(address)) {
      socket.destroy();
      return;
    }
    const admission = this.#admission.enter(address);
    if (typeof admission === 'string') {
      this.#log('warn', 'connection refused', { address, limit: admission });
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    const loginTimer = setTimeout(() => {
      this.#log('warn', 'connection closed', { reason: 'no login in time', address });
      socket.destroy();
    }, this.#limits.loginMs);
    loginTimer.unref();
    this.#arrivals.set(socket, { socket, address, admission, loginTimer });
    socket.once('close', () => {
      clearTimeout(loginTimer);
      admission.leave();
      this.#sockets.delete(socket);
    });
    regulateSocket(socket);
    this.#ssh.injectSocket(socket);
  }

  #onGreeting(connection: Connection, software: string): void {
    const socket = (connection as unknown as { readonly _sock?: Socket })._sock;
    const arrival = socket === undefined ? undefined : this.#arrivals.get(socket);
    if (socket === undefined || arrival === undefined) {
      connection.on('error', () => {});
      connection.end();
      return;
    }
    const { address, admission, loginTimer } = arrival;
    this.#ciphers.apply(connection, software, networkOf(address));
    poolPackets(connection, socket);
    const client = new ClientConnection(connection, socket, {
      limits: this.#limits,
      owner: this.#options.owner ?? DEFAULT_OWNER,
      log: this.#log,
      login: {
        users: this.#options.users,
        limits: this.#limits,
        delays: this.#delays,
        passwordSlots: this.#passwordSlots,
        address: networkOf(address),
        log: this.#log,
      },
      unfinished: this.#unfinished,
      onAuthenticated: () => {
        clearTimeout(loginTimer);
        admission.authenticated();
      },
    });
    this.#clients.add(client);
    socket.once('close', () => this.#clients.delete(client));
  }
}
