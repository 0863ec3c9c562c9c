import {
  CreateBucketCommand,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  PutBucketVersioningCommand,
} from '@aws-sdk/client-s3';
import { VaultError, type VersionSession } from '@latchkey/vault';
import { expect, it } from 'vitest';
import { around } from './support/around.js';
import { startFixture } from './support/fixture.js';

it('a bucket is never there without the locks that it was asked for with', async () => {
  let later = 0;
  const fixture = await startFixture({
    // Whatever comes behind the making of the directory fails.
    wrap: (session) =>
      around(
        session,
        'versions',
        (target) =>
          new Proxy<VersionSession>(target.versions, {
            get: (versions, name) => {
              const member: unknown = Reflect.get(versions, name, versions);
              if (name !== 'setKeeping') return typeof member === 'function' ? member.bind(versions) : member;
              return async () => {
                later += 1;
                throw new VaultError('unavailable', 'the store has gone');
              };
            },
          }),
      ),
  });
  const client = fixture.client();
  const bucket = { Bucket: 'locked' };
  const create = (): Promise<unknown> =>
    client.send(new CreateBucketCommand({ ...bucket, ObjectLockEnabledForBucket: true }));
  await create();
  const locks = await client.send(new GetObjectLockConfigurationCommand(bucket));
  expect(locks.ObjectLockConfiguration?.ObjectLockEnabled).toBe('Enabled');
  expect((await client.send(new GetBucketVersioningCommand(bucket))).Status).toBe('Enabled');
  await expect(create()).rejects.toMatchObject({ name: 'BucketAlreadyOwnedByYou' });
  expect(later).toBe(0);
  const VersioningConfiguration = { Status: 'Enabled' } as const;
  const change = client.send(new PutBucketVersioningCommand({ ...bucket, VersioningConfiguration }));
  await expect(change).rejects.toMatchObject({ name: 'ServiceUnavailable' });
  expect(later).toBe(1);
  await fixture.close();
});
