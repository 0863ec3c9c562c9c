import type { ObjectSession } from '@latchkey/vault';
import { type Claim, credentialOf, type Identity, type Verifier, verifyClaim } from '../auth/authenticate.js';
import { UNSIGNED } from '../auth/payload.js';
import { checkPolicy } from '../auth/policy.js';
import { ALGORITHM } from '../auth/signature.js';
import { Body } from '../body/body.js';
import { boundaryOf, readForm } from '../body/form.js';
import { S3Error } from '../errors.js';
import type { Address } from '../http/address.js';
import { Headers, headerValue } from '../http/headers.js';
import { type Reply, xmlReply } from '../http/reply.js';
import { Query, uriEncode } from '../http/url.js';
import { etagOf, quoted } from '../objects/etag.js';
import { newPlaceOf } from '../objects/keys.js';
import { descriptionOf } from '../objects/metadata.js';
import { MAX_OBJECT_TAGS, parseTagging } from '../objects/tags.js';
import { customerKeyHeaders, customerKeyOf } from '../sse/customer-key.js';
import { versionHeader } from '../versions/version-id.js';
import { document, element } from '../xml/write.js';
import type { Call, ServerContext } from './operation.js';
import { checkServiceHeaders } from './registry.js';
import { storeObject } from './write.js';

/*
 * Upload by a form in a browser (S3 API reference, "POST object"). Nothing of the request is signed but a policy, which
 * says what the fields may be and until when. So the fields stand for headers, and those of the request say nothing.
 */

/** Policies are good until they expire, but the key that signs them changes daily and is taken for a week. */
const KEY_SECONDS = 7 * 24 * 60 * 60;

/** Fields that steer the answer or the proof and are no headers of the object. */
const NO_HEADERS: ReadonlySet<string> = new Set([
  'bucket',
  'key',
  'policy',
  'redirect',
  'success_action_redirect',
  'success_action_status',
  'tagging',
  'x-amz-algorithm',
  'x-amz-credential',
  'x-amz-signature',
]);

export interface FormRequest {
  readonly server: ServerContext;
  readonly verifier: Verifier;
  readonly address: Address;
  readonly query: Query;
  readonly headers: Headers;
  readonly secure: boolean;
  readonly body: () => AsyncIterable<Uint8Array>;
  /** Told in whose vault the bucket is, once it is proven who asks. */
  readonly allowOrigin: (session: ObjectSession) => Promise<void>;
}

/** Whether a POST is such a form: without a signature of its own. */
export function isFormUpload(address: Address, query: Query, headers: Headers): boolean {
  if (address.bucket === undefined || address.key !== undefined || headers.has('authorization')) return false;
  return query.pairs.length === 0 && boundaryOf(headers.get('content-type')) !== undefined;
}

export async function postObject(request: FormRequest): Promise<Reply> {
  const { server, verifier, address } = request;
  const bucket = address.bucket as string;
  const boundary = boundaryOf(request.headers.get('content-type')) ?? '';
  const form = await readForm(request.body(), boundary);
  // biome-ignore lint/suspicious/noTemplateCurlyInString: what S3 replaces by the name of the file
  const key = (form.fields.get('key') ?? '').replaceAll('${filename}', () => form.filename);
  const fields = new Map([...form.fields, ['bucket', bucket], ['key', key]]);
  const identity = await identityOf(fields, verifier);
  const bounds = checkPolicy(fields.get('policy') ?? '', fields, verifier.now());
  await request.allowOrigin(identity.credential.session);
  const headers = headersOf(fields);
  checkServiceHeaders(headers, new Query(''), identity.credential.user);
  if (key === '') throw new S3Error('InvalidArgument', 'The field key is missing.');
  const most = Math.min(bounds.most, server.limits.uploadBytes);
  const body = new Body(form.file, { headers, identity, most, least: bounds.least, open: true });
  const call: Call = {
    server,
    method: 'POST',
    address: { bucket, key },
    query: request.query,
    headers,
    identity,
    session: identity.credential.session,
    secure: request.secure,
    body: () => body,
  };
  const description = descriptionOf(headers);
  const tagging = fields.get('tagging');
  const tags = tagging === undefined ? {} : { tags: parseTagging(tagging, MAX_OBJECT_TAGS) };
  const tagged = { ...description, attributes: { ...description.attributes, ...tags } };
  const entry = await storeObject(call, newPlaceOf(bucket, key), tagged, body);
  const reply = answer(fields, bucket, key, quoted(etagOf(entry)));
  const version = await versionHeader(call.session, bucket, entry);
  const keyed = customerKeyHeaders(customerKeyOf(call));
  return { ...reply, headers: { ...reply.headers, ...version, ...keyed } };
}

/** Who signed the policy. */
function identityOf(fields: ReadonlyMap<string, string>, verifier: Verifier): Promise<Identity> {
  if (fields.has('awsaccesskeyid') || fields.has('signature'))
    throw new S3Error('InvalidRequest', 'Please use AWS4-HMAC-SHA256 (signature version 4).');
  const policy = fields.get('policy');
  const signature = fields.get('x-amz-signature');
  if (policy === undefined || signature === undefined)
    throw new S3Error('AccessDenied', 'Forms have to have a signed policy.');
  if (fields.get('x-amz-algorithm') !== ALGORITHM)
    throw new S3Error('InvalidArgument', `The field x-amz-algorithm has to be ${ALGORITHM}.`);
  const claim: Claim = {
    ...credentialOf(fields.get('x-amz-credential'), 'AuthorizationQueryParametersError'),
    date: fields.get('x-amz-date') ?? '',
    signedHeaders: [],
    signature,
    payload: UNSIGNED,
    expires: KEY_SECONDS,
  };
  return verifyClaim(claim, verifier, () => [policy]);
}

function headersOf(fields: ReadonlyMap<string, string>): Headers {
  const raw: string[] = [];
  for (const [name, value] of fields) {
    if (NO_HEADERS.has(name) || name.startsWith('x-ignore-')) continue;
    raw.push(name === 'acl' ? 'x-amz-acl' : name, headerValue(value));
  }
  return new Headers(raw);
}

function answer(fields: ReadonlyMap<string, string>, bucket: string, key: string, etag: string): Reply {
  const redirect = fields.get('success_action_redirect') ?? fields.get('redirect');
  const location = `/${uriEncode(bucket)}/${uriEncode(key, true)}`;
  if (redirect !== undefined && /^https?:\/\//i.test(redirect) && URL.canParse(redirect)) {
    const target = new URL(redirect);
    for (const [name, value] of Object.entries({ bucket, key, etag })) target.searchParams.set(name, value);
    return { status: 303, headers: { Location: target.href, ETag: etag } };
  }
  const status = fields.get('success_action_status');
  const headers = { ETag: etag, Location: location };
  if (status === '201') {
    const root = element('PostResponse', [
      element('Location', location),
      element('Bucket', bucket),
      element('Key', key),
      element('ETag', etag),
    ]);
    return { ...xmlReply(document(root), headers), status: 201 };
  }
  return { status: status === '200' ? 200 : 204, headers };
}
