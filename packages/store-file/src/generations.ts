import { closeSync, constants, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join, sep } from 'node:path';
import { crc32 } from 'node:zlib';
import { MAX_REGISTER_BYTES } from '@latchkey/store';
import { systemCode, unless } from './errors.js';

declare module 'node:zlib' {
  /** In Node since 20.15, in its type declarations since later. CRC-32 as in RFC 1952. */
  export function crc32(data: Uint8Array, value?: number): number;
}

/*
 * A generation is a file `@<n>`, or where links are missing a directory `@<n>` that holds the file `value`.
 * The file is the register's bytes and a trailer of 12: CRC-32 of <n> as u64 and the bytes, how many bytes (u32 each),
 * and "LKR1". Names appear only after the file is whole; the trailer tells a file that lost its blocks in a power
 * failure under relaxed durability, where the generation before it is still good. It authenticates nothing.
 */

const TRAILER_BYTES = 12;
const TRAILER_MAGIC = 0x4c4b5231;
const NAME = /^@([1-9][0-9]{0,15})$/;

/** Name of the file inside a generation that is a directory. */
export const VALUE_NAME = 'value';

export interface Generation {
  readonly number: number;
  readonly bytes: Uint8Array;
  /** Milliseconds since 1970. */
  readonly modifiedAt: number;
}

export function generationName(number: number): string {
  return `@${number}`;
}

/** Where a generation lies. Not `path.join`, which would be a tenth of the cost of a swap. */
export function generationPath(directory: string, number: number): string {
  return `${directory}${sep}@${number}`;
}

/** The number of a generation's name, or undefined for any other name. */
export function generationNumber(name: string): number | undefined {
  const match = NAME.exec(name);
  return match === null ? undefined : Number(match[1]);
}

/** The numbers in a register's directory, the highest first; none when there is no such directory. */
export function listGenerations(directory: string): number[] {
  const names = unless(['ENOENT', 'ENOTDIR'], () => readdirSync(directory)) ?? [];
  const numbers: number[] = [];
  for (const name of names) {
    const number = generationNumber(name);
    if (number !== undefined) numbers.push(number);
  }
  return numbers.sort((a, b) => b - a);
}

/** Older generations that stay, for readers that listed them and for a newest one lost in a power failure. */
export const KEPT = 2;

/** Of the number as well: a file that is used again for a later generation is not taken for the one it was. */
function checksum(number: number, bytes: Uint8Array): number {
  const label = new DataView(new ArrayBuffer(8));
  label.setBigUint64(0, BigInt(number));
  return crc32(bytes, crc32(new Uint8Array(label.buffer)));
}

/** Bytes that a value of `size` file bytes holds. */
export function valueSize(fileSize: number): number {
  return Math.max(0, fileSize - TRAILER_BYTES);
}

/** The bytes of generation `number` as they are stored. */
export function encodeGeneration(number: number, bytes: Uint8Array): Uint8Array {
  const file = new Uint8Array(bytes.length + TRAILER_BYTES);
  file.set(bytes);
  const trailer = new DataView(file.buffer, bytes.length);
  trailer.setUint32(0, checksum(number, bytes));
  trailer.setUint32(4, bytes.length);
  trailer.setUint32(8, TRAILER_MAGIC);
  return file;
}

/** Reads one generation: `gone` when it was pruned meanwhile, `torn` when its trailer does not match. */
export function readGeneration(directory: string, number: number): Generation | 'gone' | 'torn' {
  const path = generationPath(directory, number);
  return readValue(path, number, () => readValue(join(path, VALUE_NAME), number, () => 'torn'));
}

// No pipe planted by whoever owns the medium may block the reader.
const FLAGS: number = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

function readValue(
  path: string,
  number: number,
  onDirectory: () => Generation | 'gone' | 'torn',
): Generation | 'gone' | 'torn' {
  let fd: number;
  try {
    fd = openSync(path, FLAGS);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error))) return 'gone';
    throw error;
  }
  try {
    const stats = fstatSync(fd);
    if (stats.isDirectory()) return onDirectory();
    if (!stats.isFile() || stats.size < TRAILER_BYTES || stats.size > MAX_REGISTER_BYTES + TRAILER_BYTES) {
      return 'torn';
    }
    const file = new Uint8Array(stats.size);
    for (let at = 0; at < file.length; ) {
      const got = readSync(fd, file, at, file.length - at, at);
      if (got === 0) return 'torn';
      at += got;
    }
    const length = file.length - TRAILER_BYTES;
    const bytes = new Uint8Array(file.buffer, 0, length);
    const trailer = new DataView(file.buffer, length);
    const whole =
      trailer.getUint32(8) === TRAILER_MAGIC &&
      trailer.getUint32(4) === length &&
      trailer.getUint32(0) === checksum(number, bytes);
    return whole ? { number, bytes, modifiedAt: stats.mtimeMs } : 'torn';
  } finally {
    closeSync(fd);
  }
}
