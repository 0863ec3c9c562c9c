import type { ConnectionLimits, Logger, LoginThrottle } from '@latchkey/server-guard';
import type { VaultSession } from '@latchkey/vault';
import type { Owner } from './codec/attributes.js';

/** The keys that may log in as a user. */
export interface AuthorizedKeys {
  /** Lines as in OpenSSH's `authorized_keys`, without options. */
  readonly keys: readonly string[];
  /** What a holder of one of the keys may do. */
  readonly session: VaultSession;
}

/**
 * Who may log in. Both methods are also called for names that nobody has, and should take as long for them as for
 * others: a password of an unknown user is to be compared with a hash of the same cost.
 */
export interface UserDirectory {
  /** The user's session if the password is right. */
  verifyPassword(user: string, password: string): Promise<VaultSession | undefined>;
  authorizedKeys(user: string): Promise<AuthorizedKeys | undefined> | AuthorizedKeys | undefined;
}

export interface SftpLimits extends ConnectionLimits {
  /** Milliseconds from the connection to the end of the login. */
  readonly loginMs: number;
  /** Failed passwords and signatures on one connection before it is closed. */
  readonly loginAttempts: number;
  /** Milliseconds that a login waits for each earlier failure from its address, doubling, see {@link loginDelayMaxMs}. */
  readonly loginDelayMs: number;
  readonly loginDelayMaxMs: number;
  /**
   * Passwords checked at once: each costs the memory of a slow hash and one of libuv's threads, four by default, which
   * files and encryption need, too.
   */
  readonly passwordChecks: number;
  /** Milliseconds without any channel open after which a connection is closed. */
  readonly withoutChannelMs: number;
  /** Milliseconds without a byte received on any channel. Keep-alive answers do not count. */
  readonly idleMs: number;
  /** Channels at once on one connection. */
  readonly channels: number;
  /** Files and directories that one session may have open at once. */
  readonly handles: number;
  /** Bytes of requests and replies pending in one session before it is not read any more. */
  readonly pendingBytes: number;
  /** Bytes, both ways together, after which new keys are exchanged (RFC 4253, section 9: one GiB). */
  readonly rekeyBytes: number;
  /** Milliseconds after which new keys are exchanged (the same section: one hour). */
  readonly rekeyMs: number;
}

export const DEFAULT_LIMITS: SftpLimits = {
  connections: 200,
  connectionsPerAddress: 64,
  unauthenticated: 64,
  unauthenticatedPerAddress: 32,
  loginMs: 60_000,
  loginAttempts: 6,
  loginDelayMs: 100,
  loginDelayMaxMs: 5_000,
  passwordChecks: 2,
  withoutChannelMs: 5 * 60_000,
  idleMs: 12 * 3_600_000,
  channels: 10,
  handles: 2_048,
  pendingBytes: 4 * 1024 * 1024,
  rekeyBytes: 1024 * 1024 * 1024,
  rekeyMs: 3_600_000,
};

/** Numbers and names that clients are shown; the vault has no owners. */
export const DEFAULT_OWNER: Owner = { uid: 1000, gid: 1000, user: 'owner', group: 'owner' };

export interface SftpServerOptions {
  /** Address to listen on. Default `127.0.0.1`. */
  readonly host?: string;
  /** 0, the default, takes a free port. */
  readonly port?: number;
  /** The private host key in OpenSSH or PEM form, see `makeHostKey`. */
  readonly hostKey: string;
  readonly users: UserDirectory;
  readonly logger?: Logger;
  readonly limits?: Partial<SftpLimits>;
  /** Failed logins so far, shared with servers of other protocols. Default: by `loginDelayMs`, this server's own. */
  readonly loginDelays?: LoginThrottle;
  readonly owner?: Owner;
}
