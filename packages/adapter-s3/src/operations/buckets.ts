import { isVaultError, S3Error } from '../errors.js';
import { type Reply, xmlReply } from '../http/reply.js';
import { forgetBucket } from '../lifecycle/store.js';
import { hasBucket, mayBeBucket, noSuchBucket, requireBucket } from '../objects/keys.js';
import { ownerElement } from '../objects/owner.js';
import { walk } from '../objects/walk.js';
import { parseXml } from '../xml/parse.js';
import { element, type Markup, result } from '../xml/write.js';
import { bucketOf, type Call, type Operation } from './operation.js';

/** S3 user guide, "General purpose bucket naming rules". */
const NAME =
  /^(?!xn--|sthree-|amzn-s3-demo-)(?!.*\.\.)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const MAX_BUCKETS = 10_000;

async function listBuckets({ session, query, identity }: Call): Promise<Reply> {
  const prefix = query.get('prefix') ?? '';
  const limit = query.count('max-buckets', MAX_BUCKETS, MAX_BUCKETS);
  const token = query.get('continuation-token');
  const after = token === undefined ? undefined : Buffer.from(token, 'base64url').toString('utf8');
  const buckets: Markup[] = [];
  let last: string | undefined;
  let more = false;
  for await (const { name, kind, created } of session.entries([])) {
    if (kind !== 'directory' || !mayBeBucket(name) || !name.startsWith(prefix)) continue;
    if (after !== undefined && Buffer.compare(Buffer.from(name), Buffer.from(after)) <= 0) continue;
    more = buckets.length === limit;
    if (more) break;
    const date = new Date(created.seconds * 1000).toISOString();
    buckets.push(element('Bucket', [element('Name', name), element('CreationDate', date)]));
    last = name;
  }
  return xmlReply(
    result('ListAllMyBucketsResult', [
      ownerElement(identity.credential.user),
      element('Buckets', buckets),
      element('Prefix', prefix === '' ? undefined : prefix),
      element('ContinuationToken', more ? Buffer.from(last ?? '').toString('base64url') : undefined),
    ]),
  );
}

async function createBucket(call: Call): Promise<Reply> {
  const bucket = bucketOf(call);
  const { session, server } = call;
  const text = await call.body(server.limits.documentBytes).text();
  const wanted = text.trim() === '' ? undefined : parseXml(text, 'CreateBucketConfiguration');
  for (const child of wanted?.children ?? []) {
    if (child.name !== 'LocationConstraint') throw new S3Error('NotImplemented');
    if (child.text !== server.region) throw new S3Error('IllegalLocationConstraintException');
  }
  if (!NAME.test(bucket))
    throw new S3Error('InvalidBucketName', undefined, { details: { BucketName: bucket } });
  const locks = call.headers.get('x-amz-bucket-object-lock-enabled')?.toLowerCase() === 'true';
  try {
    if (locks) await session.versions.makeBucket(bucket, { versions: 'all', locks });
    else await session.mkdir([bucket]);
  } catch (error) {
    if (!isVaultError(error, 'exists')) throw error;
    throw new S3Error('BucketAlreadyOwnedByYou', undefined, { details: { BucketName: bucket } });
  }
  return { status: 200, headers: { Location: `/${bucket}` } };
}

async function headBucket(call: Call): Promise<Reply> {
  await requireBucket(call.session, bucketOf(call));
  return { status: 200, headers: { 'x-amz-bucket-region': call.server.region } };
}

/** Only directories that hold no object go: those that writes have left behind are pruned first. */
async function deleteBucket(call: Call): Promise<Reply> {
  const bucket = bucketOf(call);
  const { session } = call;
  if (!(await hasBucket(session, bucket))) throw noSuchBucket(bucket);
  const implied: string[] = [];
  for await (const { key, entry } of walk(session, bucket, '', { versions: true })) {
    if (entry.kind === 'file' || entry.explicit) throw new S3Error('BucketNotEmpty');
    implied.push(key);
  }
  try {
    for (const key of implied.reverse())
      await session.removeMarker([bucket, ...key.slice(0, -1).split('/')], { existing: 1 }).catch(unlessGone);
    const { id } = await session.stat([bucket]);
    await session.rmdir([bucket]);
    await forgetBucket(session, id);
  } catch (error) {
    if (isVaultError(error, 'not-found')) throw noSuchBucket(bucket);
    throw error;
  }
  return { status: 204 };
}

/** Removing a directory takes the implied ones above it along. */
function unlessGone(error: unknown): void {
  if (!isVaultError(error, 'not-found')) throw error;
}

async function getBucketLocation(call: Call): Promise<Reply> {
  await requireBucket(call.session, bucketOf(call));
  const { region } = call.server;
  return xmlReply(result('LocationConstraint', region === 'us-east-1' ? '' : region));
}

export const BUCKET_OPERATIONS: readonly Operation[] = [
  { name: 'ListBuckets', method: 'GET', scope: 'service', run: listBuckets },
  { name: 'CreateBucket', method: 'PUT', scope: 'bucket', run: createBucket },
  { name: 'HeadBucket', method: 'HEAD', scope: 'bucket', anonymous: true, run: headBucket },
  { name: 'DeleteBucket', method: 'DELETE', scope: 'bucket', run: deleteBucket },
  { name: 'GetBucketLocation', method: 'GET', scope: 'bucket', query: ['location'], run: getBucketLocation },
];
