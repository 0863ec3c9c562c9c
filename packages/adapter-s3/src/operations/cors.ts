import { isVaultError, S3Error } from '../errors.js';
import { type Reply, xmlReply } from '../http/reply.js';
import { type CorsRule, changeCors, corsOf, parseCors, ruleElement } from '../objects/cors.js';
import { noSuchBucket, requireBucket } from '../objects/keys.js';
import { result } from '../xml/write.js';
import { bucketOf, type Call, type Operation } from './operation.js';

async function getBucketCors(call: Call): Promise<Reply> {
  const bucket = bucketOf(call);
  await requireBucket(call.session, bucket);
  const rules = corsOf(await call.session.statObject([bucket]));
  if (rules === undefined)
    throw new S3Error('NoSuchCORSConfiguration', undefined, { details: { BucketName: bucket } });
  return xmlReply(result('CORSConfiguration', rules.map(ruleElement)));
}

async function putBucketCors(call: Call): Promise<Reply> {
  const rules = parseCors(await call.body(call.server.limits.documentBytes).text());
  await change(call, rules);
  return { status: 200 };
}

async function deleteBucketCors(call: Call): Promise<Reply> {
  await change(call, undefined);
  return { status: 204 };
}

async function change(call: Call, rules: readonly CorsRule[] | undefined): Promise<void> {
  const bucket = bucketOf(call);
  await requireBucket(call.session, bucket);
  try {
    await changeCors(call.session, bucket, rules);
  } catch (error) {
    if (isVaultError(error, 'not-found')) throw noSuchBucket(bucket);
    if (!isVaultError(error, 'too-large')) throw error;
    throw new S3Error('InvalidRequest', 'The rules are too long: about 3 KiB of them can be kept.');
  }
}

const query = ['cors'];

export const CORS_OPERATIONS: readonly Operation[] = [
  { name: 'GetBucketCors', method: 'GET', scope: 'bucket', query, run: getBucketCors },
  { name: 'PutBucketCors', method: 'PUT', scope: 'bucket', query, digest: true, run: putBucketCors },
  { name: 'DeleteBucketCors', method: 'DELETE', scope: 'bucket', query, run: deleteBucketCors },
];
