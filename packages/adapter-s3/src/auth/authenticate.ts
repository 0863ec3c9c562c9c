import type { Credential, CredentialDirectory } from '../config.js';
import { S3Error } from '../errors.js';
import { MAX_SKEW_MS, parseBasicDate } from './dates.js';
import { type Payload, payloadOf, UNSIGNED } from './payload.js';
import {
  ALGORITHM,
  canonicalRequests,
  hmac,
  type Scope,
  type Signable,
  sameSignature,
  signingKey,
  stringToSign,
} from './signature.js';

/** What a request proved. */
export interface Identity {
  readonly accessKeyId: string;
  readonly credential: Credential;
  readonly payload: Payload;
  /** What the signatures of chunks are chained to. */
  readonly chain: Chain;
}

export interface Chain {
  readonly key: Buffer;
  readonly date: string;
  readonly scope: Scope;
  readonly seed: string;
}

export interface Verifier {
  readonly credentials: CredentialDirectory;
  readonly region: string;
  readonly now: () => number;
}

/** What a client says about its signature, from a header or from parameters. */
export interface Claim {
  readonly accessKeyId: string;
  readonly scope: Scope;
  readonly date: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  readonly payload: string;
  /** Seconds; presigned URLs only. */
  readonly expires?: number;
}

const NOBODY = 'nobody has this secret; it costs the time of one that somebody has';
const MAX_EXPIRES = 7 * 24 * 60 * 60;
const V2 =
  'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256 (signature version 4).';

/** Who signed a request. Throws the S3 error that it is refused with; 403 whenever the proof fails. */
export async function authenticate(request: Signable, verifier: Verifier): Promise<Identity> {
  const claim = claimOf(request);
  checkSignedHeaders(request, claim);
  return verifyClaim(claim, verifier, (scope) =>
    canonicalRequests(request, claim.signedHeaders, claim.payload).map((canonical) =>
      stringToSign(claim.date, scope, canonical),
    ),
  );
}

/** Checks a claim against what was signed, in any of its forms. */
export async function verifyClaim(
  claim: Claim,
  verifier: Verifier,
  signed: (scope: Scope) => readonly string[],
): Promise<Identity> {
  checkScope(claim, verifier.region);
  checkDate(claim, verifier.now());
  const payload = payloadOf(claim.payload);
  const credential = await verifier.credentials.find(claim.accessKeyId);
  const key = signingKey(credential?.secretAccessKey ?? NOBODY, claim.scope);
  const right = signed(claim.scope).filter((text) =>
    sameSignature(hmac(key, text).toString('hex'), claim.signature),
  );
  if (credential === undefined)
    throw new S3Error('InvalidAccessKeyId', undefined, { details: { AWSAccessKeyId: claim.accessKeyId } });
  if (right.length === 0) throw new S3Error('SignatureDoesNotMatch');
  const chain = { key, date: claim.date, scope: claim.scope, seed: claim.signature };
  return { accessKeyId: claim.accessKeyId, credential, payload, chain };
}

/** Whether a request carries a signature in its parameters. */
export function isPresigned({ query }: Pick<Signable, 'query'>): boolean {
  return query.has('X-Amz-Algorithm') || query.has('X-Amz-Signature') || query.has('X-Amz-Credential');
}

function claimOf(request: Signable): Claim {
  const authorization = request.headers.get('authorization');
  const version2 = request.query.has('AWSAccessKeyId') && request.query.has('Signature');
  if (authorization !== undefined && (isPresigned(request) || version2))
    throw new S3Error('InvalidArgument', 'Only one authorization mechanism is allowed.');
  if (version2 || authorization?.startsWith('AWS ') === true) throw new S3Error('InvalidRequest', V2);
  if (authorization !== undefined) return headerClaim(request, authorization);
  if (isPresigned(request)) return queryClaim(request);
  throw new S3Error('AccessDenied', 'Requests have to be signed.');
}

function headerClaim({ headers }: Signable, authorization: string): Claim {
  const [algorithm = '', rest = ''] = splitOnce(authorization, ' ');
  if (algorithm !== ALGORITHM) throw new S3Error('InvalidRequest', V2);
  const fields = new Map<string, string>();
  for (const part of rest.split(',')) {
    const [name = '', value] = splitOnce(part.trim(), '=');
    if (value === undefined || fields.has(name)) throw new S3Error('AuthorizationHeaderMalformed');
    fields.set(name, value);
  }
  if (fields.size !== 3) throw new S3Error('AuthorizationHeaderMalformed');
  const payload = headers.get('x-amz-content-sha256');
  if (payload === undefined)
    throw new S3Error('InvalidRequest', 'Missing required header for this request: x-amz-content-sha256');
  return {
    ...credentialOf(fields.get('Credential'), 'AuthorizationHeaderMalformed'),
    date: headers.get('x-amz-date') ?? dateHeader(headers.get('date')),
    signedHeaders: headerNames(fields.get('SignedHeaders'), 'AuthorizationHeaderMalformed'),
    signature: fields.get('Signature') ?? '',
    payload,
  };
}

