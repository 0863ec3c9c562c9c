import { createHash } from 'node:crypto';
import type { NewProperties, ObjectEntry, Precondition, Stretch } from '@latchkey/vault';
import { checksumElement, startDigest } from '../body/checksums.js';
import { combineCrcs, isCrc } from '../body/crc-combine.js';
import { checksumValue, expectedChecksum } from '../body/expected.js';
import { isVaultError, S3Error } from '../errors.js';
import { type Reply, xmlReply } from '../http/reply.js';
import { uriEncode } from '../http/url.js';
import { expirationHeader } from '../lifecycle/operations.js';
import { checksumElements, checksumsOf, digestKey } from '../objects/checksums.js';
import { fileCondition } from '../objects/conditional.js';
import { writeCondition } from '../objects/conditions.js';
import { etagOf, quoted, unquoted } from '../objects/etag.js';
import { newPlaceOf, placeOf, requireBucket } from '../objects/keys.js';
import { COMPLETED } from '../objects/metadata.js';
import { encodePartTable, type ObjectPart } from '../objects/part-table.js';
import { endUpload, findUpload, noSuchUpload, partPath, type Upload } from '../objects/uploads.js';
import { customerKeyHeaders, customerKeyOf } from '../sse/customer-key.js';
import { contentSize } from '../sse/seal.js';
import { checkUploadKey, indexParts, type SealedParts } from '../sse/upload.js';
import { versionHeader } from '../versions/version-id.js';
import { parseXml, type XmlElement } from '../xml/parse.js';
import { element, result } from '../xml/write.js';
import { bucketOf, type Call, keyOf } from './operation.js';
import { BUCKET_ONLY } from './write.js';

/** Bytes of every part but the last, at least. */
const MIN_PART = 5 * 1024 * 1024;
const MAX_PARTS = 10_000;

interface ListedPart {
  readonly number: number;
  readonly etag: string;
  readonly checksum: string | undefined;
}

/** One commit: the object appears whole, or everything stays as it is and the upload can be completed again. */
export async function completeMultipartUpload(call: Call): Promise<Reply> {
  const { session, query, headers } = call;
  const [bucket, key, id] = [bucketOf(call), keyOf(call), query.get('uploadId') ?? ''];
  const upload = await findUpload(session, id, bucket, key).catch(unlessGone);
  if (upload === undefined) return answerAgain(call, await completedObject(call));
  const wanted = upload.checksum === undefined ? undefined : expectedOf(call, upload);
  const listed = listedParts(await partsDocument(call), upload);
  const mark = completionMark(bucket, key, id, listed);
  const place = newPlaceOf(bucket, key);
  const wished = writeCondition(headers);
  // The same request may be on its way twice, or its answer was lost: there is one version of one upload.
  const once: Precondition = (current) => {
    if (current?.metadata.get(COMPLETED) === mark) throw new CompletedBefore(current);
    wished?.(current);
  };
  const customerKey = customerKeyOf(call);
  if (customerKey !== undefined) checkUploadKey(upload, customerKey);
  await requireBucket(session, bucket);
  try {
    const numbers = listed.map(({ number }) => number);
    const sealed = await indexParts(session, id, upload, numbers);
    const sources = numbers.map((number): Stretch => ({ path: partPath(id, number) }));
    const entry = await session.composeObject(
      sealed === undefined ? sources : [...sources, sealed.index],
      place.path,
      {
        existing: BUCKET_ONLY,
        precondition: await fileCondition(session, place, once),
        describe: async (entries) => {
          sealed?.check(entries);
          const parts = entries.slice(0, listed.length);
          checkParts(listed, parts, upload);
          checkSize(headers.get('x-amz-mp-object-size'), parts);
          const properties = await propertiesOf(numbers, parts, upload, sealed?.digests);
          const whole =
            upload.checksum && properties.digests?.get(digestKey(upload.checksum.name, upload.checksum.type));
          if (wanted !== undefined && (whole === undefined || !wanted.equals(whole)))
            throw new S3Error('BadDigest');
          const { attributes } = upload.description;
          const metadata = new Map([...(attributes.metadata ?? []), [COMPLETED, mark]]);
          return { properties, attributes: { ...attributes, metadata } };
        },
      },
    );
    // Another request with the same list may have ended it first.
    await endUpload(session, id).catch(unlessGone);
    return await completed(call, entry);
  } catch (error) {
    if (error instanceof CompletedBefore) {
      await endUpload(session, id).catch(unlessGone);
      return completed(call, error.entry);
    }
    if (!isVaultError(error, 'not-found')) throw error;
    const still = await findUpload(session, id, bucket, key).catch(unlessGone);
    if (still === undefined) return answerAgain(call, await completedObject(call), listed);
    await requireBucket(session, bucket);
    throw new S3Error('InvalidPart');
  }
}

