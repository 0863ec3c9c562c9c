import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { createCRC32, createCRC64 } from 'hash-wasm';

/** The checksums of S3, by the names that its headers and the vault's records have for them. */
export const CHECKSUMS = ['crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256'] as const;

export type ChecksumName = (typeof CHECKSUMS)[number];

/** Bytes of each. */
export const CHECKSUM_BYTES: Readonly<Record<ChecksumName, number>> = {
  crc32: 4,
  crc32c: 4,
  crc64nvme: 8,
  sha1: 20,
  sha256: 32,
};

export interface RunningDigest {
  update(bytes: Uint8Array): void;
  /** Once at most. */
  digest(): Buffer;
}

/** Reflected polynomials: Castagnoli (RFC 3720) and that of NVM Express, which S3 calls CRC64NVME. */
const CRC32C_POLYNOMIAL = 0x82f63b78;
const CRC64NVME_POLYNOMIAL = '9a6c9329ac4bc9b5';

export async function startDigest(name: ChecksumName | 'md5'): Promise<RunningDigest> {
  if (name === 'crc32') return new Crc32();
  if (name === 'crc32c') return fromWasm(await createCRC32(CRC32C_POLYNOMIAL));
  if (name === 'crc64nvme') return fromWasm(await createCRC64(CRC64NVME_POLYNOMIAL));
  const hash = createHash(name);
  return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest() };
}

function fromWasm(hash: {
  init(): unknown;
  update(data: Uint8Array): unknown;
  digest(form: 'binary'): Uint8Array;
}): RunningDigest {
  hash.init();
  return { update: (bytes) => void hash.update(bytes), digest: () => Buffer.from(hash.digest('binary')) };
}

class Crc32 implements RunningDigest {
  #value = 0;

  update(bytes: Uint8Array): void {
    this.#value = crc32(bytes, this.#value);
  }

  digest(): Buffer {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(this.#value);
    return bytes;
  }
}

/** `CRC32`, `SHA256` and so on, as S3's documents and headers write them. */
export function checksumOf(text: string): ChecksumName | undefined {
  return CHECKSUMS.find((name) => name.toUpperCase() === text.toUpperCase());
}

/** The name of the element for a checksum in S3's documents. */
export function checksumElement(name: ChecksumName): string {
  return `Checksum${name.toUpperCase()}`;
}
