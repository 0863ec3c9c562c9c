import type { ObjectEntry } from '@latchkey/vault';
import { S3Error } from '../errors.js';
import { type Reply, xmlReply } from '../http/reply.js';
import { requireBucket } from '../objects/keys.js';
import { bucketOf, type Call, keyOf, type Operation } from '../operations/operation.js';
import { lifecycleDocument, parseLifecycle } from './document.js';
import { firstAbort, firstExpiry } from './rule.js';
import { removeRules, rulesOf, writeRules } from './store.js';

async function getLifecycle(call: Call): Promise<Reply> {
  const bucket = bucketOf(call);
  const { session } = call;
  await requireBucket(session, bucket);
  const rules = await rulesOf(session, await session.versions.bucket(bucket));
  if (rules.length === 0) throw new S3Error('NoSuchLifecycleConfiguration');
  return xmlReply(lifecycleDocument(rules));
}

async function putLifecycle(call: Call): Promise<Reply> {
  const bucket = bucketOf(call);
  const rules = parseLifecycle(await call.body(call.server.limits.documentBytes).text());
  await requireBucket(call.session, bucket);
  await writeRules(call.session, bucket, rules);
  return { status: 200 };
}

async function deleteLifecycle(call: Call): Promise<Reply> {
  const bucket = bucketOf(call);
  await requireBucket(call.session, bucket);
  await removeRules(call.session, bucket);
  return { status: 204 };
}

/** When the object of a request will be removed, if its bucket says so. `entry` is the current version. */
export async function expirationHeader(call: Call, entry: ObjectEntry): Promise<Record<string, string>> {
  const { session } = call;
  if (entry.kind !== 'file') return {};
  const rules = await rulesOf(session, await session.versions.bucket(bucketOf(call)));
  const expiry = firstExpiry(rules, keyOf(call), entry);
  if (expiry === undefined) return {};
  const date = new Date(expiry.at).toUTCString();
  return { 'x-amz-expiration': `expiry-date="${date}", rule-id="${encodeURIComponent(expiry.id)}"` };
}

/** When the upload of a request will be ended, if its bucket says so. `started`: milliseconds since 1970. */
export async function abortHeaders(call: Call, started: number): Promise<Record<string, string>> {
  const { session } = call;
  const rules = await rulesOf(session, await session.versions.bucket(bucketOf(call)));
  const abort = firstAbort(rules, keyOf(call), started);
  if (abort === undefined) return {};
  const id = encodeURIComponent(abort.id);
  return { 'x-amz-abort-date': new Date(abort.at).toUTCString(), 'x-amz-abort-rule-id': id };
}

const QUERY = ['lifecycle'];

export const LIFECYCLE_OPERATIONS: readonly Operation[] = [
  {
    name: 'GetBucketLifecycleConfiguration',
    method: 'GET',
    scope: 'bucket',
    query: QUERY,
    run: getLifecycle,
  },
  {
    name: 'PutBucketLifecycleConfiguration',
    method: 'PUT',
    scope: 'bucket',
    query: QUERY,
    digest: true,
    run: putLifecycle,
  },
  {
    name: 'DeleteBucketLifecycle',
    method: 'DELETE',
    scope: 'bucket',
    query: QUERY,
    run: deleteLifecycle,
  },
];