/** The object is what this very request makes of it. */
class CompletedBefore extends Error {
  readonly entry: ObjectEntry;

  constructor(entry: ObjectEntry) {
    super('the upload has been completed before');
    this.entry = entry;
  }
}

async function completed(call: Call, entry: ObjectEntry): Promise<Reply> {
  const [bucket, key] = [bucketOf(call), keyOf(call)];
  return xmlReply(
    result('CompleteMultipartUploadResult', [
      element('Location', `/${uriEncode(bucket)}/${uriEncode(key, true)}`),
      element('Bucket', bucket),
      element('Key', key),
      element('ETag', quoted(etagOf(entry))),
      ...checksumElements(checksumsOf(entry)),
    ]),
    {
      ...customerKeyHeaders(customerKeyOf(call)),
      ...(await versionHeader(call.session, bucket, entry)),
      ...(await expirationHeader(call, entry)),
    },
  );
}

/** The object under the key, if some upload made it. Throws `NoSuchUpload`. */
async function completedObject(call: Call): Promise<ObjectEntry> {
  const { session, query } = call;
  const place = placeOf(bucketOf(call), keyOf(call));
  const entry = await (place && session.statObject(place.path, 'file').catch(unlessGone));
  if (entry?.metadata.has(COMPLETED) !== true) throw noSuchUpload(query.get('uploadId') ?? '');
  return entry;
}

/** A request that is repeated, because its answer was lost, is answered as it was at first. */
async function answerAgain(call: Call, entry: ObjectEntry, listed?: readonly ListedPart[]): Promise<Reply> {
  const [bucket, key, id] = [bucketOf(call), keyOf(call), call.query.get('uploadId') ?? ''];
  const parts = listed ?? listedParts(await partsDocument(call), {});
  if (entry.metadata.get(COMPLETED) !== completionMark(bucket, key, id, parts)) throw noSuchUpload(id);
  return completed(call, entry);
}

async function partsDocument(call: Call): Promise<XmlElement> {
  // The checksum in the headers is the object's, not that of the list of parts.
  const body = call.body(call.server.limits.documentBytes, { ignoreChecksum: true });
  return parseXml(await body.text(), 'CompleteMultipartUpload');
}

/** Says of an object by which request it was completed. */
function completionMark(bucket: string, key: string, id: string, listed: readonly ListedPart[]): string {
  const parts = listed.map(({ number, etag }) => [number, etag]);
  return createHash('sha256')
    .update(JSON.stringify([bucket, key, id, parts]))
    .digest('base64');
}

function unlessGone(error: unknown): undefined {
  if (error instanceof S3Error && error.code === 'NoSuchUpload') return undefined;
  if (isVaultError(error, 'not-found', 'not-a-directory')) return undefined;
  throw error;
}

function expectedOf({ headers }: Call, { checksum }: Upload): Buffer | undefined {
  const text = checksum && headers.get(`x-amz-checksum-${checksum.name}`);
  if (checksum === undefined || text === undefined) return expectedChecksum(headers)?.value;
  return checksumValue(checksum.name, checksum.type === 'COMPOSITE' ? text.replace(/-\d+$/, '') : text);
}

