import { type AddressInfo, createServer, isIPv4, type Server, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import {
  AdmissionControl,
  type CertificateIdentity,
  type Logger,
  plainAddress,
  Slots,
} from '@latchkey/server-guard';
import type { VaultSession } from '@latchkey/vault';
import type FtpServerShell from 'ftp-srv/src/index.js';
import { DEFAULT_LIMITS, DEFAULT_OWNER, type FtpLimits, type FtpServerOptions } from './config.js';
import { ControlConnection } from './control/connection.js';
import { formatReply, reply } from './control/replies.js';
import { PassivePorts } from './data/passive-ports.js';
import type { ServerContext } from './session/session.js';
import { makeServerShell } from './shell/server-shell.js';
import { SecureContexts } from './tls/secure-contexts.js';
import { secureSocket } from './tls/secure-socket.js';

/** Passwords waiting to be checked; more are refused unread. */
const MAX_WAITING_PASSWORDS = 128;

const GREETING = 'Latchkey';

/** An FTP server that is listening. */
export class FtpServer {
  /** Of plain FTP and explicit TLS. */
  readonly address: AddressInfo;
  /** Of implicit TLS, if it is on. */
  readonly implicitAddress: AddressInfo | undefined;
  readonly #engine: ServerEngine;

  private constructor(engine: ServerEngine, address: AddressInfo, implicitAddress: AddressInfo | undefined) {
    this.#engine = engine;
    this.address = address;
    this.implicitAddress = implicitAddress;
  }

  /** The certificate in use, which may have been reloaded; undefined when TLS is off. */
  get certificate(): CertificateIdentity | undefined {
    return this.#engine.certificate;
  }

  /** Control connections at this moment, and ports for data connections that are open. */
  get load(): { readonly connections: number; readonly passivePorts: number } {
    return this.#engine.load;
  }

  /**
   * Starts listening. Rejects when the certificate cannot be used, an address cannot be had (`EADDRINUSE`, `EACCES` and
   * so on, as Node reports them), or with `RangeError` when options contradict each other.
   */
  static async listen(options: FtpServerOptions): Promise<FtpServer> {
    checkOptions(options);
    const engine = new ServerEngine(options);
    try {
      const addresses = await engine.listen();
      return new FtpServer(engine, addresses.explicit, addresses.implicit);
    } catch (error) {
      await engine.close();
      throw error;
    }
  }

  /**
   * Stops listening and ends every connection. What clients had not finished stays as drafts. Resolves when nothing
   * uses a session any more, so that the vault can be closed.
   */
  close(): Promise<void> {
    return this.#engine.close();
  }
}

function checkOptions({ passive, tls, implicitPort }: FtpServerOptions): void {
  if (tls.mode === 'off' && implicitPort !== undefined) throw new RangeError('implicit TLS needs TLS');
  const ports = passive?.ports;
  if (ports !== undefined && !(ports.min >= 1 && ports.min <= ports.max && ports.max <= 65_535))
    throw new RangeError('the passive ports are no range from 1 to 65535');
  if (passive?.externalAddress !== undefined && !isIPv4(passive.externalAddress))
    throw new RangeError('the external address of PASV is an IPv4 address');
}

class ServerEngine {
  readonly #options: FtpServerOptions;
  readonly #host: string;
  readonly #limits: FtpLimits;
  readonly #log: Logger;
  readonly #shell: FtpServerShell;
  readonly #implicit: Server;
  readonly #context: ServerContext;
  readonly #admission: AdmissionControl;
  readonly #clients = new Set<ControlConnection>();
  readonly #unfinished = new Set<Promise<void>>();

  constructor(options: FtpServerOptions) {
    this.#options = options;
    this.#host = options.host ?? '127.0.0.1';
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#log = options.logger ?? ((): void => {});
    this.#admission = new AdmissionControl(this.#limits);
    this.#context = {
      options,
      limits: this.#limits,
      owner: options.owner ?? DEFAULT_OWNER,
      log: this.#log,
      ports: new PassivePorts(this.#host, options.passive?.ports),
      passwordSlots: new Slots(this.#limits.passwordChecks, MAX_WAITING_PASSWORDS),
      contexts: options.tls.mode === 'off' ? undefined : new SecureContexts(options.tls, this.#log),
    };
    this.#shell = makeServerShell(this.#host, options.port ?? 0);
    this.#shell.on(
      'login',
      (call: LoginCall, resolve: (result: object) => void, reject: (error: Error) => void) => {
        this.#logIn(call).then(resolve, reject);
      },
    );
    this.#shell.server.on('connection', (socket) => this.#onSocket(socket, false));
    this.#implicit = createServer({ pauseOnConnect: true }, (socket) => this.#onSocket(socket, true));
  }

  get certificate(): CertificateIdentity | undefined {
    return this.#context.contexts?.identity;
  }

  get load(): { readonly connections: number; readonly passivePorts: number } {
    return { connections: this.#clients.size, passivePorts: this.#context.ports.count.open };
  }

  async listen(): Promise<{ explicit: AddressInfo; implicit: AddressInfo | undefined }> {
    await this.#shell.listen();
    const { implicitPort } = this.#options;
    if (implicitPort !== undefined) {
      await new Promise<void>((resolve, reject) => {
        this.#implicit.once('error', reject);
        this.#implicit.listen(implicitPort, this.#host, () => {
          this.#implicit.off('error', reject);
          resolve();
        });
      });
      this.#implicit.on('error', (error) => this.#log('error', 'the listener failed', { error }));
    }
    return {
      explicit: this.#shell.server.address() as AddressInfo,
      implicit: implicitPort === undefined ? undefined : (this.#implicit.address() as AddressInfo),
    };
  }

  async close(): Promise<void> {
    const closed = [this.#shell.server, this.#implicit].map(
      (server) => new Promise<void>((resolve) => server.close(() => resolve())),
    );
    const clients = [...this.#clients];
    for (const client of clients) client.end(reply(421, 'the server stops'));
    this.#context.ports.close();
    await Promise.all([...closed, ...clients.map((client) => client.settled())]);
    while (this.#unfinished.size > 0) await Promise.all(this.#unfinished);
  }

  #onSocket(plain: Socket, implicit: boolean): void {
    plain.on('error', () => plain.destroy());
    const address = plain.remoteAddress ?? '';
    if (this.#options.throttle.banned(plainAddress(address))) {
      plain.destroy();
      return;
    }
    const admission = this.#admission.enter(address);
    if (typeof admission === 'string') {
      this.#log('warn', 'connection refused', { address, limit: admission });
      if (implicit) plain.destroy();
      else plain.end(formatReply(reply(421, 'too many connections')), () => plain.destroy());
      return;
    }
    plain.once('close', () => admission.leave());
    plain.setNoDelay(true);
    const secureContext = implicit ? this.#context.contexts?.next() : undefined;
    const socket = secureContext === undefined ? plain : secureSocket(plain, secureContext);
    const arrival = { socket, address, local: plain.localAddress ?? '', secureContext, admission };
    this.#greet(new ControlConnection(this.#shell, this.#context, arrival), plain);
  }

  #greet(client: ControlConnection, plain: Socket): void {
    this.#clients.add(client);
    this.#shell.connections[client.id] = client;
    plain.once('close', () => {
      delete this.#shell.connections[client.id];
      this.#clients.delete(client);
      const settled = client.settled();
      this.#unfinished.add(settled);
      void settled.then(() => this.#unfinished.delete(settled));
    });
    client.send(reply(220, ...(this.#options.greeting ?? GREETING).split(/\r?\n/)));
    client.commandSocket.resume();
  }

  /** Answers ftp-srv's question who may log in. Rejects when the password is wrong or cannot be checked. */
  async #logIn({ connection, username, password }: LoginCall): Promise<{ readonly fs: object }> {
    const { users, throttle } = this.#options;
    const address = connection.peer;
    const delay = throttle.begin(address);
    if (delay > 0) await wait(delay);
    const check = (): Promise<VaultSession | undefined> => users.verifyPassword(username, password);
    const session = await this.#context.passwordSlots.run(check).catch((error: unknown) => {
      this.#log('error', 'a login could not be checked', { error });
      return undefined;
    });
    if (session === undefined) throw new Error('the password is wrong');
    throttle.succeeded(address);
    return { fs: session };
  }
}

interface LoginCall {
  readonly connection: ControlConnection;
  readonly username: string;
  readonly password: string;
}
