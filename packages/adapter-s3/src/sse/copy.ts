import { createHash } from 'node:crypto';
import type { ContentProperties, ObjectAttributes, ObjectEntry, Path, PublishOptions } from '@latchkey/vault';
import { type ChecksumName, startDigest } from '../body/checksums.js';
import { S3Error } from '../errors.js';
import { checkRead } from '../objects/conditions.js';
import type { CopySource } from '../operations/copy.js';
import type { Call } from '../operations/operation.js';
import { openVersion } from '../versions/version-id.js';
import { type CustomerKey, customerKeyOf } from './customer-key.js';
import { type OpenedObject, unsealed } from './read.js';
import { type Sealing, sealing } from './seal.js';

/** The keys of a copy. */
export interface CopyKeys {
  readonly source: CustomerKey | undefined;
  readonly target: CustomerKey | undefined;
}

export function copyKeysOf(call: Call): CopyKeys {
  return { source: customerKeyOf(call, 'copy-source'), target: customerKeyOf(call) };
}

/** The source of a copy, opened with its key. Its conditions hold. */
async function openSource(
  call: Call,
  { source: { place, key: name, version }, empty }: Recoding,
  key: CustomerKey | undefined,
): Promise<OpenedObject> {
  const reader: OpenedObject =
    empty === undefined
      ? await openVersion(call.session, place.path, name, version)
      : { entry: empty, stream: nothing, close: async () => undefined };
  try {
    const opened = unsealed(reader, key);
    checkRead(call.headers, opened.entry, 'x-amz-copy-source-');
    return opened;
  } catch (error) {
    await reader.close();
    throw error;
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

export interface Recoding {
  readonly source: CopySource;
  /** The source is this directory, which has no content. */
  readonly empty?: ObjectEntry;
  readonly target: Path;
  readonly keys: CopyKeys;
  /** The part that the copy becomes; absent for an object. */
  readonly part?: number;
  readonly range?: { readonly offset?: number; readonly length?: number };
  /** A checksum to compute. */
  readonly checksum?: ChecksumName | undefined;
  readonly publish?: PublishOptions;
  readonly describe?: (from: ObjectEntry) => {
    readonly contentType?: string;
    readonly attributes: ObjectAttributes;
  };
}

/** Copies where a customer's key is involved: the bytes are read with one key, or none, and written with another, or none. */
export async function recode(call: Call, recoding: Recoding): Promise<ObjectEntry> {
  const { keys, range = {}, part, publish = {}, describe } = recoding;
  const reader = await openSource(call, recoding, keys.source);
  try {
    const { entry } = reader;
    const { offset = 0, length = entry.size - offset } = range;
    if (offset + length > entry.size)
      throw new S3Error('InvalidArgument', 'The range is not valid for the source object.');
    const described = describe?.(entry);
    const seal = keys.target === undefined ? undefined : sealing(keys.target, part);
    const md5 = createHash('md5');
    const running = recoding.checksum === undefined ? undefined : await startDigest(recoding.checksum);
    async function* plain(): AsyncGenerator<Uint8Array> {
      for await (const bytes of reader.stream(offset, length)) {
        md5.update(bytes);
        running?.update(bytes);
        yield bytes;
      }
    }
    const stored = seal === undefined ? plain() : seal.stream(plain());
    return await call.session.writeObject(recoding.target, stored, {
      ...publish,
      ...(part === undefined ? {} : { shared: true }),
      ...(described === undefined ? {} : { attributes: described.attributes }),
      describe: (): ContentProperties => {
        const sum = running?.digest();
        const kept = part === undefined && sum === undefined ? checksums(entry) : [];
        const made: [string, Uint8Array][] =
          sum === undefined || recoding.checksum === undefined
            ? []
            : [[recoding.checksum, new Uint8Array(sum)]];
        return {
          ...(described?.contentType === undefined ? {} : { contentType: described.contentType }),
          etag: seal?.etag ?? md5.digest('hex'),
          digests: new Map([...kept, ...made, ...sealed(seal)]),
        };
      },
    });
  } finally {
    await reader.close();
  }
}

/** Those of a source that are true of its content and not of its parts. */
function checksums({ digests }: ObjectEntry): [string, Uint8Array][] {
  return [...(digests ?? [])].filter(([name]) => !name.includes('/') && name !== 'sse-c');
}

function sealed(seal: Sealing | undefined): [string, Uint8Array][] {
  return seal === undefined ? [] : [seal.digest];
}

/** Whether a request names a key, for the source or for what is written. */
export function hasKeys({ source, target }: CopyKeys): boolean {
  return source !== undefined || target !== undefined;
}
