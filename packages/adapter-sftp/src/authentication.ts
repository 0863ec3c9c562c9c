import { setTimeout as wait } from 'node:timers/promises';
import type { Logger, LoginThrottle, Slots } from '@latchkey/server-guard';
import type { VaultSession } from '@latchkey/vault';
import ssh2, {
  type AuthContext,
  type ParsedKey,
  type PasswordAuthContext,
  type PublicKeyAuthContext,
} from 'ssh2';
import { USER_KEY_ALGORITHMS } from './algorithms.js';
import type { AuthorizedKeys, SftpLimits, UserDirectory } from './config.js';
import { printable } from './errors.js';
import { describeHostKey, makeHostKey } from './host-key.js';

const METHODS = ['publickey', 'password'] as const;

/** Keys that a client may ask about without signing: agents offer all they have. */
const MAX_KEY_QUESTIONS = 30;

/** Longest user name and password looked at, in bytes. */
const MAX_CREDENTIAL_BYTES = 1024;

/** Compared with when a user has no keys, so that the work is the same. */
const NO_KEYS: readonly string[] = [describeHostKey(makeHostKey()).publicKey];

export interface LoginOptions {
  readonly users: UserDirectory;
  readonly limits: SftpLimits;
  readonly delays: LoginThrottle;
  readonly passwordSlots: Slots;
  readonly address: string;
  readonly log: Logger;
  /** Too many attempts: the connection has to end. */
  readonly onExhausted: () => void;
}

/** The login of one connection. */
export class Login {
  readonly #options: LoginOptions;
  #failures = 0;
  #questions = 0;
  #session: VaultSession | undefined;

  constructor(options: LoginOptions) {
    this.#options = options;
  }

  /** What the user who logged in may do; `undefined` before. */
  get session(): VaultSession | undefined {
    return this.#session;
  }

  /** Answers one request. Never rejects: an error of the directory is a failed attempt. */
  async answer(context: AuthContext): Promise<void> {
    try {
      if (context.method === 'password') await this.#password(context as PasswordAuthContext);
      else if (context.method === 'publickey') await this.#publicKey(context as PublicKeyAuthContext);
      else context.reject([...METHODS]);
    } catch (error) {
      this.#options.log('error', 'a login could not be checked', { error });
      this.#fail(context);
    }
  }

  async #password(context: PasswordAuthContext): Promise<void> {
    const { users, delays, passwordSlots, address } = this.#options;
    if (tooLong(context.username) || tooLong(context.password)) return this.#fail(context);
    await wait(delays.begin(address));
    const session = await passwordSlots.run(() => users.verifyPassword(context.username, context.password));
    if (session === undefined) return this.#fail(context);
    delays.succeeded(address);
    this.#accept(context, session);
  }

  async #publicKey(context: PublicKeyAuthContext): Promise<void> {
    const { users, delays, address } = this.#options;
    if (tooLong(context.username) || !USER_KEY_ALGORITHMS.has(context.key.algo)) return this.#fail(context);
    const authorized = await users.authorizedKeys(context.username);
    const key = matchingKey(context.key.data, authorized);
    const { signature, blob } = context;
    if (signature === undefined || blob === undefined) {
      this.#questions += 1;
      if (this.#questions > MAX_KEY_QUESTIONS) return this.#fail(context);
      if (key === undefined) context.reject([...METHODS]);
      else context.accept();
      return;
    }
    await wait(delays.begin(address));
    // Without a hash of its own an RSA signature is SHA-1's.
    const weak = context.key.algo === 'ssh-rsa' && context.hashAlgo === undefined;
    const valid = key !== undefined && !weak && key.verify(blob, signature, context.hashAlgo) === true;
    if (!valid || authorized === undefined) return this.#fail(context);
    delays.succeeded(address);
    this.#accept(context, authorized.session);
  }

  #accept(context: AuthContext, session: VaultSession): void {
    if (this.#session !== undefined) return;
    this.#session = session;
    const { log, address } = this.#options;
    const { username, method } = context;
    log('info', 'logged in', { user: printable(username), address, protocol: 'sftp', method });
    context.accept();
  }

  #fail(context: AuthContext): void {
    this.#failures += 1;
    const { log, address, limits, onExhausted } = this.#options;
    log('warn', 'login failed', { user: printable(context.username), method: context.method, address });
    context.reject([...METHODS]);
    if (this.#failures >= limits.loginAttempts) onExhausted();
  }
}

function tooLong(text: string): boolean {
  return Buffer.byteLength(text) > MAX_CREDENTIAL_BYTES;
}

/** The authorised key equal to `offered`, or nothing. Lines that are no keys are passed over. */
function matchingKey(offered: Buffer, authorized: AuthorizedKeys | undefined): ParsedKey | undefined {
  let found: ParsedKey | undefined;
  for (const line of authorized?.keys ?? NO_KEYS) {
    const parsed = ssh2.utils.parseKey(line);
    if (parsed instanceof Error || parsed.isPrivateKey()) continue;
    if (authorized !== undefined && parsed.getPublicSSH().equals(offered)) found = parsed;
  }
  return found;
}