function queryClaim({ query, headers }: Signable): Claim {
  const malformed = 'AuthorizationQueryParametersError';
  const expires = query.get('X-Amz-Expires') ?? '';
  if (query.get('X-Amz-Algorithm') !== ALGORITHM) throw new S3Error(malformed);
  if (!/^\d{1,6}$/.test(expires) || Number(expires) < 1 || Number(expires) > MAX_EXPIRES)
    throw new S3Error(malformed, 'X-Amz-Expires must be between 1 and 604800 seconds.');
  return {
    ...credentialOf(query.get('X-Amz-Credential'), malformed),
    date: query.get('X-Amz-Date') ?? '',
    signedHeaders: headerNames(query.get('X-Amz-SignedHeaders'), malformed),
    signature: query.get('X-Amz-Signature') ?? '',
    payload: headers.get('x-amz-content-sha256') ?? query.get('X-Amz-Content-Sha256') ?? UNSIGNED,
    expires: Number(expires),
  };
}

type Malformed = 'AuthorizationHeaderMalformed' | 'AuthorizationQueryParametersError';

/** `ID/YYYYMMDD/REGION/s3/aws4_request`; the id itself may have slashes. */
export function credentialOf(
  text: string | undefined,
  malformed: Malformed,
): { readonly accessKeyId: string; readonly scope: Scope } {
  const parts = (text ?? '').split('/');
  const [day, region, service, end] = parts.slice(-4);
  const accessKeyId = parts.slice(0, -4).join('/');
  if (
    accessKeyId === '' ||
    day === undefined ||
    !/^\d{8}$/.test(day) ||
    region === undefined ||
    service === undefined ||
    end !== 'aws4_request'
  )
    throw new S3Error(
      malformed,
      'The credential is not of the form ID/YYYYMMDD/REGION/SERVICE/aws4_request.',
    );
  return { accessKeyId, scope: { day, region, service } };
}

function headerNames(text: string | undefined, malformed: Malformed): string[] {
  const names = (text ?? '').split(';');
  const sorted = names.every((name, index) => index === 0 || (names[index - 1] as string) < name);
  if (!sorted || names.some((name) => name === '' || name !== name.toLowerCase()))
    throw new S3Error(malformed, 'The signed headers are not sorted names in lower case.');
  return names;
}

/** What could change the meaning of a request must be signed, and what is signed must be there. */
function checkSignedHeaders({ headers }: Signable, { signedHeaders }: Claim): void {
  const signed = new Set(signedHeaders);
  if (!signed.has('host')) throw new S3Error('AccessDenied', 'The header host must be signed.');
  const missing = signedHeaders.filter((name) => !headers.has(name));
  if (missing.length > 0)
    throw new S3Error('SignatureDoesNotMatch', `A signed header is missing: ${missing.join(', ')}`);
  const unsigned = [...headers.names()].filter((name) => name.startsWith('x-amz-') && !signed.has(name));
  if (unsigned.length > 0)
    throw new S3Error('AccessDenied', 'There were headers present in the request which were not signed.', {
      details: { HeadersNotSigned: unsigned.join(', ') },
    });
}

function checkScope({ scope, expires }: Claim, region: string): void {
  const code = expires === undefined ? 'AuthorizationHeaderMalformed' : 'AuthorizationQueryParametersError';
  if (scope.region !== region)
    throw new S3Error(code, `The region '${scope.region}' is wrong; expecting '${region}'.`, {
      details: { Region: region },
      headers: { 'x-amz-bucket-region': region },
    });
  if (scope.service !== 's3')
    throw new S3Error(code, `The service '${scope.service}' is wrong; expecting 's3'.`);
}

function checkDate({ date, scope, expires }: Claim, now: number): void {
  const time = parseBasicDate(date);
  if (time === undefined)
    throw new S3Error('AccessDenied', 'A valid Date or x-amz-date is required to authenticate.');
  if (!date.startsWith(scope.day))
    throw new S3Error('SignatureDoesNotMatch', 'The date of the credential is not that of the request.');
  if (time - now > MAX_SKEW_MS || (expires === undefined && now - time > MAX_SKEW_MS))
    throw new S3Error('RequestTimeTooSkewed', undefined, {
      details: { RequestTime: date, ServerTime: new Date(now).toISOString() },
    });
  if (expires !== undefined && now > time + expires * 1000)
    throw new S3Error('AccessDenied', 'Request has expired', {
      details: { ServerTime: new Date(now).toISOString(), 'X-Amz-Expires': String(expires) },
    });
}

/** The Date header of HTTP as SigV4 writes dates. */
function dateHeader(text: string | undefined): string {
  const time = Date.parse(text ?? '');
  return Number.isNaN(time) ? '' : new Date(time).toISOString().replace(/[-:]|\.\d{3}/g, '');
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}
