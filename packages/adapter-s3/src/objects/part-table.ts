import type { Appendix, ObjectEntry, ObjectSession } from '@latchkey/vault';
import { CHECKSUM_BYTES, type ChecksumName } from '../body/checksums.js';
import { S3Error } from '../errors.js';

/*
 * Of an object that was uploaded in parts: their numbers, sizes and checksums, in the appendix of its record. Big-endian:
 *
 *   1 (u8), algorithm (u8), count of runs (u16), runs, checksums of all parts one after the other
 *   run: first number (u16), parts (u16) that have consecutive numbers, bytes (u64) of each
 *
 * Nearly always there are two runs. 10,000 parts with SHA-256 take 320 KB, without a checksum 28 bytes.
 */

const VERSION = 1;
const HEAD_BYTES = 4;
const RUN_BYTES = 12;
/** By their number in the table; never to be put in another order. */
const ALGORITHMS: readonly (ChecksumName | undefined)[] = [
  undefined,
  'crc32',
  'crc32c',
  'crc64nvme',
  'sha1',
  'sha256',
];

export interface ObjectPart {
  /** That it was uploaded under, 1 to 10,000. */
  readonly number: number;
  /** Bytes. */
  readonly size: number;
  readonly checksum?: { readonly name: ChecksumName; readonly value: Uint8Array };
}

export interface PlacedPart extends ObjectPart {
  /** Bytes of the object before it. */
  readonly offset: number;
}

/** Parts in ascending order. Checksums are kept if all have one of the same name. */
export function encodePartTable(parts: readonly ObjectPart[]): Uint8Array {
  const name = parts[0]?.checksum?.name;
  const kept = name !== undefined && parts.every(({ checksum }) => checksum?.name === name);
  const runs: { first: number; count: number; size: number }[] = [];
  for (const { number, size } of parts) {
    const run = runs.at(-1);
    if (run !== undefined && run.size === size && run.first + run.count === number) run.count += 1;
    else runs.push({ first: number, count: 1, size });
  }
  const head = Buffer.alloc(HEAD_BYTES + runs.length * RUN_BYTES);
  head.writeUInt8(VERSION, 0);
  head.writeUInt8(kept ? ALGORITHMS.indexOf(name) : 0, 1);
  head.writeUInt16BE(runs.length, 2);
  for (const [index, { first, count, size }] of runs.entries()) {
    const at = HEAD_BYTES + index * RUN_BYTES;
    head.writeUInt16BE(first, at);
    head.writeUInt16BE(count, at + 2);
    head.writeBigUInt64BE(BigInt(size), at + 4);
  }
  const sums = kept ? parts.map(({ checksum }) => checksum?.value ?? new Uint8Array(0)) : [];
  return new Uint8Array(Buffer.concat([head, ...sums]));
}

interface Run {
  readonly first: number;
  readonly count: number;
  readonly size: number;
  /** Parts and bytes before it. */
  readonly index: number;
  readonly offset: number;
}

/** What an object keeps of its parts. Only what is asked for is read. */
export class PartTable {
  /** Parts in all. */
  readonly count: number;
  readonly #runs: readonly Run[];
  readonly #name: ChecksumName | undefined;
  /** Checksums of so many parts, from the part of that index on. */
  readonly #sums: (index: number, count: number) => Promise<Uint8Array>;

