import type { ObjectEntry } from '@latchkey/vault';
import { checksumOf } from '../body/checksums.js';
import { isCrc } from '../body/crc-combine.js';
import { isVaultError, S3Error } from '../errors.js';
import { type Reply, xmlReply } from '../http/reply.js';
import { abortHeaders } from '../lifecycle/operations.js';
import { checksumElements, checksumHeaders, checksumsOf } from '../objects/checksums.js';
import { checkRead } from '../objects/conditions.js';
import { etagOf, modifiedOf, quoted } from '../objects/etag.js';
import { newPlaceOf, requireBucket } from '../objects/keys.js';
import { descriptionOf } from '../objects/metadata.js';
import { ownerElement } from '../objects/owner.js';
import {
  beginUpload,
  endUpload,
  findUpload,
  noSuchUpload,
  partPath,
  partsOf,
  type Upload,
} from '../objects/uploads.js';
import { type CopyKeys, copyKeysOf, hasKeys, recode } from '../sse/copy.js';
import { customerKeyHeaders, customerKeyOf } from '../sse/customer-key.js';
import { checkKey, contentSize, sealing } from '../sse/seal.js';
import { checkUploadKey, uploadSeal } from '../sse/upload.js';
import { checkLock } from '../versions/locks.js';
import { element, result } from '../xml/write.js';
import { completeMultipartUpload } from './complete.js';
import { copyFailure, copySource, sourceHeader, stretchOf } from './copy.js';
import { bucketOf, type Call, keyOf, type Operation } from './operation.js';
import { checkUnchanged, computeChecksum } from './source-checksum.js';

export const MAX_PARTS = 10_000;

async function createMultipartUpload(call: Call): Promise<Reply> {
  const { session, headers } = call;
  const [bucket, key] = [bucketOf(call), keyOf(call)];
  newPlaceOf(bucket, key);
  await requireBucket(session, bucket);
  await checkLock(session, bucket, descriptionOf(headers).attributes);
  const checksum = checksumChoice(call);
  const description = descriptionOf(headers);
  const customerKey = customerKeyOf(call);
  const started = Date.now();
  const id = await beginUpload(session, {
    bucket,
    key,
    started,
    description,
    ...uploadSeal(customerKey),
    ...(checksum === undefined ? {} : { checksum }),
  });
  const names = [element('Bucket', bucket), element('Key', key), element('UploadId', id)];
  return xmlReply(result('InitiateMultipartUploadResult', names), {
    ...customerKeyHeaders(customerKey),
    ...(await abortHeaders(call, started)),
    'x-amz-checksum-algorithm': checksum?.name.toUpperCase(),
    'x-amz-checksum-type': checksum?.type,
    'x-amz-server-side-encryption': headers.get('x-amz-server-side-encryption'),
  });
}

/** S3 user guide, "Checking object integrity": which algorithms know which type. */
function checksumChoice({ headers }: Call): Upload['checksum'] {
  const algorithm = headers.get('x-amz-checksum-algorithm');
  const type = headers.get('x-amz-checksum-type')?.toUpperCase();
  const name = checksumOf(algorithm ?? '');
  if (algorithm === undefined && type === undefined) return undefined;
  if (name === undefined) throw new S3Error('InvalidRequest', 'The checksum algorithm is not supported.');
  const chosen = type ?? (name === 'crc64nvme' ? 'FULL_OBJECT' : 'COMPOSITE');
  if (chosen === 'FULL_OBJECT' ? isCrc(name) : chosen === 'COMPOSITE' && name !== 'crc64nvme')
    return { name, type: chosen as 'FULL_OBJECT' | 'COMPOSITE' };
  throw new S3Error('InvalidRequest', `The ${chosen} checksum type cannot be used with ${algorithm}.`);
}

function partNumberOf({ query }: Call): number {
  const text = query.get('partNumber') ?? '';
  const number = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > MAX_PARTS)
    throw new S3Error('InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive', {
      details: { ArgumentName: 'partNumber', ArgumentValue: text },
    });
  return number;
}

