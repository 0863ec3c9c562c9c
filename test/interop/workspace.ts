import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { digestsOf, MIN_NEEDLE_BYTES, type Needles } from './scan/needles.js';

const MIB = 1024 * 1024;
/** The beginning of every content: shorter than this a file has no room for it. */
const HEAD_BYTES = 24;

export interface LocalFile {
  readonly path: string;
  readonly size: number;
}

/** Local files for a client to upload. Everything made here is remembered as something the store must not show. */
export class Workspace {
  readonly #folder: string;
  readonly #needles: Needles;
  #made = 0;

  constructor(folder: string, needles: Needles) {
    this.#folder = folder;
    this.#needles = needles;
  }

  /** A path of a new local file or directory that does not exist yet. */
  fresh(name = 'made'): string {
    this.#made += 1;
    const folder = path.join(this.#folder, `w${this.#made}`);
    mkdirSync(folder);
    return path.join(folder, name);
  }

  /** A new empty local directory. */
  folder(): string {
    const place = this.fresh();
    mkdirSync(place);
    return place;
  }

  /** A new name that the scan will look for. `text` alone is the name when it is long enough to be looked for. */
  remember(name: string): string {
    if (Buffer.byteLength(name) >= MIN_NEEDLE_BYTES)
      this.#needles.addText(name, `the name ${JSON.stringify(name)}`);
    return name;
  }

  /** A file of random text under a marker of its own, `size` bytes, last modified at `modified` (seconds). */
  file(name: string, size: number, modified = 1_700_000_001, folder = this.folder()): LocalFile {
    const place = path.join(folder, this.remember(name));
    writeFileSync(place, this.content(size, name));
    utimesSync(place, modified, modified);
    return { path: place, size };
  }

  /** Content that the scan will look for. */
  content(size: number, label: string): Buffer {
    const marker = `plaintext ${randomBytes(12).toString('hex')} `;
    const bytes = Buffer.alloc(size, marker + randomBytes(300).toString('base64'));
    if (size >= HEAD_BYTES) this.#needles.add(bytes.subarray(0, HEAD_BYTES), `the content of ${label}`);
    if (size > 0) this.#needles.addDigestsOf(digestsOf(bytes), label);
    return bytes;
  }

  /** A file of `mebibytes` that does not compress and has a marker in each mebibyte, written without holding it. */
  async large(name: string, mebibytes: number): Promise<LocalFile & { sha256: string }> {
    const place = this.fresh(this.remember(name));
    const stream = createCipheriv('aes-128-ctr', randomBytes(16), randomBytes(16));
    const zeros = Buffer.alloc(MIB);
    const marker = Buffer.from(`plaintext ${randomBytes(12).toString('hex')} in every mebibyte`);
    this.#needles.add(marker, `the content of ${name}`);
    const hashes = ['md5', 'sha1', 'sha256'].map((algorithm) => ({ algorithm, hash: createHash(algorithm) }));
    async function* blocks(): AsyncGenerator<Buffer> {
      for (let block = 0; block < mebibytes; block += 1) {
        const bytes = stream.update(zeros);
        marker.copy(bytes, 4096);
        for (const { hash } of hashes) hash.update(bytes);
        yield bytes;
      }
    }
    await pipeline(blocks(), createWriteStream(place));
    const digests = new Map(hashes.map(({ algorithm, hash }) => [algorithm, hash.digest()]));
    this.#needles.addDigestsOf(digests, name);
    utimesSync(place, 1_600_000_000, 1_600_000_000);
    return { path: place, size: mebibytes * MIB, sha256: digests.get('sha256')?.toString('hex') ?? '' };
  }

  /** The first `bytes` of a local file, as a new file. */
  async beginning(of: string, bytes: number): Promise<string> {
    const place = this.fresh('beginning');
    await pipeline(createReadStream(of, { end: bytes - 1 }), createWriteStream(place));
    return place;
  }
}