  private constructor(
    runs: readonly Omit<Run, 'index' | 'offset'>[],
    name?: ChecksumName,
    sums: (from: number, length: number) => Promise<Uint8Array> = async () => new Uint8Array(0),
  ) {
    let [index, offset] = [0, 0];
    this.#runs = runs.map((run) => {
      const placed = { ...run, index, offset };
      index += run.count;
      offset += run.count * run.size;
      return placed;
    });
    this.count = index;
    this.#name = name;
    const width = name === undefined ? 0 : CHECKSUM_BYTES[name];
    this.#sums = (from, count) => sums(from * width, count * width);
  }

  /**
   * The parts of an object; undefined when it was not uploaded in parts, or in so many that an older release did not keep
   * their sizes. Those that it did keep are counted: their numbers are not known.
   */
  static async of(
    session: Pick<ObjectSession, 'readAppendix'>,
    { appendix, partSizes }: Pick<ObjectEntry, 'appendix' | 'partSizes'>,
  ): Promise<PartTable | undefined> {
    if (appendix !== undefined) return PartTable.#read(session, appendix);
    return partSizes && new PartTable(partSizes.map((size, index) => ({ first: index + 1, count: 1, size })));
  }

  /** Throws `InternalError` for what no version of this wrote. */
  static async #read(session: Pick<ObjectSession, 'readAppendix'>, appendix: Appendix): Promise<PartTable> {
    const head = Buffer.from(await session.readAppendix(appendix, 0, HEAD_BYTES + 64 * RUN_BYTES));
    if (head.length < HEAD_BYTES || head.readUInt8(0) !== VERSION) throw unknownTable();
    const name = ALGORITHMS[head.readUInt8(1)];
    const end = HEAD_BYTES + head.readUInt16BE(2) * RUN_BYTES;
    const table = head.length >= end ? head : Buffer.from(await session.readAppendix(appendix, 0, end));
    if (table.length < end) throw unknownTable();
    const runs = [];
    for (let at = HEAD_BYTES; at < end; at += RUN_BYTES)
      runs.push({
        first: table.readUInt16BE(at),
        count: table.readUInt16BE(at + 2),
        size: Number(table.readBigUInt64BE(at + 4)),
      });
    const read = new PartTable(runs, name, (from, length) =>
      session.readAppendix(appendix, end + from, length),
    );
    const sums = name === undefined ? 0 : read.count * CHECKSUM_BYTES[name];
    if (appendix.size !== end + sums) throw unknownTable();
    return read;
  }

  async byNumber(number: number): Promise<PlacedPart | undefined> {
    const run = this.#runs.find(({ first, count }) => number >= first && number < first + count);
    return run && (await this.#parts(run, number - run.first, 1))[0];
  }

  /** The part that is just this stretch of the object. */
  async byStretch(offset: number, length: number): Promise<PlacedPart | undefined> {
    const run = this.#runs.find(
      (one) =>
        one.size === length &&
        offset >= one.offset &&
        offset < one.offset + Math.max(1, one.count * one.size),
    );
    if (run === undefined) return undefined;
    const index = run.size === 0 ? 0 : (offset - run.offset) / run.size;
    return Number.isInteger(index) ? (await this.#parts(run, index, 1))[0] : undefined;
  }

  /** Up to `limit` parts with higher numbers, and whether there are more. */
  async after(
    number: number,
    limit: number,
  ): Promise<{ readonly parts: readonly PlacedPart[]; readonly more: boolean }> {
    const parts: PlacedPart[] = [];
    for (const run of this.#runs) {
      const skipped = Math.max(0, number + 1 - run.first);
      if (skipped >= run.count) continue;
      if (parts.length === limit) return { parts, more: true };
      const taken = Math.min(run.count - skipped, limit - parts.length);
      parts.push(...(await this.#parts(run, skipped, taken)));
      if (skipped + taken < run.count) return { parts, more: true };
    }
    return { parts, more: false };
  }

  async #parts(run: Run, skipped: number, count: number): Promise<PlacedPart[]> {
    const name = this.#name;
    const width = name === undefined ? 0 : CHECKSUM_BYTES[name];
    const sums = await this.#sums(run.index + skipped, count);
    return Array.from({ length: count }, (_, index) => {
      const value = sums.subarray(index * width, (index + 1) * width);
      return {
        number: run.first + skipped + index,
        size: run.size,
        offset: run.offset + (skipped + index) * run.size,
        ...(name === undefined ? {} : { checksum: { name, value } }),
      };
    });
  }
}

function unknownTable(): S3Error {
  return new S3Error('InternalError', 'The parts of the object are described in an unknown way.');
}
