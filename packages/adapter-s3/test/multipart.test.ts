import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  GetObjectCommand,
  HeadObjectCommand,
  ListPartsCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { STAGING } from '@latchkey/vault';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ChecksumName, startDigest } from '../src/body/checksums.js';
import { type CrcName, combineCrcs } from '../src/body/crc-combine.js';
import { bytes, content, type Fixture, startFixture } from './support/fixture.js';

const Bucket = 'parts';
const MIB = 1024 * 1024;
const PARTS = [bytes(5 * MIB, 1), bytes(5 * MIB + 7, 2), bytes(100, 3)];
const WHOLE = Buffer.concat(PARTS);

let fixture: Fixture;
let client: S3Client;

beforeAll(async () => {
  fixture = await startFixture();
  client = fixture.client();
  await client.send(new CreateBucketCommand({ Bucket }));
});
afterAll(() => fixture.close());

async function begin(Key: string, more: Partial<CreateMultipartUploadCommandInput> = {}): Promise<string> {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key, ...more }));
  return UploadId as string;
}

async function upload(
  Key: string,
  UploadId: string,
  PartNumber: number,
  Body: Buffer,
): Promise<CompletedPart> {
  const part = await client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }));
  const { ETag, ChecksumCRC32, ChecksumCRC32C, ChecksumCRC64NVME, ChecksumSHA1, ChecksumSHA256 } = part;
  return { PartNumber, ETag, ChecksumCRC32, ChecksumCRC32C, ChecksumCRC64NVME, ChecksumSHA1, ChecksumSHA256 };
}

async function complete(Key: string, UploadId: string, Parts: CompletedPart[], more: object = {}) {
  const MultipartUpload = { Parts };
  return client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload, ...more }));
}

function etagOfParts(parts: readonly Buffer[]): string {
  const sums = parts.map((part) => createHash('md5').update(part).digest());
  return `"${createHash('md5').update(Buffer.concat(sums)).digest('hex')}-${parts.length}"`;
}

async function digest(name: ChecksumName, data: Uint8Array): Promise<Buffer> {
  const running = await startDigest(name);
  running.update(data);
  return running.digest();
}

