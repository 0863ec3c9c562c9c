import { isVaultError, S3Error } from '../errors.js';
import { type Reply, xmlReply } from '../http/reply.js';
import { noSuchBucket, noSuchKey, requireBucket } from '../objects/keys.js';
import { MAX_BUCKET_TAGS, MAX_OBJECT_TAGS, parseTagging, type Tags, tagSet } from '../objects/tags.js';
import { requireAsked } from '../versions/standing.js';
import { noSuchVersion, versionHeader } from '../versions/version-id.js';
import { result } from '../xml/write.js';
import { bucketOf, type Call, keyOf, type Operation } from './operation.js';

async function getObjectTagging(call: Call): Promise<Reply> {
  const { entry } = await requireAsked(call);
  const version = await versionHeader(call.session, bucketOf(call), entry);
  return xmlReply(result('Tagging', [tagSet(entry.tags)]), version);
}

async function putObjectTagging(call: Call): Promise<Reply> {
  return { status: 200, headers: await changeTags(call, await taggingOf(call, MAX_OBJECT_TAGS)) };
}

async function deleteObjectTagging(call: Call): Promise<Reply> {
  return { status: 204, headers: await changeTags(call, new Map()) };
}

/** Returns the headers that name the version. */
async function changeTags(call: Call, tags: Tags): Promise<Record<string, string>> {
  const { session } = call;
  const { path, kind, version } = await requireAsked(call);
  try {
    const entry =
      version === undefined
        ? await session.changeObject(path, () => ({ tags }), kind)
        : await session.versions.change(path, version, () => ({ tags }));
    return await versionHeader(session, bucketOf(call), entry);
  } catch (error) {
    // Deleted since it was looked at.
    if (!isVaultError(error, 'not-found')) throw error;
    throw version === undefined ? noSuchKey(keyOf(call)) : noSuchVersion(keyOf(call), version);
  }
}

async function getBucketTagging(call: Call): Promise<Reply> {
  const bucket = bucketOf(call);
  await requireBucket(call.session, bucket);
  const { tags } = await call.session.statObject([bucket]);
  if (tags.size === 0) throw new S3Error('NoSuchTagSet', undefined, { details: { BucketName: bucket } });
  return xmlReply(result('Tagging', [tagSet(tags)]));
}

async function putBucketTagging(call: Call): Promise<Reply> {
  await changeBucketTags(call, await taggingOf(call, MAX_BUCKET_TAGS));
  return { status: 204 };
}

async function deleteBucketTagging(call: Call): Promise<Reply> {
  await changeBucketTags(call, new Map());
  return { status: 204 };
}

async function changeBucketTags(call: Call, tags: Tags): Promise<void> {
  const bucket = bucketOf(call);
  await requireBucket(call.session, bucket);
  try {
    await call.session.changeObject([bucket], () => ({ tags }));
  } catch (error) {
    if (isVaultError(error, 'not-found')) throw noSuchBucket(bucket);
    throw error;
  }
}

async function taggingOf(call: Call, most: number): Promise<Tags> {
  return parseTagging(await call.body(call.server.limits.documentBytes).text(), most);
}

const query = ['tagging'];
const parameters = ['versionId'];

export const TAGGING_OPERATIONS: readonly Operation[] = [
  { name: 'GetObjectTagging', method: 'GET', scope: 'object', query, parameters, run: getObjectTagging },
  { name: 'PutObjectTagging', method: 'PUT', scope: 'object', query, parameters, run: putObjectTagging },
  {
    name: 'DeleteObjectTagging',
    method: 'DELETE',
    scope: 'object',
    query,
    parameters,
    run: deleteObjectTagging,
  },
  { name: 'GetBucketTagging', method: 'GET', scope: 'bucket', query, run: getBucketTagging },
  {
    name: 'PutBucketTagging',
    method: 'PUT',
    scope: 'bucket',
    query,
    digest: true,
    run: putBucketTagging,
  },
  { name: 'DeleteBucketTagging', method: 'DELETE', scope: 'bucket', query, run: deleteBucketTagging },
];
