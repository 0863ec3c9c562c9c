import type { ConnectionLimits, Logger, LoginThrottle } from '@latchkey/server-guard';
import type { VaultSession } from '@latchkey/vault';
import type { TlsOptions } from './tls/options.js';

/**
 * Who may log in. Also called for names that nobody has, and should take as long for them as for others: the password
 * of an unknown user is to be compared with a hash of the same cost.
 */
export interface PasswordDirectory {
  /** The user's session if the password is right. */
  verifyPassword(user: string, password: string): Promise<VaultSession | undefined>;
}

/** Connections are control connections. */
export interface FtpLimits extends ConnectionLimits {
  /** Milliseconds from the connection to the end of the login. */
  readonly loginMs: number;
  /** Failed passwords on one connection before it is closed. */
  readonly loginAttempts: number;
  /**
   * Passwords checked at once: each costs the memory of a slow hash and one of libuv's threads, four by default, which
   * files and encryption need, too.
   */
  readonly passwordChecks: number;
  /** Milliseconds without a command, while nothing is transferred. */
  readonly idleMs: number;
  /** Milliseconds a transfer waits for its data connection. */
  readonly dataConnectMs: number;
  /** Milliseconds a transfer may go without a byte sent or received. */
  readonly dataIdleMs: number;
  /** Longest command line in bytes. */
  readonly lineBytes: number;
  /** Commands waiting behind the one that runs, after which the control connection is not read. */
  readonly queuedCommands: number;
}

export const DEFAULT_LIMITS: FtpLimits = {
  connections: 200,
  connectionsPerAddress: 64,
  unauthenticated: 64,
  unauthenticatedPerAddress: 32,
  loginMs: 60_000,
  loginAttempts: 6,
  passwordChecks: 2,
  idleMs: 15 * 60_000,
  dataConnectMs: 30_000,
  dataIdleMs: 2 * 60_000,
  lineBytes: 8 * 1024,
  queuedCommands: 256,
};

export interface PassiveOptions {
  /** Ports for passive data connections, both included. Default: any free port of the system's choice. */
  readonly ports?: { readonly min: number; readonly max: number };
  /**
   * IPv4 address that PASV tells clients, behind a router. Default: the address the client has connected to. Clients on
   * the same machine always get that one.
   */
  readonly externalAddress?: string;
}

/** Names that listings show; the vault has no owners. */
export interface Owner {
  readonly user: string;
  readonly group: string;
}

export const DEFAULT_OWNER: Owner = { user: 'owner', group: 'owner' };

export interface FtpServerOptions {
  /** Address to listen on, for control and data connections. Default `127.0.0.1`. */
  readonly host?: string;
  /** Port of plain FTP and explicit TLS. 0, the default, takes a free one. */
  readonly port?: number;
  /** Port of implicit TLS. Absent: none. 0 takes a free one. */
  readonly implicitPort?: number;
  readonly users: PasswordDirectory;
  /** Shared with the servers of the other protocols. */
  readonly throttle: LoginThrottle;
  readonly tls: TlsOptions;
  readonly passive?: PassiveOptions;
  /** Whether PORT and EPRT are allowed. Default true: they lead to the client's own address only. */
  readonly activeMode?: boolean;
  /** The first line that anybody sees, before a login. */
  readonly greeting?: string;
  /** What a user is told after the login; may have several lines. */
  readonly welcome?: (user: string) => string | undefined;
  /**
   * What to do with names that are not valid UTF-8: take them as Latin-1, as devices older than RFC 2640 mean them, or
   * refuse the command. Default `latin1`.
   */
  readonly foreignNames?: 'latin1' | 'refuse';
  readonly logger?: Logger;
  readonly limits?: Partial<FtpLimits>;
  readonly owner?: Owner;
}