function listedParts(root: XmlElement, { checksum }: Pick<Upload, 'checksum'>): ListedPart[] {
  const listed = root.all('Part').map((part): ListedPart => {
    const number = part.value('PartNumber')?.trim() ?? '';
    const etag = part.value('ETag');
    if (!/^\d{1,5}$/.test(number) || etag === undefined) throw new S3Error('MalformedXML');
    const name = checksum === undefined ? undefined : checksumElement(checksum.name);
    return {
      number: Number(number),
      etag: unquoted(etag.trim()),
      checksum: name === undefined ? undefined : part.value(name),
    };
  });
  if (listed.length === 0 || listed.length > MAX_PARTS) throw new S3Error('MalformedXML');
  for (const [index, { number }] of listed.entries()) {
    if (number < 1 || number > MAX_PARTS) throw new S3Error('InvalidArgument');
    if (index > 0 && number <= (listed[index - 1] as ListedPart).number)
      throw new S3Error('InvalidPartOrder');
  }
  return listed;
}

function checkParts(
  listed: readonly ListedPart[],
  parts: readonly ObjectEntry[],
  { checksum }: Upload,
): void {
  for (const [index, { number, etag, checksum: text }] of listed.entries()) {
    const part = parts[index];
    const details = { details: { PartNumber: String(number), ETag: etag } };
    if (part === undefined || etagOf(part) !== etag) throw new S3Error('InvalidPart', undefined, details);
    const kept = checksum === undefined ? undefined : part.digests?.get(checksum.name);
    if (text !== undefined && (kept === undefined || Buffer.from(kept).toString('base64') !== text))
      throw new S3Error('InvalidPart', undefined, details);
    const size = contentSize(part);
    if (size < MIN_PART && index < listed.length - 1)
      throw new S3Error('EntityTooSmall', undefined, {
        details: { ...details.details, ProposedSize: String(size), MinSizeAllowed: String(MIN_PART) },
      });
  }
}

function checkSize(text: string | undefined, parts: readonly ObjectEntry[]): void {
  if (text === undefined) return;
  const size = parts.reduce((sum, part) => sum + contentSize(part), 0);
  if (text !== String(size))
    throw new S3Error('InvalidRequest', 'x-amz-mp-object-size is not the size of the parts.');
}

/** ETag and checksum as S3 computes them of those of the parts. */
async function propertiesOf(
  numbers: readonly number[],
  parts: readonly ObjectEntry[],
  { checksum, description }: Upload,
  sealed: SealedParts['digests'] = [],
): Promise<NewProperties> {
  const md5 = createHash('md5');
  for (const part of parts) md5.update(Buffer.from(etagOf(part).replace(/-.*$/, ''), 'hex'));
  const digests = new Map<string, Uint8Array>(sealed);
  if (checksum !== undefined) {
    const { name, type } = checksum;
    const sums = parts.map((part) => ({
      crc: part.digests?.get(name) ?? new Uint8Array(0),
      length: contentSize(part),
    }));
    const key = digestKey(name, type);
    if (type === 'FULL_OBJECT' && isCrc(name)) digests.set(key, new Uint8Array(combineCrcs(name, sums)));
    else {
      const running = await startDigest(name);
      running.update(Buffer.concat(sums.map((one) => one.crc)));
      digests.set(key, new Uint8Array(running.digest()));
    }
  }
  return {
    contentType: description.contentType,
    etag: `${md5.digest('hex')}-${parts.length}`,
    digests,
    appendix: encodePartTable(
      parts.map((part, index): ObjectPart => {
        const value = checksum && part.digests?.get(checksum.name);
        const sum = checksum === undefined || value === undefined ? {} : { checksum: { ...checksum, value } };
        return { number: numbers[index] ?? 0, size: contentSize(part), ...sum };
      }),
    ),
  };
}
