import { S3Error, type S3ErrorCode } from '../errors.js';
import { xmlReply } from '../http/reply.js';
import { requireBucket } from '../objects/keys.js';
import { element, result } from '../xml/write.js';
import { bucketOf, type Operation } from './operation.js';

/*
 * What S3 answers about a bucket for which something was never configured, where that is the truth: it cannot be
 * configured here. Setting these is not implemented.
 */

/** A document for what is so. */
function states(name: string, parameter: string, document: string): Operation {
  return {
    ...{ name, method: 'GET', scope: 'bucket', query: [parameter] },
    run: async (call) => {
      await requireBucket(call.session, bucketOf(call));
      return xmlReply(document);
    },
  };
}

/** The error for what is not there. */
function lacks(name: string, parameter: string, code: S3ErrorCode): Operation {
  return {
    ...{ name, method: 'GET', scope: 'bucket', query: [parameter] },
    run: async (call) => {
      const bucket = bucketOf(call);
      await requireBucket(call.session, bucket);
      throw new S3Error(code, undefined, { details: { BucketName: bucket } });
    },
  };
}

/** Everything is encrypted before it reaches the store, with AES-256-GCM. */
const ENCRYPTION = result('ServerSideEncryptionConfiguration', [
  element('Rule', [
    element('ApplyServerSideEncryptionByDefault', [element('SSEAlgorithm', 'AES256')]),
    element('BucketKeyEnabled', false),
  ]),
]);
const OWNERSHIP = result('OwnershipControls', [
  element('Rule', [element('ObjectOwnership', 'BucketOwnerEnforced')]),
]);

export const NOT_CONFIGURED_OPERATIONS: readonly Operation[] = [
  states('GetBucketEncryption', 'encryption', ENCRYPTION),
  states('GetBucketOwnershipControls', 'ownershipControls', OWNERSHIP),
  states('GetBucketAccelerateConfiguration', 'accelerate', result('AccelerateConfiguration', '')),
  states('GetBucketLogging', 'logging', result('BucketLoggingStatus', '')),
  states('GetBucketNotificationConfiguration', 'notification', result('NotificationConfiguration', '')),
  states(
    'GetBucketRequestPayment',
    'requestPayment',
    result('RequestPaymentConfiguration', [element('Payer', 'BucketOwner')]),
  ),
  lacks('GetBucketPolicy', 'policy', 'NoSuchBucketPolicy'),
  lacks('GetBucketReplication', 'replication', 'ReplicationConfigurationNotFoundError'),
  lacks('GetBucketWebsite', 'website', 'NoSuchWebsiteConfiguration'),
];
