import { S3Error } from '../errors.js';
import { type Reply, xmlReply } from '../http/reply.js';
import { requireBucket } from '../objects/keys.js';
import { ownerElement, ownerId } from '../objects/owner.js';
import { requireAsked } from '../versions/standing.js';
import { parseXml, type XmlElement } from '../xml/parse.js';
import { element, type Markup, result } from '../xml/write.js';
import { bucketOf, type Call, type Operation } from './operation.js';

/*
 * Who may do what is decided by the credentials of the server, not by lists at buckets and objects. So these operations
 * tell what is so: everything belongs to whoever asks, and public is what the server was told to make public.
 */

const XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"';
const ALL_USERS = 'http://acs.amazonaws.com/groups/global/AllUsers';

function grant(type: 'CanonicalUser' | 'Group', grantee: readonly Markup[], permission: string): Markup {
  const inner = grantee.map((one) => one.markup).join('');
  return element('Grant', [
    { markup: `<Grantee ${XSI} xsi:type="${type}">${inner}</Grantee>` },
    element('Permission', permission),
  ]);
}

async function aclOf(call: Call): Promise<Reply> {
  const { user } = call.identity.credential;
  const owner = [element('ID', ownerId(user)), element('DisplayName', user)];
  const grants = [grant('CanonicalUser', owner, 'FULL_CONTROL')];
  if (await isPublic(call)) grants.push(grant('Group', [element('URI', ALL_USERS)], 'READ'));
  return xmlReply(result('AccessControlPolicy', [ownerElement(user), element('AccessControlList', grants)]));
}

/** Whether everybody may read the bucket, of all that may have its name the one that the request is about. */
async function isPublic(call: Call): Promise<boolean> {
  const found = await call.server.publicBuckets(bucketOf(call));
  return found?.session === call.session || found?.user === call.identity.credential.user;
}

async function getBucketAcl(call: Call): Promise<Reply> {
  await requireBucket(call.session, bucketOf(call));
  return aclOf(call);
}

async function getObjectAcl(call: Call): Promise<Reply> {
  await requireAsked(call);
  return aclOf(call);
}

async function putBucketAcl(call: Call): Promise<Reply> {
  await checkAcl(call);
  await requireBucket(call.session, bucketOf(call));
  return { status: 200 };
}

async function putObjectAcl(call: Call): Promise<Reply> {
  await checkAcl(call);
  await requireAsked(call);
  return { status: 200 };
}

/** Takes what is so anyway: the owner's full control. Other canned ACLs have been refused with their header. */
async function checkAcl(call: Call): Promise<void> {
  const text = await call.body(call.server.limits.documentBytes).text();
  if (text.trim() === '') {
    if (call.headers.has('x-amz-acl')) return;
    throw new S3Error('MissingSecurityHeader');
  }
  const lists = parseXml(text, 'AccessControlPolicy').all('AccessControlList');
  if (lists.length !== 1) throw new S3Error('MalformedXML');
  const own = ownerId(call.identity.credential.user);
  const isOwn = (one: XmlElement): boolean =>
    one.value('Permission') === 'FULL_CONTROL' && one.all('Grantee')[0]?.value('ID') === own;
  if (!lists[0]?.all('Grant').every(isOwn))
    throw new S3Error(
      'NotImplemented',
      'There are no access control lists. Buckets are made public by the configuration of the server.',
    );
}

async function getBucketPolicyStatus(call: Call): Promise<Reply> {
  const bucket = bucketOf(call);
  await requireBucket(call.session, bucket);
  return xmlReply(result('PolicyStatus', [element('IsPublic', await isPublic(call))]));
}

/** Neither lists nor policies can make anything public. */
async function getPublicAccessBlock(call: Call): Promise<Reply> {
  const bucket = bucketOf(call);
  await requireBucket(call.session, bucket);
  return xmlReply(
    result('PublicAccessBlockConfiguration', [
      element('BlockPublicAcls', true),
      element('IgnorePublicAcls', true),
      element('BlockPublicPolicy', true),
      element('RestrictPublicBuckets', !(await isPublic(call))),
    ]),
  );
}

export const ACCESS_OPERATIONS: readonly Operation[] = [
  { name: 'GetBucketAcl', method: 'GET', scope: 'bucket', query: ['acl'], run: getBucketAcl },
  { name: 'PutBucketAcl', method: 'PUT', scope: 'bucket', query: ['acl'], run: putBucketAcl },
  {
    name: 'GetObjectAcl',
    method: 'GET',
    scope: 'object',
    query: ['acl'],
    parameters: ['versionId'],
    run: getObjectAcl,
  },
  {
    name: 'PutObjectAcl',
    method: 'PUT',
    scope: 'object',
    query: ['acl'],
    parameters: ['versionId'],
    run: putObjectAcl,
  },
  {
    name: 'GetBucketPolicyStatus',
    method: 'GET',
    scope: 'bucket',
    query: ['policyStatus'],
    run: getBucketPolicyStatus,
  },
  {
    name: 'GetPublicAccessBlock',
    method: 'GET',
    scope: 'bucket',
    query: ['publicAccessBlock'],
    run: getPublicAccessBlock,
  },
];
