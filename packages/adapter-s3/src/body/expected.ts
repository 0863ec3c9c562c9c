import { S3Error } from '../errors.js';
import type { Headers } from '../http/headers.js';
import { CHECKSUM_BYTES, CHECKSUMS, type ChecksumName, checksumOf } from './checksums.js';

/** Which checksum a request declares of its body, and where its value stands. */
export interface ExpectedChecksum {
  readonly name: ChecksumName;
  /** Absent when the value comes in the trailer. */
  readonly value?: Buffer;
}

/** Throws `InvalidRequest` for several checksums, one of the wrong length, or an algorithm without a value. */
export function expectedChecksum(headers: Headers): ExpectedChecksum | undefined {
  const announced = headers.get('x-amz-sdk-checksum-algorithm');
  const algorithm = announced === undefined || announced === '' ? undefined : checksumOf(announced);
  if (announced !== undefined && announced !== '' && algorithm === undefined)
    throw new S3Error('InvalidRequest', 'The checksum algorithm is not one of those that are supported.');
  const trailer = trailerChecksum(headers.get('x-amz-trailer'));
  const inHeader = CHECKSUMS.filter((name) => headers.has(`x-amz-checksum-${name}`));
  if (inHeader.length + (trailer === undefined ? 0 : 1) > 1)
    throw new S3Error('InvalidRequest', 'Expecting a single x-amz-checksum- header.');
  const name = trailer ?? inHeader[0];
  if (name === undefined) {
    if (algorithm === undefined) return undefined;
    throw new S3Error(
      'InvalidRequest',
      'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
    );
  }
  if (algorithm !== undefined && algorithm !== name)
    throw new S3Error('InvalidRequest', 'The checksum is not of the algorithm that was announced.');
  if (trailer !== undefined) return { name };
  return { name, value: checksumValue(name, headers.get(`x-amz-checksum-${name}`) ?? '') };
}

/** Base64 of a checksum of the right length. */
export function checksumValue(name: ChecksumName, text: string): Buffer {
  const value = Buffer.from(text, 'base64');
  if (value.length !== CHECKSUM_BYTES[name] || value.toString('base64') !== text)
    throw new S3Error('InvalidRequest', `Value for x-amz-checksum-${name} header is invalid.`);
  return value;
}

/**
 * Throws `InvalidRequest` unless the request declares a digest of its body, which the SHA-256 that is signed does not count as (S3
 * API reference, DeleteObjects; user guide, "Checking object integrity").
 */
export function requireDigest(headers: Headers): void {
  if (headers.has('content-md5') || expectedChecksum(headers) !== undefined) return;
  throw new S3Error(
    'InvalidRequest',
    'Missing required header for this request: Content-MD5 OR x-amz-checksum-*',
  );
}

export function contentMd5(headers: Headers): Buffer | undefined {
  const text = headers.get('content-md5');
  if (text === undefined) return undefined;
  const value = Buffer.from(text, 'base64');
  if (value.length !== 16 || value.toString('base64') !== text) throw new S3Error('InvalidDigest');
  return value;
}

function trailerChecksum(announced: string | undefined): ChecksumName | undefined {
  if (announced === undefined) return undefined;
  const name = CHECKSUMS.find((one) => announced.toLowerCase() === `x-amz-checksum-${one}`);
  if (name === undefined)
    throw new S3Error('InvalidRequest', 'The value specified in the x-amz-trailer header is not supported.');
  return name;
}
