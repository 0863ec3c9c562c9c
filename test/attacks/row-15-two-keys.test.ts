import { encodeCbor, type Piece, SEGMENT_HEADER_BYTES } from '@latchkey/encryption';
import { describe, expect, it } from 'vitest';
import {
  directoryAt,
  fieldsOf,
  ownerOf,
  provider,
  readHead,
  recordBy,
  recordIn,
  withRecords,
  writeHead,
} from './insider.js';
import { type KeyUse, recordingProvider } from './recording-provider.js';
import { expectRefused } from './refusal.js';
import { gcmUnderTwoKeys } from './two-keys.js';
import { collect, filler, Victim } from './victim.js';

const SIZE = 1600;
const victim = await Victim.make(
  async (session) => void (await session.write(['model'], filler(SIZE, 'model'))),
);
const owner = ownerOf(victim);
const root = directoryAt(victim, owner, []);
const head = readHead(victim, owner, root);
const model = fieldsOf(recordIn(head, 'model'));
const piece = model.content.pieces?.[0] as Extract<Piece, { kind: 'data' }>;
const [blob] = victim.keys('b/');

const segmentKeys = [filler(32, 'key for the auditor'), filler(32, 'key for the accomplice')] as const;
const salt = filler(32, 'salt');
const derived = segmentKeys.map((key) =>
  provider.hmacSha512(key, encodeCbor(['latchkey/1/segment', owner.vaultId, salt])),
) as [Uint8Array, Uint8Array];
const aesKeys = derived.map((bytes) => bytes.subarray(0, 32)) as [Uint8Array, Uint8Array];
/** Counter 0, last chunk. */
const NONCE = Buffer.from('000000000000000000000001', 'hex');

/** A segment that commits to one of the keys and opens, as far as AES-GCM is asked, under both. */
function forgedSegment(): { bytes: Buffer; header: Buffer; chunk: Uint8Array; treeRoot: Uint8Array } {
  const fixed = Buffer.from(victim.bytes(blob as string).subarray(0, 16));
  const header = Buffer.concat([fixed, salt, derived[0].subarray(32)]);
  expect(header.length).toBe(SEGMENT_HEADER_BYTES);
  const chunk = gcmUnderTwoKeys(aesKeys, NONCE, header, SIZE / 16);
  const leaf = (data: Uint8Array): Uint8Array => provider.sha256(Buffer.from([0]), data);
  const leaves = [leaf(header), leaf(chunk)];
  const treeRoot = provider.sha256(Buffer.from([1]), ...leaves);
  return { bytes: Buffer.concat([header, chunk, ...leaves]), header, chunk, treeRoot };
}

describe('attack 15: one ciphertext for two keys', () => {
  it('is real: AES-GCM alone opens the chunk under both keys, to different contents', () => {
    const { header, chunk } = forgedSegment();
    const [one, two] = aesKeys.map((key) => Buffer.from(provider.aesGcmOpen(key, NONCE, header, chunk)));
    expect(one?.length).toBe(SIZE);
    expect(two?.length).toBe(SIZE);
    expect(one?.equals(two as Buffer)).toBe(false);
  });

  it('is refused under the key that the segment does not commit to, before anything is decrypted', async () => {
    const { bytes, treeRoot } = forgedSegment();
    await victim.plant(blob as string, bytes);
    // An author who means harm signs two records for one segment, each with another key.
    const records = segmentKeys.map((key, index) =>
      recordBy(owner.author, root, `reader ${index}`, {
        ...model,
        content: { pieces: [{ ...piece, key, root: treeRoot }] },
      }),
    );
    await writeHead(victim, owner, root, withRecords(head, ...records), owner.author);
    const opened: KeyUse[] = [];
    const watching = recordingProvider((use) => {
      if (use.primitive === 'aes-256-gcm') opened.push(use);
    });
    const read = (name: string): Promise<Buffer> =>
      victim.visit(async (session) => collect(session.read([name])), { provider: watching });
    expect((await read('reader 0')).length).toBe(SIZE);
    expect(opened.length).toBe(1);
    await expectRefused(victim, () => read('reader 1'));
    expect(opened.length).toBe(1);
  });
});