async function uploadPart(call: Call): Promise<Reply> {
  const { session, server, query } = call;
  const number = partNumberOf(call);
  const id = query.get('uploadId') ?? '';
  const upload = await findUpload(session, id, bucketOf(call), keyOf(call));
  const { checksum } = upload;
  const key = customerKeyOf(call);
  checkUploadKey(upload, key);
  const seal = key === undefined ? undefined : sealing(key, number);
  const compute = checksum === undefined ? {} : { compute: checksum.name };
  const body = call.body(server.limits.uploadBytes, compute);
  if (body.expected !== undefined && checksum !== undefined && body.expected.name !== checksum.name)
    throw new S3Error(
      'InvalidRequest',
      'Checksum Type mismatch: the upload was begun with another algorithm.',
    );
  try {
    const entry = await session.writeObject(
      partPath(id, number),
      seal?.stream(body.stream()) ?? body.stream(),
      {
        shared: true,
        describe: () => {
          const { md5, checksum: sum } = body.digests;
          const digests = new Map<string, Uint8Array>();
          if (sum !== undefined) digests.set(sum.name, new Uint8Array(sum.value));
          if (seal !== undefined) digests.set(...seal.digest);
          return { etag: seal?.etag ?? md5.toString('hex'), digests };
        },
      },
    );
    const headers = { ETag: quoted(etagOf(entry)), ...checksumHeaders(checksumsOf(entry)) };
    const keyed = customerKeyHeaders(key);
    return { status: 200, headers: { ...headers, ...keyed, 'x-amz-checksum-type': undefined } };
  } catch (error) {
    if (isVaultError(error, 'not-found')) throw noSuchUpload(id);
    throw error;
  }
}

/** A part out of a stretch of an object. Its ETag is by version, because no content is read to compute one. */
async function uploadPartCopy(call: Call): Promise<Reply> {
  const { session, query, headers } = call;
  const number = partNumberOf(call);
  const id = query.get('uploadId') ?? '';
  const upload = await findUpload(session, id, bucketOf(call), keyOf(call));
  const source = copySource(call);
  const range = copyRange(headers.get('x-amz-copy-source-range'));
  const keys = copyKeysOf(call);
  checkUploadKey(upload, keys.target);
  try {
    if (hasKeys(keys)) {
      const paths = { source, target: partPath(id, number) };
      const recoding = { ...paths, keys, part: number, range, checksum: upload.checksum?.name };
      const copied = await recode(call, recoding);
      return copiedPart(copied, await sourceHeader(call, source, undefined), keys);
    }
    const computed =
      upload.checksum && (await computeChecksum(session, source, { name: upload.checksum.name, ...range }));
    const stretch = { ...stretchOf(source), ...range };
    let taken: ObjectEntry | undefined;
    const entry = await session.composeObject([stretch], partPath(id, number), {
      describe: ([from]) => {
        if (from === undefined) throw new S3Error('NoSuchKey');
        taken = from;
        checkKey(from, undefined);
        checkRead(headers, from, 'x-amz-copy-source-');
        if (computed !== undefined) checkUnchanged(computed, from);
        const whole = range.length === undefined || range.length === from.size;
        const etag = whole && from.etag !== undefined && !from.etag.includes('-') ? { etag: from.etag } : {};
        const digests = computed === undefined ? {} : { digests: computed.digests };
        return { properties: { ...etag, ...digests }, attributes: {} };
      },
    });
    return copiedPart(entry, await sourceHeader(call, source, taken), keys);
  } catch (error) {
    if (isVaultError(error, 'invalid-argument') && range.length !== undefined)
      throw new S3Error('InvalidArgument', 'The range is not valid for the source object.');
    throw await copyFailure(call, source, error);
  }
}

