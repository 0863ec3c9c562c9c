import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** Milliseconds after which a password has to be checked against its hash again. */
const MEMORY_MS = 10 * 60_000;

interface Remembered {
  readonly tag: Buffer;
  readonly until: number;
}

/**
 * The last password that was right, for each user: FTP clients log in again for every few files, and the hash is meant to
 * be slow. What is kept is a keyed digest whose key lives as long as the process, so that memory shows no password.
 */
export class RememberedPasswords {
  private readonly key = randomBytes(32);
  private readonly users = new Map<string, Remembered>();

  constructor(private readonly now: () => number = Date.now) {}

  add(user: string, password: string): void {
    this.users.set(user, { tag: this.tagOf(user, password), until: this.now() + MEMORY_MS });
  }

  has(user: string, password: string): boolean {
    const known = this.users.get(user);
    if (known === undefined || known.until < this.now()) return false;
    return timingSafeEqual(known.tag, this.tagOf(user, password));
  }

  private tagOf(user: string, password: string): Buffer {
    return createHmac('sha256', this.key)
      .update(JSON.stringify([user, password.normalize('NFC')]))
      .digest();
  }
}
