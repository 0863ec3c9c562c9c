import { StoreError, type StoreErrorCode } from '@latchkey/store';
import { VaultError, type VaultErrorCode } from '@latchkey/vault';
import type { Outcome } from './exit-codes.js';
import { errorColors } from './terminal/colors.js';
import { printable } from './terminal/printable.js';

/** A failure with everything a person needs: what happened, what to do next, and how a script can tell. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly outcome: Outcome;
  readonly hint: string | undefined;

  constructor(
    outcome: Outcome,
    message: string,
    options: { hint?: string | undefined; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.outcome = outcome;
    this.hint = options.hint;
  }
}

/** Ends the program with an outcome whose reasons were printed when they came up. */
export class AlreadyReported extends Error {
  override readonly name = 'AlreadyReported';

  constructor(readonly outcome: Outcome) {
    super(`ended as ${outcome}`);
  }
}

export function isVaultError(error: unknown, code: VaultErrorCode): error is VaultError {
  return error instanceof VaultError && error.code === code;
}

interface Meaning {
  readonly outcome: Outcome;
  readonly hint?: string;
}

const VAULT_MEANINGS: Record<VaultErrorCode, Meaning> = {
  'not-found': { outcome: 'not-found' },
  exists: { outcome: 'refused' },
  'not-a-directory': { outcome: 'refused' },
  'is-a-directory': { outcome: 'refused' },
  'not-empty': { outcome: 'refused', hint: 'add -r to remove a directory with everything in it' },
  'invalid-name': { outcome: 'usage' },
  'invalid-argument': { outcome: 'usage' },
  'wrong-passphrase': { outcome: 'passphrase', hint: 'nothing was changed' },
  'no-vault': { outcome: 'not-found', hint: '`latchkey init` makes a vault; check --vault otherwise' },
  damaged: { outcome: 'damaged', hint: '`latchkey check` lists everything that is damaged' },
  unsupported: { outcome: 'failed' },
  conflict: { outcome: 'refused', hint: 'others are changing the same thing; try again' },
  'no-space': { outcome: 'store', hint: 'removing files works on a full disk too' },
  'read-only': { outcome: 'store' },
  unavailable: { outcome: 'store' },
  'too-large': { outcome: 'refused' },
  stale: { outcome: 'failed', hint: 'the file was replaced while it was read; try again' },
  closed: { outcome: 'failed' },
};

const SYSTEM_MEANINGS: Record<string, { outcome: Outcome; text: string }> = {
  ENOENT: { outcome: 'not-found', text: 'no such file or directory' },
  EACCES: { outcome: 'failed', text: 'permission denied' },
  EPERM: { outcome: 'failed', text: 'operation not permitted' },
  EEXIST: { outcome: 'refused', text: 'exists already' },
  EISDIR: { outcome: 'refused', text: 'is a directory' },
  ENOTDIR: { outcome: 'refused', text: 'is not a directory' },
  ENOTEMPTY: { outcome: 'refused', text: 'the directory is not empty' },
  ENOSPC: { outcome: 'store', text: 'no space left on the disk' },
  EROFS: { outcome: 'store', text: 'the file system is read-only' },
  ENAMETOOLONG: { outcome: 'usage', text: 'the name is too long for this file system' },
};

export interface Description {
  readonly outcome: Outcome;
  readonly message: string;
  readonly hint?: string;
  /** A fault of the program, whose stack a developer would want. */
  readonly internal?: boolean;
}

function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

const NO_VAULT = VAULT_MEANINGS['no-vault'];

/** A store's own errors reach a person when it is opened; later the vault translates them. */
const STORE_MEANINGS: Record<StoreErrorCode, Meaning> = {
  'not-found': NO_VAULT,
  'no-store': NO_VAULT,
  conflict: VAULT_MEANINGS.conflict,
  'no-space': VAULT_MEANINGS['no-space'],
  'read-only': VAULT_MEANINGS['read-only'],
  unavailable: VAULT_MEANINGS.unavailable,
  unsupported: VAULT_MEANINGS.unsupported,
  'invalid-key': { outcome: 'failed' },
  'too-large': VAULT_MEANINGS['too-large'],
};

/** The vault's own words name objects of the store, which say nothing to a person. */
const STORE_TROUBLE: Partial<Record<VaultErrorCode | StoreErrorCode, string>> = {
  'no-space': 'no space is left where the vault is stored',
  'read-only': 'the vault is stored where nothing can be written',
};

let storedAt: string | undefined;

/** Tells where the vault is that this run works with, so that errors of its disk can name the place. */
export function nameStore(directory: string): void {
  storedAt = directory;
}

function storeTrouble(code: VaultErrorCode | StoreErrorCode): string | undefined {
  const text = STORE_TROUBLE[code];
  return text === undefined || storedAt === undefined ? text : `${text}: ${storedAt}`;
}

/** Turns anything thrown into words. Control characters in it are escaped: names come from elsewhere. */
export function describe(error: unknown): Description {
  if (error instanceof Failure) {
    return say(error.outcome, error.message, error.hint);
  }
  if (error instanceof VaultError) {
    const meaning = VAULT_MEANINGS[error.code];
    return say(meaning.outcome, storeTrouble(error.code) ?? error.message, meaning.hint);
  }
  if (error instanceof StoreError) {
    const meaning = STORE_MEANINGS[error.code];
    return say(meaning.outcome, storeTrouble(error.code) ?? error.message, meaning.hint);
  }
  const code = systemCode(error);
  if (code !== undefined && error instanceof Error) {
    const meaning = SYSTEM_MEANINGS[code];
    const path = 'path' in error && typeof error.path === 'string' ? `${error.path}: ` : '';
    return say(meaning?.outcome ?? 'failed', meaning ? `${path}${meaning.text}` : error.message);
  }
  const message = error instanceof Error ? error.message : String(error);
  return {
    ...say(
      'failed',
      `internal error: ${message}`,
      'please report this; LATCHKEY_DEBUG=1 prints where it happened',
    ),
    internal: true,
  };
}

/** What a write to standard output that did not succeed means. */
export function outputFailure(cause: unknown): Failure {
  const meaning = SYSTEM_MEANINGS[systemCode(cause) ?? ''];
  const why = meaning?.text ?? (cause instanceof Error ? cause.message : String(cause));
  return new Failure(meaning?.outcome ?? 'failed', `standard output: ${why}`, { cause });
}

function say(outcome: Outcome, message: string, hint?: string): Description {
  return { outcome, message: printable(message), ...(hint === undefined ? {} : { hint: printable(hint) }) };
}

/** Prints `latchkey: message` and a `hint:` line to standard error, and gives the outcome for the exit status. */
export function report(error: unknown): Outcome {
  if (error instanceof AlreadyReported) return error.outcome;
  const { outcome, message, hint, internal } = describe(error);
  process.stderr.write(`${errorColors.red('latchkey:')} ${message}\n`);
  if (hint !== undefined) process.stderr.write(`${errorColors.dim(`hint: ${hint}`)}\n`);
  if (internal && process.env.LATCHKEY_DEBUG === '1' && error instanceof Error) {
    process.stderr.write(`${error.stack ?? ''}\n`);
  }
  return outcome;
}
