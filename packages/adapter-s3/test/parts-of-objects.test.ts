import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  GetObjectAttributesCommand,
  type GetObjectAttributesCommandInput,
  type GetObjectAttributesParts,
  GetObjectCommand,
  HeadObjectCommand,
  type ObjectPart as ListedPart,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHECKSUM_BYTES, CHECKSUMS, type ChecksumName, startDigest } from '../src/body/checksums.js';
import { encodePartTable, type ObjectPart, PartTable } from '../src/objects/part-table.js';
import { bytes, type Fixture, startFixture } from './support/fixture.js';

const Bucket = 'parts';
const MIB = 1024 * 1024;
const PARTS = [bytes(5 * MIB, 1), bytes(5 * MIB, 2), bytes(5 * MIB + 7, 3), bytes(100, 4)];
const NUMBERS = [2, 3, 5, 9];
const PLAIN = { requestChecksumCalculation: 'WHEN_REQUIRED' } as const;

let fixture: Fixture;
let client: S3Client;

beforeAll(async () => {
  fixture = await startFixture();
  client = fixture.client(PLAIN);
  await client.send(new CreateBucketCommand({ Bucket }));
});
afterAll(() => fixture.close());

async function digest(name: ChecksumName, data: Uint8Array): Promise<string> {
  const running = await startDigest(name);
  running.update(data);
  return running.digest().toString('base64');
}

async function upload(Key: string, more: Partial<CreateMultipartUploadCommandInput> = {}): Promise<void> {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key, ...more }));
  const Parts = await Promise.all(
    PARTS.map(async (Body, index) => {
      const PartNumber = NUMBERS[index];
      const part = new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body });
      return { PartNumber, ETag: (await client.send(part)).ETag };
    }),
  );
  await client.send(
    new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }),
  );
}

async function partsOf(
  Key: string,
  more: Partial<GetObjectAttributesCommandInput> = {},
): Promise<GetObjectAttributesParts | undefined> {
  const ObjectAttributes = ['ObjectParts' as const];
  const asked = new GetObjectAttributesCommand({ Bucket, Key, ObjectAttributes, ...more });
  return (await client.send(asked)).ObjectParts;
}

async function expected(name?: ChecksumName): Promise<ListedPart[]> {
  return Promise.all(
    PARTS.map(async (part, index) => ({
      PartNumber: NUMBERS[index],
      Size: part.length,
      ...(name === undefined ? {} : { [`Checksum${name.toUpperCase()}`]: await digest(name, part) }),
    })),
  );
}

const TYPES = [
  ['crc32', 'COMPOSITE'],
  ['sha256', 'COMPOSITE'],
  ['crc64nvme', 'FULL_OBJECT'],
] as const;