describe('uploads in parts', () => {
  it('are composed in one commit, with skipped numbers and parts out of order', async () => {
    const id = await begin('dir/whole', { Metadata: { m: '1' }, ContentType: 'a/b' });
    const last = await upload('dir/whole', id, 9, PARTS[2] as Buffer);
    await upload('dir/whole', id, 1, Buffer.from('replaced'));
    const first = await upload('dir/whole', id, 1, PARTS[0] as Buffer);
    const second = await upload('dir/whole', id, 4, PARTS[1] as Buffer);
    expect((await fixture.session.list([])).entries.map((entry) => entry.name)).toEqual([Bucket]);
    const listed = await client.send(
      new ListPartsCommand({ Bucket, Key: 'dir/whole', UploadId: id, MaxParts: 2 }),
    );
    expect(listed).toMatchObject({ IsTruncated: true, NextPartNumberMarker: '4' });
    expect(listed.Parts?.map((part) => [part.PartNumber, part.ETag, part.Size])).toEqual([
      [1, first.ETag, 5 * MIB],
      [4, second.ETag, 5 * MIB + 7],
    ]);
    const rest = await client.send(
      new ListPartsCommand({ Bucket, Key: 'dir/whole', UploadId: id, PartNumberMarker: '4' }),
    );
    expect(rest).toMatchObject({ IsTruncated: false, PartNumberMarker: '4', NextPartNumberMarker: '9' });
    expect(rest.Parts?.map((part) => part.PartNumber)).toEqual([9]);
    const done = await complete('dir/whole', id, [first, second, last]);
    expect(done.ETag).toBe(etagOfParts(PARTS));
    expect(Buffer.compare(await content(fixture.session, Bucket, 'dir', 'whole'), WHOLE)).toBe(0);
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'dir/whole', PartNumber: 4 }));
    expect(head).toMatchObject({
      PartsCount: 3,
      ContentLength: 5 * MIB + 7,
      ETag: done.ETag,
      ContentType: 'a/b',
      Metadata: { m: '1' },
    });
    const got = await client.send(new GetObjectCommand({ Bucket, Key: 'dir/whole', PartNumber: 9 }));
    expect(Buffer.from((await got.Body?.transformToByteArray()) ?? [])).toEqual(PARTS[2]);
    expect((await fixture.session.list([STAGING])).entries).toEqual([]);
    await expect(complete('dir/whole', id, [first])).rejects.toMatchObject({ name: 'NoSuchUpload' });
  });

  const types: [ChecksumName, 'FULL_OBJECT' | 'COMPOSITE'][] = [
    ['crc32', 'COMPOSITE'],
    ['crc32', 'FULL_OBJECT'],
    ['crc32c', 'COMPOSITE'],
    ['crc32c', 'FULL_OBJECT'],
    ['crc64nvme', 'FULL_OBJECT'],
    ['sha1', 'COMPOSITE'],
    ['sha256', 'COMPOSITE'],
  ];
  it.each(types)('keep a checksum %s of type %s', async (name, ChecksumType) => {
    const Key = `${name}-${ChecksumType}`;
    const id = await begin(Key, { ChecksumAlgorithm: name.toUpperCase() as 'CRC32', ChecksumType });
    const parts: CompletedPart[] = [];
    for (const [index, part] of PARTS.entries()) {
      const checksum = { [`Checksum${name.toUpperCase()}`]: (await digest(name, part)).toString('base64') };
      const { ETag } = await client.send(
        new UploadPartCommand({ Bucket, Key, UploadId: id, PartNumber: index + 1, Body: part, ...checksum }),
      );
      parts.push({ PartNumber: index + 1, ETag, ...checksum });
    }
    const done = await complete(Key, id, parts);
    const sums = Buffer.concat(await Promise.all(PARTS.map((part) => digest(name, part))));
    const expected =
      ChecksumType === 'FULL_OBJECT'
        ? (await digest(name, WHOLE)).toString('base64')
        : `${(await digest(name, sums)).toString('base64')}-3`;
    expect(Reflect.get(done, `Checksum${name.toUpperCase()}`)).toBe(expected);
    expect(done.ChecksumType).toBe(ChecksumType);
  });

  it('refuse wrong lists, and can be completed all the same', async () => {
    const id = await begin('k', { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' });
    const parts = await Promise.all(PARTS.map((part, index) => upload('k', id, index + 1, part)));
    const [first, second, third] = parts as [CompletedPart, CompletedPart, CompletedPart];
    const wrong: [string, CompletedPart[], object?][] = [
      ['InvalidPartOrder', [second, first]],
      ['InvalidPartOrder', [first, first]],
      ['InvalidPart', [first, { ...second, ETag: first.ETag }]],
      ['InvalidPart', [first, { ...second, ChecksumCRC32: first.ChecksumCRC32 }]],
      ['InvalidPart', [first, { ...second, PartNumber: 77 }]],
      ['EntityTooSmall', [first, third, { ...second, PartNumber: 4 }]],
      ['BadDigest', parts, { ChecksumCRC32: first.ChecksumCRC32 }],
      ['InvalidRequest', parts, { MpuObjectSize: 5 }],
      ['MalformedXML', []],
    ];
    await upload('k', id, 4, PARTS[1] as Buffer);
    for (const [name, list, more] of wrong)
      await expect(complete('k', id, list, more), name).rejects.toMatchObject({ name });
    await expect(client.send(new HeadObjectCommand({ Bucket, Key: 'k' }))).rejects.toMatchObject({
      name: 'NotFound',
    });
    await complete('k', id, parts, { MpuObjectSize: WHOLE.length, IfNoneMatch: '*' });
    const again = await begin('k');
    const only = await upload('k', again, 1, PARTS[2] as Buffer);
    await expect(complete('k', again, [only], { IfNoneMatch: '*' })).rejects.toMatchObject({
      name: 'PreconditionFailed',
    });
    await complete('k', again, [only]);
    expect((await content(fixture.session, Bucket, 'k')).length).toBe(100);
  });

  it('belong to one key, and end when they are aborted', async () => {
    const id = await begin('mine');
    const part = await upload('mine', id, 1, PARTS[2] as Buffer);
    const gone = { name: 'NoSuchUpload' };
    await expect(upload('yours', id, 1, PARTS[2] as Buffer)).rejects.toMatchObject(gone);
    await expect(complete('yours', id, [part])).rejects.toMatchObject(gone);
    const abort = new AbortMultipartUploadCommand({ Bucket, Key: 'mine', UploadId: id });
    await client.send(abort);
    await expect(client.send(abort)).rejects.toMatchObject(gone);
    await expect(upload('mine', id, 1, PARTS[2] as Buffer)).rejects.toMatchObject(gone);
    await expect(upload('mine', '../../parts', 1, PARTS[2] as Buffer)).rejects.toMatchObject(gone);
  });

  it('take stretches of objects as parts', async () => {
    const source = await begin('source');
    await complete('source', source, [
      await upload('source', source, 1, PARTS[0] as Buffer),
      await upload('source', source, 2, PARTS[1] as Buffer),
    ]);
    const id = await begin('joined');
    const copy = async (PartNumber: number, CopySourceRange: string): Promise<CompletedPart> => {
      const { CopyPartResult } = await client.send(
        new UploadPartCopyCommand({
          Bucket,
          Key: 'joined',
          UploadId: id,
          PartNumber,
          CopySource: `${Bucket}/source`,
          CopySourceRange,
        }),
      );
      return { PartNumber, ETag: CopyPartResult?.ETag };
    };
    const parts = [await copy(1, `bytes=3-${5 * MIB + 9}`), await copy(2, 'bytes=0-0')];
    await expect(copy(3, `bytes=0-${20 * MIB}`)).rejects.toMatchObject({ name: 'InvalidArgument' });
    await complete('joined', id, parts);
    const expected = Buffer.concat([WHOLE.subarray(3, 5 * MIB + 10), WHOLE.subarray(0, 1)]);
    expect(Buffer.compare(await content(fixture.session, Bucket, 'joined'), expected)).toBe(0);
  });

  it.each([
    ['crc32', 'CRC32', 'FULL_OBJECT'],
    ['sha256', 'SHA256', 'COMPOSITE'],
  ] as const)('compute the %s of stretches', async (name, ChecksumAlgorithm, ChecksumType) => {
    const from = WHOLE.subarray(0, 6 * MIB);
    await client.send(new PutObjectCommand({ Bucket, Key: 'from', Body: from, ChecksumAlgorithm }));
    const Key = `of-stretches-${name}`;
    const UploadId = await begin(Key, { ChecksumAlgorithm, ChecksumType });
    const copy = async (PartNumber: number, CopySourceRange?: string): Promise<CompletedPart> => {
      const source = { CopySource: `${Bucket}/from`, CopySourceRange };
      const sent = new UploadPartCopyCommand({ Bucket, Key, UploadId, PartNumber, ...source });
      const { ETag, ChecksumCRC32, ChecksumSHA256 } = (await client.send(sent)).CopyPartResult ?? {};
      return { PartNumber, ETag, ChecksumCRC32, ChecksumSHA256 };
    };
    const stretches = [from, from.subarray(7, 5 * MIB + 8), from.subarray(0, 1)];
    const copied = [await copy(1), await copy(2, `bytes=7-${5 * MIB + 7}`), await copy(3, 'bytes=0-0')];
    const sums = await Promise.all(stretches.map((one) => digest(name, one)));
    expect(copied.map((one) => one.ChecksumCRC32 ?? one.ChecksumSHA256)).toEqual(
      sums.map((sum) => sum.toString('base64')),
    );
    await expect(copy(4, `bytes=0-${20 * MIB}`)).rejects.toMatchObject({ name: 'InvalidArgument' });
    const { ChecksumCRC32, ChecksumSHA256 } = await complete(Key, UploadId, copied);
    const whole = name === 'crc32' ? stretches : sums;
    const expected = (await digest(name, Buffer.concat(whole))).toString('base64');
    expect(ChecksumCRC32 ?? ChecksumSHA256).toBe(name === 'crc32' ? expected : `${expected}-3`);
  });
});

describe('the CRC of a whole', () => {
  it.each<CrcName>(['crc32', 'crc32c', 'crc64nvme'])('comes from those of its parts: %s', async (name) => {
    const parts = [bytes(1, 1), bytes(0), bytes(1000, 5), bytes(65_537, 9), bytes(3, 2)];
    const sums = await Promise.all(
      parts.map(async (part) => ({ crc: await digest(name, part), length: part.length })),
    );
    expect(combineCrcs(name, sums)).toEqual(await digest(name, Buffer.concat(parts)));
  });

  it.each<[ChecksumName, string]>([
    ['crc32', 'cbf43926'],
    ['crc32c', 'e3069283'],
    ['crc64nvme', 'ae8b14860a799888'],
  ])('%s of 123456789 is the published check value', async (name, check) => {
    expect((await digest(name, Buffer.from('123456789'))).toString('hex')).toBe(check);
  });
});
