import type { ObjectSession } from '@latchkey/vault';
import { S3Error } from '../errors.js';
import { corsOf, ruleFor } from '../objects/cors.js';
import { hasBucket } from '../objects/keys.js';
import type { Headers } from './headers.js';
import type { Reply } from './reply.js';

type CrossOriginHeaders = Readonly<Record<string, string>>;

const VARY = 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method';

/**
 * What the answer to a request from another origin says to the browser (Fetch standard, "CORS protocol"). None when the
 * request names no origin or the bucket has no rule for it.
 */
export async function crossOriginHeaders(
  session: ObjectSession,
  bucket: string | undefined,
  headers: Headers,
  method: string,
): Promise<CrossOriginHeaders> {
  const origin = headers.get('origin');
  if (origin === undefined || bucket === undefined) return {};
  return (await allowed(session, bucket, { origin, method, names: [] })) ?? {};
}

/**
 * The answer to the question of a browser whether it may send a request. The question bears no proof, and its answer
 * tells nothing but what the rules say; a bucket that is not there is answered as one without rules.
 */
export async function preflight(
  session: ObjectSession | undefined,
  bucket: string | undefined,
  headers: Headers,
): Promise<Reply> {
  const origin = headers.get('origin');
  const method = headers.get('access-control-request-method');
  if (origin === undefined || method === undefined)
    throw new S3Error(
      'BadRequest',
      'Insufficient information. The headers Origin and Access-Control-Request-Method are needed.',
    );
  const names = (headers.get('access-control-request-headers') ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
  const known = session !== undefined && bucket !== undefined;
  const found = known ? await allowed(session, bucket, { origin, method, names }) : undefined;
  if (found === undefined)
    throw new S3Error(
      'AccessForbidden',
      'CORSResponse: This CORS request is not allowed. The rules of the bucket do not have its origin, method and headers.',
    );
  const asked = names.length === 0 ? {} : { 'Access-Control-Allow-Headers': names.join(', ') };
  return { status: 200, headers: { ...found, ...asked } };
}

interface Question {
  readonly origin: string;
  readonly method: string;
  readonly names: readonly string[];
}

async function allowed(
  session: ObjectSession,
  bucket: string,
  { origin, method, names }: Question,
): Promise<CrossOriginHeaders | undefined> {
  if (!(await hasBucket(session, bucket))) return undefined;
  const found = ruleFor(corsOf(await session.statObject([bucket])) ?? [], origin, method, names);
  if (found === undefined) return undefined;
  const { methods, expose, maxAge } = found.rule;
  const anybody = found.origin === '*';
  return {
    'Access-Control-Allow-Origin': anybody ? '*' : origin,
    'Access-Control-Allow-Methods': methods.join(', '),
    ...(anybody ? {} : { 'Access-Control-Allow-Credentials': 'true' }),
    ...(expose.length === 0 ? {} : { 'Access-Control-Expose-Headers': expose.join(', ') }),
    ...(maxAge === undefined ? {} : { 'Access-Control-Max-Age': String(maxAge) }),
    Vary: VARY,
  };
}
