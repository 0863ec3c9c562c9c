import { createHash } from 'node:crypto';
import { type BucketInfo, type ObjectSession, type Path, STAGING } from '@latchkey/vault';
import { isVaultError, S3Error } from '../errors.js';
import { noSuchBucket } from '../objects/keys.js';
import type { Rule } from './rule.js';

/*
 * The rules of a bucket are a file beside the uploads, under the id of the bucket's directory, which a rename does not change.
 * The directory's metadata name the digest of the file: so a bucket without rules costs nothing, and what has been read once
 * need not be read again.
 */

const CONFIGURATIONS: Path = [STAGING, '.buckets'];
const NAME = ':lifecycle';
const MAX_BYTES = 4 * 1024 * 1024;
/** Documents whose rules are remembered. */
const REMEMBERED = 64;

const known = new Map<string, readonly Rule[]>();

function directoryOf(id: string): Path {
  return [...CONFIGURATIONS, id];
}

/** The rules of a bucket; none when it has no lifecycle. */
export async function rulesOf(
  session: ObjectSession,
  info: BucketInfo | undefined,
): Promise<readonly Rule[]> {
  const digest = info?.metadata.get(NAME);
  if (info === undefined || digest === undefined) return [];
  const found = known.get(digest);
  if (found !== undefined) return found;
  const pieces: Uint8Array[] = [];
  try {
    for await (const piece of session.read([...directoryOf(info.id), 'lifecycle'], { length: MAX_BYTES }))
      pieces.push(piece);
  } catch (error) {
    // Taken away in this moment.
    if (isVaultError(error, 'not-found')) return [];
    throw error;
  }
  const text = Buffer.concat(pieces);
  const rules = JSON.parse(text.toString('utf8')) as readonly Rule[];
  // A newer document may stand there already.
  if (digestOf(text) === digest) remember(digest, rules);
  return rules;
}

function remember(digest: string, rules: readonly Rule[]): void {
  known.set(digest, rules);
  if (known.size > REMEMBERED) known.delete(known.keys().next().value as string);
}

function digestOf(text: Buffer): string {
  return createHash('sha256').update(text).digest('base64url');
}

export async function writeRules(
  session: ObjectSession,
  bucket: string,
  rules: readonly Rule[],
): Promise<void> {
  const text = Buffer.from(JSON.stringify(rules));
  // What cannot be read back would make every request about the bucket fail.
  if (text.length > MAX_BYTES) throw new S3Error('InvalidRequest', 'The rules are too long to be kept.');
  const { id } = await statBucket(session, bucket);
  await session.writeObject([...directoryOf(id), 'lifecycle'], text, { existing: 0 });
  await note(session, bucket, digestOf(text));
}

export async function removeRules(session: ObjectSession, bucket: string): Promise<void> {
  const { id } = await statBucket(session, bucket);
  await note(session, bucket, undefined);
  await forgetBucket(session, id);
}

/** Removes what is kept beside a bucket that is gone. */
export async function forgetBucket(session: ObjectSession, id: string): Promise<void> {
  try {
    await session.remove(directoryOf(id), { recursive: true });
  } catch (error) {
    if (!isVaultError(error, 'not-found')) throw error;
  }
}

/** The ids of buckets that something is kept beside. */
export async function* configuredIds(session: ObjectSession): AsyncGenerator<string> {
  try {
    for await (const { name } of session.entries(CONFIGURATIONS)) yield name;
  } catch (error) {
    if (!isVaultError(error, 'not-found')) throw error;
  }
}

async function statBucket(session: ObjectSession, bucket: string): Promise<{ readonly id: string }> {
  try {
    return await session.stat([bucket]);
  } catch (error) {
    if (isVaultError(error, 'not-found')) throw noSuchBucket(bucket);
    throw error;
  }
}

async function note(session: ObjectSession, bucket: string, digest: string | undefined): Promise<void> {
  try {
    await session.changeObject([bucket], ({ metadata: old, kind }) => {
      if (kind !== 'directory') throw noSuchBucket(bucket);
      const metadata = new Map(old);
      if (digest === undefined) metadata.delete(NAME);
      else metadata.set(NAME, digest);
      return { metadata };
    });
  } catch (error) {
    if (isVaultError(error, 'not-found')) throw noSuchBucket(bucket);
    throw error;
  }
}
