import { writeFileSync } from 'node:fs';
import {
  CreateBucketCommand,
  DeleteObjectsCommand,
  PutBucketCorsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketTaggingCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectLockConfigurationCommand,
  PutObjectRetentionCommand,
} from '@aws-sdk/client-s3';
import { expect } from 'vitest';
import { uri } from './client.js';
import type { Aws } from './clients/aws.js';
import type { Boto3 } from './clients/boto3.js';
import type { Minio } from './clients/minio.js';
import type { S3cmd } from './clients/s3cmd.js';
import type { Sdk } from './clients/sdk.js';
import type { S3Step } from './script.js';

/* What is set by documents: S3 takes most of them only with a digest, which each client has to send of its own accord. */

const CORS = { CORSRules: [{ AllowedOrigins: ['https://example.org'], AllowedMethods: ['GET'] }] };
const LIFECYCLE = {
  Rules: [{ ID: 'old', Status: 'Enabled' as const, Filter: { Prefix: 'old/' }, Expiration: { Days: 9 } }],
};
const TAGGING = { TagSet: [{ Key: 'kind', Value: 'interop' }] };
const LOCKS = {
  ObjectLockEnabled: 'Enabled' as const,
  Rule: { DefaultRetention: { Mode: 'GOVERNANCE' as const, Days: 1 } },
};
const HOLD = { Status: 'ON' as const };
const later = (): Date => new Date(Date.now() + 48 * 3_600_000);

const TITLE = 'documents of buckets and locks are taken as the client sends them';

export const AWS_SETTINGS: S3Step<Aws> = {
  id: 'settings',
  title: TITLE,
  run: async ({ client, local, bucket }) => {
    const Bucket = `${bucket.slice(1)}-locked`;
    const call = (name: string, ...args: string[]): Promise<string> =>
      client.command('s3api', name, '--bucket', Bucket, ...args);
    const sent = local.file('held-by-aws.txt', 100);
    await call('create-bucket', '--object-lock-enabled-for-bucket');
    await client.put(sent.path, `/${Bucket}/held-by-aws.txt`);
    const object = ['--key', 'held-by-aws.txt'];
    await call('put-bucket-cors', '--cors-configuration', JSON.stringify(CORS));
    await call('put-bucket-lifecycle-configuration', '--lifecycle-configuration', JSON.stringify(LIFECYCLE));
    await call('put-bucket-tagging', '--tagging', JSON.stringify(TAGGING));
    await call('put-object-lock-configuration', '--object-lock-configuration', JSON.stringify(LOCKS));
    const retention = { Mode: 'GOVERNANCE', RetainUntilDate: later().toISOString() };
    await call('put-object-retention', ...object, '--retention', JSON.stringify(retention));
    await call('put-object-legal-hold', ...object, '--legal-hold', JSON.stringify(HOLD));
    expect(JSON.parse(await call('get-bucket-tagging'))).toEqual(TAGGING);
    expect(JSON.parse(await call('get-object-legal-hold', ...object))).toEqual({ LegalHold: HOLD });
    await call('delete-objects', '--delete', JSON.stringify({ Objects: [{ Key: 'held-by-aws.txt' }] }));
    expect(JSON.parse((await call('list-object-versions')) || '{}')).toHaveProperty('DeleteMarkers');
  },
};

export const SDK_SETTINGS: S3Step<Sdk> = {
  id: 'settings',
  title: TITLE,
  run: async ({ client: { amazon }, bucket }) => {
    const Bucket = `${bucket.slice(1)}-locked`;
    const object = { Bucket, Key: 'held-by-the-sdk.txt' };
    await amazon.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
    await amazon.send(new PutObjectCommand({ ...object, Body: 'x' }));
    await amazon.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: CORS }));
    await amazon.send(
      new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: LIFECYCLE }),
    );
    await amazon.send(new PutBucketTaggingCommand({ Bucket, Tagging: TAGGING }));
    await amazon.send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration: LOCKS }));
    const Retention = { Mode: 'GOVERNANCE' as const, RetainUntilDate: later() };
    await amazon.send(new PutObjectRetentionCommand({ ...object, Retention }));
    await amazon.send(new PutObjectLegalHoldCommand({ ...object, LegalHold: HOLD }));
    const Delete = { Objects: [{ Key: object.Key }] };
    const { Deleted } = await amazon.send(new DeleteObjectsCommand({ Bucket, Delete }));
    expect(Deleted).toMatchObject([{ Key: object.Key, DeleteMarker: true }]);
  },
};

