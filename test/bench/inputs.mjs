// Local files to send: random bytes, so that nothing can be saved by compressing or by sparseness.
import { createCipheriv, randomBytes } from 'node:crypto';
import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';

const MIB = 1024 * 1024;

/**
 * @param {string} file
 * @param {number} mebibytes
 */
export async function writeLarge(file, mebibytes) {
  const stream = createCipheriv('aes-128-ctr', randomBytes(16), randomBytes(16));
  const zeros = Buffer.alloc(MIB);
  async function* blocks() {
    for (let block = 0; block < mebibytes; block += 1) yield stream.update(zeros);
  }
  await pipeline(blocks(), createWriteStream(file));
}

/**
 * @param {string} folder
 * @param {number} count
 * @param {number} bytes
 */
export function writeMany(folder, count, bytes) {
  mkdirSync(folder, { recursive: true });
  for (let number = 0; number < count; number += 1) {
    writeFileSync(path.join(folder, `file-${String(number).padStart(6, '0')}.dat`), randomBytes(bytes));
  }
}
