import type { ObjectEntry, ObjectSession } from '@latchkey/vault';
import { type ChecksumName, startDigest } from '../body/checksums.js';
import { S3Error } from '../errors.js';
import { etagOf } from '../objects/etag.js';
import { checkKey } from '../sse/seal.js';
import { openVersion } from '../versions/version-id.js';
import type { CopySource } from './copy.js';

/** A checksum of a source of a copy, and of which state of it. */
export interface Computed {
  readonly revision: number;
  readonly etag: string;
  /** One checksum, as objects of S3 have it. */
  readonly digests: ReadonlyMap<string, Uint8Array>;
}

export interface Wanted {
  readonly name: ChecksumName;
  /** Bytes. Without them the whole. */
  readonly offset?: number;
  readonly length?: number;
}

/** The only thing that reads content for a copy: a checksum that the source does not have. */
export async function computeChecksum(
  session: ObjectSession,
  { place, key, version }: CopySource,
  { name, offset = 0, length }: Wanted,
): Promise<Computed> {
  const reader = await openVersion(session, place.path, key, version);
  try {
    const { entry } = reader;
    checkKey(entry, undefined);
    const { revision, digests, size } = entry;
    const end = length === undefined ? size : offset + length;
    if (end > size) throw new S3Error('InvalidArgument', 'The range is not valid for the source object.');
    const whole = offset === 0 && end === size;
    const etag = etagOf(entry);
    const known = whole ? digests?.get(name) : undefined;
    if (known !== undefined) return { revision, etag, digests: new Map([[name, known]]) };
    const running = await startDigest(name);
    for await (const bytes of reader.stream(offset, end - offset)) running.update(bytes);
    return { revision, etag, digests: new Map([[name, new Uint8Array(running.digest())]]) };
  } finally {
    await reader.close();
  }
}

/** Throws `SlowDown` when the source is not what the checksum was computed of. */
export function checkUnchanged({ revision, etag }: Computed, source: ObjectEntry): void {
  if (revision !== source.revision && etag !== etagOf(source))
    throw new S3Error('SlowDown', 'The source changed while it was being copied.');
}