function copiedPart(entry: ObjectEntry, source: Record<string, string>, { target }: CopyKeys): Reply {
  return xmlReply(
    result('CopyPartResult', [
      element('LastModified', new Date(modifiedOf(entry)).toISOString()),
      element('ETag', quoted(etagOf(entry))),
      ...checksumElements(checksumsOf(entry)),
    ]),
    { ...customerKeyHeaders(target), ...source },
  );
}

function copyRange(text: string | undefined): { readonly offset?: number; readonly length?: number } {
  if (text === undefined) return {};
  const match = /^bytes=(\d{1,15})-(\d{1,15})$/.exec(text);
  const [first, last] = [Number(match?.[1]), Number(match?.[2])];
  if (match === null || last < first)
    throw new S3Error(
      'InvalidArgument',
      'The x-amz-copy-source-range value must be of the form bytes=first-last',
    );
  return { offset: first, length: last - first + 1 };
}

async function listParts(call: Call): Promise<Reply> {
  const { session, query, identity } = call;
  const [bucket, key, id] = [bucketOf(call), keyOf(call), query.get('uploadId') ?? ''];
  const { checksum, started } = await findUpload(session, id, bucket, key);
  const limit = query.count('max-parts', 1000, 1000);
  const marker = query.count('part-number-marker', 0, MAX_PARTS);
  const found = await partsOf(session, id, marker, limit);
  const parts = found.slice(0, limit);
  const more = found.length > limit;
  const { user } = identity.credential;
  return xmlReply(
    result('ListPartsResult', [
      element('Bucket', bucket),
      element('Key', key),
      element('UploadId', id),
      element('PartNumberMarker', marker),
      element('NextPartNumberMarker', parts.at(-1)?.number ?? marker),
      element('MaxParts', limit),
      element('IsTruncated', more),
      element('ChecksumAlgorithm', checksum?.name.toUpperCase()),
      element('ChecksumType', checksum?.type),
      ownerElement(user, 'Initiator'),
      ownerElement(user),
      element('StorageClass', 'STANDARD'),
      ...parts.map(({ number, entry }) =>
        element('Part', [
          element('PartNumber', number),
          element('LastModified', new Date(modifiedOf(entry)).toISOString()),
          element('ETag', quoted(etagOf(entry))),
          element('Size', contentSize(entry)),
          ...checksumElements(checksumsOf(entry)).slice(0, -1),
        ]),
      ),
    ]),
    await abortHeaders(call, started),
  );
}

/** Runs an operation on an upload, which is not taken for abandoned as long. */
function working(run: Operation['run']): Operation['run'] {
  return (call) => call.server.uploads.using(call.session, call.query.get('uploadId') ?? '', () => run(call));
}

async function abortMultipartUpload(call: Call): Promise<Reply> {
  const id = call.query.get('uploadId') ?? '';
  await findUpload(call.session, id, bucketOf(call), keyOf(call));
  await endUpload(call.session, id);
  return { status: 204 };
}

export const MULTIPART_OPERATIONS: readonly Operation[] = [
  {
    name: 'CreateMultipartUpload',
    method: 'POST',
    scope: 'object',
    query: ['uploads'],
    run: createMultipartUpload,
  },
  {
    name: 'UploadPart',
    method: 'PUT',
    scope: 'object',
    query: ['uploadId', 'partNumber'],
    run: working(uploadPart),
  },
  {
    name: 'UploadPartCopy',
    method: 'PUT',
    scope: 'object',
    query: ['uploadId', 'partNumber'],
    header: 'x-amz-copy-source',
    run: working(uploadPartCopy),
  },
  { name: 'ListParts', method: 'GET', scope: 'object', query: ['uploadId'], run: listParts },
  {
    name: 'CompleteMultipartUpload',
    method: 'POST',
    scope: 'object',
    query: ['uploadId'],
    run: working(completeMultipartUpload),
  },
  {
    name: 'AbortMultipartUpload',
    method: 'DELETE',
    scope: 'object',
    query: ['uploadId'],
    run: abortMultipartUpload,
  },
];
