import type { SecureContext } from 'node:tls';
import type { Logger, Slots } from '@latchkey/server-guard';
import type { Path, VaultSession } from '@latchkey/vault';
import type { HashName } from '../commands/digests.js';
import type { FtpLimits, FtpServerOptions, Owner } from '../config.js';
import type { Reply } from '../control/replies.js';
import type { PassivePorts } from '../data/passive-ports.js';
import { DataSetup } from '../data/setup.js';
import { Transfer } from '../data/transfer.js';
import { ReplyError } from '../errors.js';
import { ALL_FACTS, type Fact } from '../listing/facts.js';
import type { SecureContexts } from '../tls/secure-contexts.js';
import { splitPath } from './paths.js';

/** What all connections of a server share. */
export interface ServerContext {
  readonly options: FtpServerOptions;
  readonly limits: FtpLimits;
  readonly owner: Owner;
  readonly log: Logger;
  readonly ports: PassivePorts;
  readonly passwordSlots: Slots;
  /** Absent when TLS is off. */
  readonly contexts: SecureContexts | undefined;
}

/** The control connection, as commands see it. */
export interface Control {
  readonly peer: string;
  /** The address the client has connected to. */
  readonly local: string;
  /** The TLS context of the control connection, for its data connections too; absent in clear. */
  readonly secureContext: SecureContext | undefined;
  /** The client is still there, or has said goodbye with QUIT. */
  readonly present: boolean;
  send(reply: Reply): void;
  /** Answers with `announcement` and speaks TLS from then on; what was sent in clear behind the command is dropped. */
  startTls(announcement: Reply): void;
  /** Checks a password; resolves with whether the user is logged in. */
  logIn(user: string, password: string): Promise<VaultSession | undefined>;
}

/** One client: what it has said so far, by which later commands are understood. */
export class Session {
  readonly server: ServerContext;
  readonly control: Control;
  readonly data: DataSetup;
  user: string | undefined;
  directory: Path = [];
  /** RFC 959 begins with A. Devices that never say mean their files as they are, and A would change those. */
  type: 'A' | 'I' = 'I';
  /** Where the next transfer begins, in bytes (REST). */
  restart = 0;
  renameFrom: Path | undefined;
  /** Protection of data connections (PROT). */
  protection: 'C' | 'P' = 'C';
  bufferSizeAgreed = false;
  /** EPSV ALL was said. */
  extendedPassiveOnly = false;
  facts: readonly Fact[] = ALL_FACTS;
  hash: HashName = 'SHA-256';
  transfer: Transfer | undefined;
  failures = 0;
  #vault: VaultSession | undefined;

  constructor(server: ServerContext, control: Control) {
    this.server = server;
    this.control = control;
    this.data = new DataSetup(server.ports, control.peer);
  }

  get loggedIn(): boolean {
    return this.#vault !== undefined;
  }

  /** What the user who logged in may do. Throws 530 before. */
  get vault(): VaultSession {
    if (this.#vault === undefined) throw new ReplyError(530, 'log in with USER and PASS');
    return this.#vault;
  }

  enter(vault: VaultSession): void {
    this.#vault = vault;
  }

  /** Back to before the login; TLS and its settings stay. */
  logOut(): void {
    this.#vault = undefined;
    this.user = undefined;
    this.directory = [];
    this.type = 'I';
    this.restart = 0;
    this.renameFrom = undefined;
    this.data.release();
  }

  /** A client's path, made absolute and normal once, here. Empty: the working directory. */
  path(text: string): Path {
    return splitPath(text, this.directory);
  }

  /** Where the next transfer begins; asked once. */
  takeRestart(): number {
    const restart = this.restart;
    this.restart = 0;
    return restart;
  }

  /** Throws 521 or 425 unless a data connection may be opened. */
  checkData(): void {
    if (this.server.options.tls.mode === 'require' && this.protection !== 'P')
      throw new ReplyError(521, 'data connections have to be protected: use PBSZ 0 and PROT P');
    if (!this.data.prepared) throw new ReplyError(425, 'use PASV or PORT first');
  }

  /** A transfer over the data connection that was prepared. */
  beginTransfer(): Transfer {
    this.checkData();
    const { limits, contexts } = this.server;
    this.transfer = new Transfer({
      setup: this.data,
      secureContext: this.protection === 'P' ? this.control.secureContext : undefined,
      requireReuse: contexts?.reuse === 'require',
      connectMs: limits.dataConnectMs,
      idleMs: limits.dataIdleMs,
    });
    return this.transfer;
  }

  endTransfer(): void {
    this.transfer = undefined;
    this.data.release();
  }
}
