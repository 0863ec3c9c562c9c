import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';

/**
 * Passwords of SFTP users are kept as scrypt hashes (RFC 7914) in PHC string form,
 * `$scrypt$ln=15,r=8,p=3$<salt>$<hash>`. They are not the vault's passphrase and open nothing without a running server.
 * 32 MiB and about 0.2 s a guess follows the OWASP password storage recommendations for N = 2^15.
 */
const COST = { ln: 15, r: 8, p: 3 } as const;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** Bounds on what a configuration may ask of each login: N to 2^18, memory to 256 MiB. */
const MAX_LN = 18;
const MAX_MEMORY_BYTES = 256 * 1024 * 1024;

interface Parsed {
  readonly ln: number;
  readonly r: number;
  readonly p: number;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(password, { ...COST, salt, hash: Buffer.alloc(HASH_BYTES) });
  return `$scrypt$ln=${COST.ln},r=${COST.r},p=${COST.p}$${unpadded(salt)}$${unpadded(hash)}`;
}

/** Undefined when the text is no such hash, or one that costs too much to check. */
export function parsePasswordHash(text: string): Parsed | undefined {
  const match =
    /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{16,86})\$([A-Za-z0-9+/]{43})$/.exec(
      text,
    );
  if (!match) return undefined;
  const [ln, r, p] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (ln < 10 || ln > MAX_LN || r < 1 || p < 1 || p > 16 || 128 * 2 ** ln * r > MAX_MEMORY_BYTES)
    return undefined;
  return {
    ln,
    r,
    p,
    salt: Buffer.from(match[4] ?? '', 'base64'),
    hash: Buffer.from(match[5] ?? '', 'base64'),
  };
}

/** Compares in constant time. */
export async function verifyPassword(password: string, hash: Parsed): Promise<boolean> {
  return timingSafeEqual(await derive(password, hash), hash.hash);
}

/** A hash that nothing matches: an unknown user costs what a known one costs. */
export function unmatchable(): Parsed {
  return { ...COST, salt: randomBytes(SALT_BYTES), hash: randomBytes(HASH_BYTES) };
}

function derive(password: string, { ln, r, p, salt, hash }: Parsed): Promise<Buffer> {
  const options: ScryptOptions = { N: 2 ** ln, r, p, maxmem: MAX_MEMORY_BYTES + 64 * 1024 * 1024 };
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFC'), salt, hash.length, options, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