describe('parts of an object', () => {
  it('keep the numbers they were uploaded under, and are found by them', async () => {
    await upload('plain');
    const all = await partsOf('plain');
    expect(all).toMatchObject({ TotalPartsCount: 4, IsTruncated: false, NextPartNumberMarker: '9' });
    expect(all?.Parts).toEqual(await expected());
    const page = await partsOf('plain', { MaxParts: 2, PartNumberMarker: '2' });
    expect(page).toMatchObject({
      TotalPartsCount: 4,
      IsTruncated: true,
      MaxParts: 2,
      NextPartNumberMarker: '5',
    });
    expect(page?.Parts?.map(({ PartNumber }) => PartNumber)).toEqual([3, 5]);
    expect((await partsOf('plain', { PartNumberMarker: '9' }))?.Parts).toBeUndefined();
    for (const [index, PartNumber] of NUMBERS.entries()) {
      const got = await client.send(new GetObjectCommand({ Bucket, Key: 'plain', PartNumber }));
      expect(got.PartsCount).toBe(4);
      const body = Buffer.from((await got.Body?.transformToByteArray()) ?? []);
      expect(Buffer.compare(body, PARTS[index] ?? Buffer.alloc(0))).toBe(0);
    }
    await expect(
      client.send(new GetObjectCommand({ Bucket, Key: 'plain', PartNumber: 4 })),
    ).rejects.toMatchObject({
      name: 'InvalidPartNumber',
      $metadata: { httpStatusCode: 416 },
    });
    await client.send(new PutObjectCommand({ Bucket, Key: 'whole', Body: 'abc' }));
    expect(await partsOf('whole')).toBeUndefined();
    const first = await client.send(new HeadObjectCommand({ Bucket, Key: 'whole', PartNumber: 1 }));
    expect([first.PartsCount, first.ContentLength]).toEqual([undefined, 3]);
    await expect(
      client.send(new GetObjectCommand({ Bucket, Key: 'whole', PartNumber: 2 })),
    ).rejects.toMatchObject({ name: 'InvalidPartNumber' });
  });

  it.each(TYPES)('have their own %s in an object with one of type %s', async (name, ChecksumType) => {
    const field = `Checksum${name.toUpperCase()}` as 'ChecksumCRC32';
    await upload(name, { ChecksumAlgorithm: name.toUpperCase() as 'CRC32', ChecksumType });
    await client.send(
      new CopyObjectCommand({ Bucket, Key: `copy-of-${name}`, CopySource: `${Bucket}/${name}` }),
    );
    for (const Key of [name, `copy-of-${name}`]) {
      expect((await partsOf(Key))?.Parts).toEqual(await expected(name));
      const whole = { Bucket, Key, ChecksumMode: 'ENABLED' as const };
      const head = await client.send(new HeadObjectCommand({ ...whole, PartNumber: 5 }));
      const sum = await digest(name, PARTS[2] as Buffer);
      expect(head).toMatchObject({ [field]: sum, ChecksumType, PartsCount: 4, ContentLength: 5 * MIB + 7 });
      const range = (Range: string): Promise<{ readonly [field]?: string | undefined }> =>
        client.send(new HeadObjectCommand({ ...whole, Range }));
      expect((await range(`bytes=${10 * MIB}-${15 * MIB + 6}`))[field]).toBe(sum);
      expect((await range(`bytes=${10 * MIB}-${15 * MIB + 5}`))[field]).toBeUndefined();
      expect((await range(`bytes=${10 * MIB + 1}-${15 * MIB + 7}`))[field]).toBeUndefined();
      // The SDK compares what it reads with the checksum that it is told.
      const got = await fixture.client().send(new GetObjectCommand({ ...whole, PartNumber: 9 }));
      expect(Buffer.from((await got.Body?.transformToByteArray()) ?? [])).toEqual(PARTS[3]);
    }
  });

  it('are known of more than a record could hold', async () => {
    await client.send(new PutObjectCommand({ Bucket, Key: 'five', Body: PARTS[0] ?? '' }));
    const Key = 'many';
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    const copy = async (PartNumber: number): Promise<{ PartNumber: number; ETag: string | undefined }> => {
      const CopySource = `${Bucket}/five`;
      const part = new UploadPartCopyCommand({ Bucket, Key, UploadId, PartNumber, CopySource });
      return { PartNumber, ETag: (await client.send(part)).CopyPartResult?.ETag };
    };
    const Parts = [];
    for (let number = 1; number <= 300; number++) Parts.push(await copy(number));
    await client.send(
      new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }),
    );
    const part = await client.send(new HeadObjectCommand({ Bucket, Key, PartNumber: 299 }));
    expect(part).toMatchObject({ PartsCount: 300, ContentLength: 5 * MIB });

    const sums = Array.from({ length: 10_000 }, (_, index) => bytes(32, index));
    const appendix = encodePartTable(
      sums.map((value, index) => ({
        number: index + 1,
        size: index % 7,
        checksum: { name: 'sha256', value },
      })),
    );
    await fixture.session.writeObject([Bucket, 'most'], Buffer.from('x'), {
      describe: () => ({ etag: 'e-10000', appendix }),
    });
    const found: (string | undefined)[] = [];
    for (let PartNumberMarker: string | undefined = '0', more = true; more; ) {
      const page: GetObjectAttributesParts | undefined = await partsOf('most', { PartNumberMarker });
      found.push(...(page?.Parts ?? []).map(({ ChecksumSHA256 }) => ChecksumSHA256));
      PartNumberMarker = page?.NextPartNumberMarker;
      more = page?.IsTruncated === true;
    }
    expect(found).toEqual(sums.map((sum) => sum.toString('base64')));
  });

  it('are counted in objects of older releases', async () => {
    const write = (name: string, partSizes: number[]): Promise<unknown> =>
      fixture.session.writeObject([Bucket, name], Buffer.from('abcdefgh'), {
        describe: () => ({ etag: 'e-2', ...(partSizes.length === 0 ? {} : { partSizes }) }),
      });
    await write('old', [5, 3]);
    expect((await partsOf('old'))?.Parts).toEqual([
      { PartNumber: 1, Size: 5 },
      { PartNumber: 2, Size: 3 },
    ]);
    const got = await client.send(new GetObjectCommand({ Bucket, Key: 'old', PartNumber: 2 }));
    expect(await got.Body?.transformToString()).toBe('fgh');
    await write('older', []);
    expect(await partsOf('older')).toEqual({ TotalPartsCount: 2 });
    await expect(
      client.send(new GetObjectCommand({ Bucket, Key: 'older', PartNumber: 2 })),
    ).rejects.toMatchObject({ name: 'NotImplemented' });
  });
});

