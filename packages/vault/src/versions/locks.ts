import type { ListingFields, Retention } from '@latchkey/encryption';
import { VaultError } from '../errors.js';

/** Nobody may destroy this version now. */
export class Locked extends VaultError {
  constructor(name: string) {
    super('read-only', `a lock keeps this version from being destroyed: ${name}`);
  }
}

/** What of a lock may be overridden. */
export interface Override {
  /** Retention in governance mode does not count. */
  readonly governance?: boolean;
}

type Lockable = Pick<ListingFields, 'retention' | 'legalHold'>;

/** Whether nobody may destroy a version at `now`, in seconds since 1970. */
export function isLocked(
  { retention, legalHold }: Lockable,
  { governance = false }: Override = {},
  now = Math.floor(Date.now() / 1000),
): boolean {
  if (legalHold === true) return true;
  if (retention === undefined || retention.until <= now) return false;
  return retention.mode === 'compliance' || !governance;
}

/** Throws {@link Locked}. */
export function refuseLocked(name: string, listing: Lockable, override?: Override): void {
  if (isLocked(listing, override)) throw new Locked(name);
}

/**
 * Throws {@link Locked} where a retention would be weakened before it has ended: taken away, shortened or made governance.
 * Governance may be changed by who overrides it.
 */
export function refuseWeaker(
  name: string,
  old: Retention | undefined,
  next: Retention | undefined,
  override: Override = {},
): void {
  if (old === undefined || !isLocked({ retention: old }, override)) return;
  const weaker =
    next === undefined || next.until < old.until || (old.mode === 'compliance' && next.mode === 'governance');
  if (weaker) throw new Locked(name);
}
