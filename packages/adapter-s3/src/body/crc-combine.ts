/*
 * The CRC of a whole from those of its parts (the idea of zlib's crc32_combine): a CRC is a polynomial modulo another,
 * appending n bytes multiplies it by x^(8n), and everything that reflected CRCs do at their beginning and end cancels.
 */

interface Field {
  readonly bits: bigint;
  /** Reflected, without the leading term. */
  readonly polynomial: bigint;
}

const FIELDS = {
  crc32: { bits: 32n, polynomial: 0xedb88320n },
  crc32c: { bits: 32n, polynomial: 0x82f63b78n },
  crc64nvme: { bits: 64n, polynomial: 0x9a6c9329ac4bc9b5n },
} as const satisfies Record<string, Field>;

export type CrcName = keyof typeof FIELDS;

export function isCrc(name: string): name is CrcName {
  return Object.hasOwn(FIELDS, name);
}

/** The product of two reflected polynomials modulo that of the field. The highest bit is the coefficient of x^0. */
function multiply({ bits, polynomial }: Field, a: bigint, b: bigint): bigint {
  let product = 0n;
  let shifted = b;
  for (let bit = bits - 1n; bit >= 0n; bit--) {
    if (((a >> bit) & 1n) === 1n) product ^= shifted;
    shifted = (shifted & 1n) === 1n ? (shifted >> 1n) ^ polynomial : shifted >> 1n;
  }
  return product;
}

/** x^(8n), by squaring. */
function powerOfBytes(field: Field, count: number): bigint {
  let power = 1n << (field.bits - 1n);
  let square = 1n << (field.bits - 9n);
  for (let left = BigInt(count); left > 0n; left >>= 1n) {
    if ((left & 1n) === 1n) power = multiply(field, power, square);
    square = multiply(field, square, square);
  }
  return power;
}

/** The CRC of parts one after the other; each has its CRC, big-endian, and its length in bytes. */
export function combineCrcs(
  name: CrcName,
  parts: readonly { readonly crc: Uint8Array; readonly length: number }[],
): Buffer {
  const field: Field = FIELDS[name];
  let whole = 0n;
  let lengthOfPower = -1;
  let power = 0n;
  for (const { crc, length } of parts) {
    if (length !== lengthOfPower) {
      power = powerOfBytes(field, length);
      lengthOfPower = length;
    }
    whole = multiply(field, whole, power) ^ BigInt(`0x${Buffer.from(crc).toString('hex') || '0'}`);
  }
  return Buffer.from(whole.toString(16).padStart(Number(field.bits / 4n), '0'), 'hex');
}
