import {
  type ObjectAttributes,
  type ObjectEntry,
  type ObjectSession,
  type Path,
  STAGING,
} from '@latchkey/vault';
import type { ChecksumName } from '../body/checksums.js';
import { isVaultError, S3Error } from '../errors.js';
import type { ChecksumType } from './checksums.js';
import { COMPLETED, type Description } from './metadata.js';
import { isUploadId, newUploadId } from './upload-ids.js';

/*
 * An upload in parts is a directory of the staging area: a file that says what is being uploaded, and a file for each part.
 * Completing it composes the object of the parts' segments and removes the directory.
 */

/** What was said when the upload began. */
export interface Upload {
  readonly bucket: string;
  readonly key: string;
  /** Milliseconds since 1970. */
  readonly started: number;
  readonly description: Description;
  /** Of an upload whose parts a customer's key protects: by what the key is recognised, in base64. */
  readonly seal?: string;
  readonly checksum?: { readonly name: ChecksumName; readonly type: ChecksumType };
}

const UPLOAD = 'upload';
/** What an object of sealed parts ends with; written when the upload is completed. */
const INDEX = 'index';
/** Six bytes for each of a listing's and a key's, as JSON may write them, and more. */
const MAX_UPLOAD_BYTES = 64 * 1024;
/** Bytes of what the completed object's record says beside what the upload began with: by which request, version, lock. */
const ROOM = 128;

export function partPath(id: string, number: number): Path {
  return [STAGING, id, String(number).padStart(5, '0')];
}

export function indexPath(id: string): Path {
  return [STAGING, id, INDEX];
}

/** Throws `too-large` for metadata and tags that no record has room for. */
export async function beginUpload(session: ObjectSession, upload: Upload): Promise<string> {
  const id = newUploadId(upload.started);
  const { contentType, attributes } = upload.description;
  const told = {
    ...upload,
    description: {
      contentType,
      metadata: [...(attributes.metadata ?? [])],
      tags: [...(attributes.tags ?? [])],
      retention: attributes.retention,
      legalHold: attributes.legalHold,
    },
  };
  const { bucket, key, checksum } = upload;
  // What a list of uploads shows lies at the directory, where one page of a listing has it of many.
  const metadata = new Map([
    ['bucket', bucket],
    ['key', key],
    ...(checksum === undefined ? [] : [['checksum', `${checksum.name} ${checksum.type}`] as const]),
  ]);
  await session.mkdir([STAGING, id], { recursive: true, attributes: { metadata } });
  // What the object's record could not hold must not be found out when all of it has been sent.
  const likely = new Map([...(attributes.metadata ?? []), [COMPLETED, '-'.repeat(ROOM)]]);
  const tags = attributes.tags ?? new Map();
  try {
    await session.writeObject([STAGING, id, UPLOAD], Buffer.from(JSON.stringify(told)), {
      attributes: { metadata: likely, tags },
    });
  } catch (error) {
    await endUpload(session, id).catch(() => undefined);
    throw error;
  }
  return id;
}

/** Throws `NoSuchUpload` unless the id is of an upload of this key. */
export async function findUpload(
  session: ObjectSession,
  id: string,
  bucket: string,
  key: string,
): Promise<Upload> {
  const upload = isUploadId(id) ? await readUpload(session, id) : undefined;
  if (upload === undefined || upload.bucket !== bucket || upload.key !== key) throw noSuchUpload(id);
  return upload;
}

/** An upload as its file has it. */
type Told = Omit<Upload, 'description'> & {
  readonly description: {
    readonly contentType: string;
    readonly metadata: readonly [string, string][];
    readonly tags: readonly [string, string][];
  } & Pick<ObjectAttributes, 'retention' | 'legalHold'>;
};

/** What was said when an upload began; undefined when there is none of that id. */
export async function readUpload(session: ObjectSession, id: string): Promise<Upload | undefined> {
  try {
    const pieces: Uint8Array[] = [];
    for await (const piece of session.read([STAGING, id, UPLOAD], { length: MAX_UPLOAD_BYTES }))
      pieces.push(piece);
    const told: Told = JSON.parse(Buffer.concat(pieces).toString('utf8'));
    const { contentType, metadata, tags, ...lock } = told.description;
    return {
      ...told,
      description: { contentType, attributes: { metadata: new Map(metadata), tags: new Map(tags), ...lock } },
    };
  } catch (error) {
    if (isVaultError(error, 'not-found')) return undefined;
    throw error;
  }
}

export interface UploadedPart {
  readonly number: number;
  readonly entry: ObjectEntry;
}

/** Parts behind the number `after`, in order, one more than `limit` at most. */
export async function partsOf(
  session: ObjectSession,
  id: string,
  after: number,
  limit: number,
): Promise<UploadedPart[]> {
  const parts: UploadedPart[] = [];
  let from: { readonly after: string } | undefined = { after: partPath(id, after).at(-1) ?? '' };
  while (from !== undefined && parts.length <= limit) {
    const { entries, next } = await session.listObjects([STAGING, id], from);
    for (const entry of entries)
      if (/^\d{5}$/.test(entry.name)) parts.push({ number: Number(entry.name), entry });
    from = next === undefined ? undefined : { after: next };
  }
  return parts.slice(0, limit + 1);
}

export async function endUpload(session: ObjectSession, id: string): Promise<void> {
  try {
    await session.remove([STAGING, id], { recursive: true });
  } catch (error) {
    if (isVaultError(error, 'not-found')) throw noSuchUpload(id);
    throw error;
  }
}

export function noSuchUpload(id: string): S3Error {
  return new S3Error('NoSuchUpload', undefined, { details: { UploadId: id } });
}
