import type { Keeping } from '@latchkey/vault';
import { isVaultError, S3Error } from '../errors.js';
import { type Reply, xmlReply } from '../http/reply.js';
import { noSuchBucket, requireBucket } from '../objects/keys.js';
import { bucketOf, type Call, type Operation } from '../operations/operation.js';
import { parseXml } from '../xml/parse.js';
import { element, result } from '../xml/write.js';

async function getBucketVersioning(call: Call): Promise<Reply> {
  const bucket = bucketOf(call);
  await requireBucket(call.session, bucket);
  const keeping = await call.session.versions.keeping(bucket);
  const status = keeping === undefined ? undefined : keeping.versions === 'all' ? 'Enabled' : 'Suspended';
  return xmlReply(result('VersioningConfiguration', status === undefined ? '' : [element('Status', status)]));
}

/** Once versions are kept, keeping them can be suspended, and not undone. */
async function putBucketVersioning(call: Call): Promise<Reply> {
  const bucket = bucketOf(call);
  const text = await call.body(call.server.limits.documentBytes).text();
  const root = parseXml(text, 'VersioningConfiguration');
  for (const { name, text: value } of root.children)
    if (name !== 'Status' && !(name === 'MfaDelete' && value.trim() === 'Disabled'))
      throw new S3Error(name === 'MfaDelete' ? 'NotImplemented' : 'MalformedXML');
  const status = root.value('Status')?.trim();
  if (status !== 'Enabled' && status !== 'Suspended') throw new S3Error('MalformedXML');
  await requireBucket(call.session, bucket);
  await changeKeeping(call, bucket, (old) => {
    if (status === 'Suspended' && old?.locks === true)
      throw new S3Error(
        'InvalidBucketState',
        'An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.',
      );
    return { locks: false, ...old, versions: status === 'Enabled' ? 'all' : 'suspended' };
  });
  return { status: 200 };
}

/** Changes what a bucket keeps. Throws `NoSuchBucket`. */
export async function changeKeeping(
  { session }: Pick<Call, 'session'>,
  bucket: string,
  change: (old: Keeping | undefined) => Keeping,
): Promise<void> {
  try {
    await session.versions.setKeeping(bucket, change);
  } catch (error) {
    if (isVaultError(error, 'not-found')) throw noSuchBucket(bucket);
    throw error;
  }
}

export const VERSIONING_OPERATIONS: readonly Operation[] = [
  {
    name: 'GetBucketVersioning',
    method: 'GET',
    scope: 'bucket',
    query: ['versioning'],
    run: getBucketVersioning,
  },
  {
    name: 'PutBucketVersioning',
    method: 'PUT',
    scope: 'bucket',
    query: ['versioning'],
    run: putBucketVersioning,
  },
];
