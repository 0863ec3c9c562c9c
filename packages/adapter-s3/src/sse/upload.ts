import type { ObjectEntry, ObjectSession, Stretch } from '@latchkey/vault';
import { S3Error } from '../errors.js';
import { indexPath, partsOf, type Upload } from '../objects/uploads.js';
import type { CustomerKey } from './customer-key.js';
import { indexOfParts } from './part-index.js';
import { contentSize, fits, newSeal, partsDigest, sealDigest } from './seal.js';

const MAX_PARTS = 10_000;

/** What an upload remembers of the key that its parts have to be sent with. */
export function uploadSeal(key: CustomerKey | undefined): Pick<Upload, 'seal'> {
  return key === undefined ? {} : { seal: Buffer.from(newSeal(key)).toString('base64') };
}

/** Throws `InvalidRequest` unless a request for a part has the key that the upload was begun with, or none as it had none. */
export function checkUploadKey({ seal }: Upload, key: CustomerKey | undefined): void {
  if (seal === undefined && key === undefined) return;
  if (seal === undefined)
    throw new S3Error('InvalidRequest', 'The multipart upload was begun without a customer-provided key.');
  if (key === undefined)
    throw new S3Error(
      'InvalidRequest',
      'The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate encryption parameters.',
    );
  if (!fits(Buffer.from(seal, 'base64'), key))
    throw new S3Error(
      'InvalidRequest',
      'The provided encryption parameters did not match the ones used originally.',
    );
}

/** What completes an upload of sealed parts: the index behind them, and what the record says of it. */
export interface SealedParts {
  readonly index: Stretch;
  readonly digests: readonly (readonly [string, Uint8Array])[];
  /** Throws `SlowDown` when a part has been sent again since the index was written. */
  check(parts: readonly ObjectEntry[]): void;
}

/** Writes the index of the listed parts; undefined for an upload without a key. */
export async function indexParts(
  session: ObjectSession,
  id: string,
  { seal }: Upload,
  numbers: readonly number[],
): Promise<SealedParts | undefined> {
  if (seal === undefined) return undefined;
  const found = new Map((await partsOf(session, id, 0, MAX_PARTS)).map((part) => [part.number, part]));
  const parts = numbers.map((number) => {
    const part = found.get(number);
    if (part === undefined)
      throw new S3Error('InvalidPart', undefined, { details: { PartNumber: String(number) } });
    return part;
  });
  const index = indexOfParts(parts);
  const path = indexPath(id);
  await session.writeObject(path, index, { shared: true });
  const size = parts.reduce((sum, { entry }) => sum + contentSize(entry), 0);
  const expected = parts.map(({ entry }) => entry.etag);
  return {
    index: { path },
    digests: [sealDigest(new Uint8Array(Buffer.from(seal, 'base64'))), partsDigest(parts.length, size)],
    check: (entries) => {
      if (numbers.some((_, at) => entries[at]?.etag !== expected[at]))
        throw new S3Error('SlowDown', 'A part was sent again while the upload was completed.');
    },
  };
}