describe('the table of parts', () => {
  async function stored(table: Uint8Array): Promise<PartTable | undefined> {
    const session = {
      readAppendix: async (_of: { size: number }, offset = 0, length = table.length) =>
        table.slice(offset, offset + length),
    };
    return PartTable.of(session, { appendix: { size: table.length } });
  }

  it.each([undefined, ...CHECKSUMS])('gives back what it was made of: %s', async (name) => {
    for (let seed = 1; seed <= 10; seed++) {
      let number = 0;
      const parts = Array.from({ length: seed * 5 }, (_, index): ObjectPart => {
        const random = bytes(2, seed * 31 + index);
        number += 1 + ((random[0] ?? 0) % 5 === 0 ? 3 : 0);
        const size = (random[1] ?? 0) % 3;
        const value = new Uint8Array(bytes(name === undefined ? 0 : CHECKSUM_BYTES[name], index));
        return { number, size, ...(name === undefined ? {} : { checksum: { name, value } }) };
      });
      const table = await stored(encodePartTable(parts));
      let offset = 0;
      const placed = parts.map((part) => {
        const at = offset;
        offset += part.size;
        return { ...part, offset: at };
      });
      expect(await table?.after(0, 10_000)).toEqual({ parts: placed, more: false });
      const [limit, marker] = [seed * 2, number >> 1];
      const behind = placed.filter((part) => part.number > marker);
      expect(await table?.after(marker, limit)).toEqual({
        parts: behind.slice(0, limit),
        more: behind.length > limit,
      });
      for (const part of placed) {
        expect(await table?.byNumber(part.number)).toEqual(part);
        if (part.size > 0) expect(await table?.byStretch(part.offset, part.size)).toEqual(part);
      }
      expect(await table?.byNumber(number + 1)).toBeUndefined();
    }
  });

  it('is refused when it is not whole', async () => {
    const table = encodePartTable([{ number: 1, size: 5, checksum: { name: 'crc32', value: bytes(4) } }]);
    for (const wrong of [
      table.subarray(1),
      table.subarray(0, -1),
      table.subarray(0, 3),
      Buffer.concat([table, table]),
    ])
      await expect(stored(wrong)).rejects.toMatchObject({ code: 'InternalError' });
  });
});
