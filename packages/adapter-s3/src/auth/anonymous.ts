import type { PublicBuckets } from '../config.js';
import { S3Error } from '../errors.js';
import type { Headers } from '../http/headers.js';
import type { Query } from '../http/url.js';
import { type Identity, isPresigned } from './authenticate.js';

/*
 * Requests without any proof. They may read the buckets that the server's configuration makes public, and nothing else;
 * a request that proves something wrong is never taken for one of these.
 */

export function isAnonymous(request: { readonly headers: Headers; readonly query: Query }): boolean {
  const { headers, query } = request;
  const version2 = query.has('AWSAccessKeyId') || query.has('Signature');
  return !headers.has('authorization') && !isPresigned(request) && !version2;
}

/** On whose behalf everybody reads a bucket. Throws `AccessDenied` unless it is public. */
export async function anonymousIdentity(
  bucket: string | undefined,
  publicBuckets: PublicBuckets,
): Promise<Identity> {
  const found = bucket === undefined ? undefined : await publicBuckets(bucket);
  if (found === undefined) throw new S3Error('AccessDenied', 'Requests have to be signed.');
  // Tokens of a listing that everybody may see need no secret: they say where it goes on.
  const credential = { user: found.user, secretAccessKey: 'anonymous', session: found.session };
  return {
    accessKeyId: '',
    credential,
    payload: { kind: 'unsigned' },
    chain: { key: Buffer.alloc(32), date: '', scope: { day: '', region: '', service: '' }, seed: '' },
  };
}

/**
 * Everybody sees what is current, as it is: older versions may be what somebody wanted to take back, and parameters that change
 * an answer's headers would let anybody who makes a link decide what a public object is.
 */
export function refuseMore(query: Query): void {
  if (query.has('versionId')) throw new S3Error('AccessDenied', 'Older versions are not public.');
  if ([...query.names()].some((name) => name.startsWith('response-')))
    throw new S3Error(
      'InvalidRequest',
      'Request specific response headers cannot be used for anonymous GET requests.',
    );
}