export const BOTO3_SETTINGS: S3Step<Boto3> = {
  id: 'settings',
  title: TITLE,
  run: async ({ client, bucket }) => {
    const Bucket = `${bucket.slice(1)}-locked`;
    const object = { Bucket, Key: 'held-by-boto3.txt' };
    const call = (name: string, more: object): Promise<unknown> => client.command('call', name, more);
    await call('create_bucket', { Bucket, ObjectLockEnabledForBucket: true });
    await call('put_object', { ...object, Body: 'x' });
    await call('put_bucket_cors', { Bucket, CORSConfiguration: CORS });
    await call('put_bucket_lifecycle_configuration', { Bucket, LifecycleConfiguration: LIFECYCLE });
    await call('put_bucket_tagging', { Bucket, Tagging: TAGGING });
    await call('put_object_lock_configuration', { Bucket, ObjectLockConfiguration: LOCKS });
    const Retention = { Mode: 'GOVERNANCE', RetainUntilDate: later().toISOString() };
    await call('put_object_retention', { ...object, Retention });
    await call('put_object_legal_hold', { ...object, LegalHold: HOLD });
    const deleted = await call('delete_objects', { Bucket, Delete: { Objects: [{ Key: object.Key }] } });
    expect(deleted).toMatchObject({ Deleted: [{ Key: object.Key, DeleteMarker: true }] });
  },
};

export const MINIO_SETTINGS: S3Step<Minio> = {
  id: 'settings',
  title: TITLE,
  run: async ({ client: { library }, server, bucket }) => {
    const [plain, locked] = [bucket.slice(1), `${bucket.slice(1)}-locked`];
    await library.setBucketVersioning(plain, { Status: 'Enabled' });
    await library.setBucketLifecycle(plain, {
      Rule: [{ ID: 'old', Status: 'Enabled', Filter: { Prefix: 'old/' }, Expiration: { Days: 9 } }],
    });
    // It takes the status that S3 answers with here (204) for a failure.
    await library.setBucketTagging(plain, { kind: 'interop' }).catch(() => undefined);
    expect(await library.getBucketTagging(plain)).toEqual([{ Key: 'kind', Value: 'interop' }]);
    await library.makeBucket(locked, server.region, { ObjectLocking: true });
    await library.setObjectLockConfig(locked, { mode: 'GOVERNANCE', unit: 'Days', validity: 1 });
    await library.putObject(locked, 'held-by-minio.txt', 'x', 1, {
      'X-Amz-Object-Lock-Mode': 'GOVERNANCE',
      'X-Amz-Object-Lock-Retain-Until-Date': later().toISOString(),
    });
    const held = await library.statObject(locked, 'held-by-minio.txt');
    const versionId = held.versionId ?? '';
    await library.setObjectLegalHold(locked, 'held-by-minio.txt', { versionId, status: 'ON' });
    const retainUntilDate = new Date(Date.now() + 72 * 3_600_000).toISOString();
    await library.putObjectRetention(locked, 'held-by-minio.txt', {
      mode: 'GOVERNANCE',
      retainUntilDate,
      versionId,
    });
    expect(await library.getObjectRetention(locked, 'held-by-minio.txt', { versionId })).toMatchObject({
      mode: 'GOVERNANCE',
    });
  },
};

export const S3CMD_SETTINGS: S3Step<S3cmd> = {
  id: 'settings',
  title: TITLE,
  run: async ({ client, local, bucket }) => {
    const rules = local.fresh();
    writeFileSync(
      rules,
      '<LifecycleConfiguration><Rule><ID>old</ID><Prefix>old/</Prefix><Status>Enabled</Status><Expiration><Days>9</Days></Expiration></Rule></LifecycleConfiguration>',
    );
    await client.command('setlifecycle', rules, uri(bucket));
    writeFileSync(
      rules,
      '<CORSConfiguration><CORSRule><AllowedOrigin>https://example.org</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>',
    );
    await client.command('setcors', rules, uri(bucket));
    const sent = local.file('private-to-s3cmd.txt', 10);
    await client.put(sent.path, `${bucket}/private-to-s3cmd.txt`);
    await client.command('setacl', '--acl-private', uri(`${bucket}/private-to-s3cmd.txt`));
    await client.command('getlifecycle', uri(bucket));
  },
};
