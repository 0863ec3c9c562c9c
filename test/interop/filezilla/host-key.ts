import { readFileSync } from 'node:fs';

// FileZilla keeps host keys as PuTTY does: an Ed25519 key as the two coordinates of its point.

const P = 2n ** 255n - 19n;
const D = modulo(-121665n * power(121666n, P - 2n));
const ROOT_OF_MINUS_ONE = power(2n, (P - 1n) / 4n);

function modulo(number: bigint): bigint {
  return ((number % P) + P) % P;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let square = base, rest = exponent; rest > 0n; rest >>= 1n, square = modulo(square * square))
    if (rest & 1n) result = modulo(result * square);
  return result;
}

/** The point that 32 bytes stand for (RFC 8032, 5.1.3). Throws when they stand for none. */
export function pointOf(encoded: Uint8Array): { x: bigint; y: bigint } {
  const number = BigInt(`0x${Buffer.from(encoded).reverse().toString('hex')}`);
  const y = number & (2n ** 255n - 1n);
  const square = modulo((y * y - 1n) * power(D * y * y + 1n, P - 2n));
  let x = power(square, (P + 3n) / 8n);
  if (modulo(x * x) !== square) x = modulo(x * ROOT_OF_MINUS_ONE);
  if (modulo(x * x) !== square) throw new Error('no point of the curve');
  return { x: (x & 1n) === number >> 255n ? x : P - x, y };
}

/** The line of PuTTY's `sshhostkeys` for the one Ed25519 key in an OpenSSH `known_hosts` file. */
export function puttyHostKey(knownHosts: string, host: string, port: number): string {
  const [, algorithm, encoded = ''] = readFileSync(knownHosts, 'utf8').trim().split(' ');
  if (algorithm !== 'ssh-ed25519') throw new Error(`the host key is of ${algorithm}`);
  const { x, y } = pointOf(Buffer.from(encoded, 'base64').subarray(-32));
  return `${algorithm}@${port}:${host} 0x${x.toString(16)},0x${y.toString(16)}\n`;
}
