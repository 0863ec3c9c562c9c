import { CreateBucketCommand, type CreateBucketCommandInput, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { type Fixture, type FixtureOptions, startFixture } from './fixture.js';

/** A server for all tests of a file, and an empty bucket for each. */
export interface Scene {
  readonly fixture: Fixture;
  readonly client: S3Client;
  readonly Bucket: string;
}

/** Calls `enter` before each test. `bucket`: more of the request that makes it. */
export function bucketPerTest(
  enter: (scene: Scene) => void,
  { bucket = {}, ...options }: FixtureOptions & { readonly bucket?: Partial<CreateBucketCommandInput> } = {},
): void {
  let fixture: Fixture;
  let client: S3Client;
  let count = 0;
  beforeAll(async () => {
    fixture = await startFixture(options);
    client = fixture.client();
  });
  afterAll(() => fixture.close());
  beforeEach(async () => {
    const Bucket = `bucket-${++count}`;
    await client.send(new CreateBucketCommand({ Bucket, ...bucket }));
    enter({ fixture, client, Bucket });
  });
}
