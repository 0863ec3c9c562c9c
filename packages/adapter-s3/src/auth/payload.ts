import { S3Error } from '../errors.js';

/** How a request says that its body is protected (`x-amz-content-sha256`). */
export type Payload =
  | { readonly kind: 'digest'; readonly sha256: string }
  | { readonly kind: 'unsigned' }
  | { readonly kind: 'chunked'; readonly signed: boolean; readonly trailer: boolean };

export const UNSIGNED = 'UNSIGNED-PAYLOAD';

const CHUNKED: Readonly<Record<string, Payload>> = {
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD': { kind: 'chunked', signed: true, trailer: false },
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER': { kind: 'chunked', signed: true, trailer: true },
  'STREAMING-UNSIGNED-PAYLOAD-TRAILER': { kind: 'chunked', signed: false, trailer: true },
};

export function payloadOf(word: string): Payload {
  if (word === UNSIGNED) return { kind: 'unsigned' };
  if (/^[0-9a-f]{64}$/.test(word)) return { kind: 'digest', sha256: word };
  const chunked = Object.hasOwn(CHUNKED, word) ? CHUNKED[word] : undefined;
  if (chunked !== undefined) return chunked;
  if (word.startsWith('STREAMING-')) throw new S3Error('NotImplemented', `${word} is not implemented.`);
  throw new S3Error(
    'InvalidArgument',
    'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, one of the STREAMING words, or a SHA-256 in hexadecimal.',
    { details: { ArgumentName: 'x-amz-content-sha256', ArgumentValue: word } },
  );
}
