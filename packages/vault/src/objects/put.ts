import type { Appendix } from '@latchkey/encryption';
import { storeAppendix } from '../content/appendix.js';
import { collected, type Hold } from '../content/blob-writer.js';
import { type Piece, PieceList } from '../content/pieces.js';
import { SegmentLog } from '../content/segment-log.js';
import { contentBlobs, storeContent } from '../content/stored-content.js';
import type { VaultContext } from '../context.js';
import type { Directory } from '../directory/directory.js';
import { listingOf } from '../directory/rows.js';
import type { Transaction } from '../directory/transaction.js';
import { VaultError } from '../errors.js';
import { fromCaller, SourceFailed } from '../files/stream.js';
import { CARRY_MS, INLINE_BYTES } from '../limits.js';
import { dropLeftOver } from '../names/link.js';
import { makeDirectory } from '../names/make-directory.js';
import { show, splitPath } from '../names/path.js';
import { inParent } from '../names/resolve.js';
import type {
  ContentProperties,
  ObjectAttributes,
  ObjectEntry,
  Precondition,
  PublishOptions,
  WriteObjectOptions,
} from '../object-session.js';
import {
  buildRecord,
  checkAttributes,
  freshListing,
  openRecord,
  type RecordFields,
} from '../record/build.js';
import type { Path } from '../session.js';
import { displace } from '../versions/displace.js';
import { keepingOf } from '../versions/keeping.js';
import { objectEntry } from './entry.js';

const STEP_BYTES = 1024 * 1024;
/** How often parents are made anew that others remove as soon as they are there. */
const PARENT_RETRIES = 16;

/** What becomes the content of a file. */
export interface NewContent {
  readonly list: PieceList;
  readonly properties: ContentProperties;
  readonly appendix?: Appendix;
  readonly attributes: ObjectAttributes;
  /** Other records hold the same segments, or will. */
  readonly shared: boolean;
  /** When, in milliseconds since 1970, segments of other records were found; absent when all are new. */
  readonly foundAt?: number;
  readonly hold: Hold;
}

/** Runs a function of the caller's: what it throws is told unchanged. */
export async function asked<T>(question: () => T | Promise<T>): Promise<T> {
  try {
    return await question();
  } catch (cause) {
    throw new SourceFailed('refused by the caller', { cause });
  }
}

export async function writeObject(
  context: VaultContext,
  path: Path,
  source: Uint8Array | AsyncIterable<Uint8Array>,
  options: WriteObjectOptions,
): Promise<ObjectEntry> {
  splitPath(path);
  checkAttributes(options.attributes ?? {});
  const hold = context.writer.hold();
  const log = new SegmentLog(context);
  try {
    let list = new PieceList();
    for await (const chunk of source instanceof Uint8Array ? [source] : fromCaller(source)) {
      for (let at = 0; at < chunk.length; at += STEP_BYTES) {
        const step = chunk.subarray(at, at + STEP_BYTES);
        if (!log.prepared) await log.prepare(step.length);
        for (const piece of log.append(step)) list.write(list.size, piece);
        await log.room();
      }
    }
    const { size } = list;
    const { appendix: bytes, ...properties } = await asked(
      async () => (await options.describe?.(size)) ?? {},
    );
    if (size > 0 && size <= INLINE_BYTES) list = inRecord(log, list);
    log.cut();
    await log.stored();
    const appendix = bytes && (await storeAppendix(context, bytes));
    const { attributes = {}, shared = false } = options;
    const content = { list, properties, attributes, shared, hold };
    return await publishObject(
      context,
      path,
      { ...content, ...(appendix === undefined ? {} : { appendix }) },
      options,
    );
  } finally {
    log.discard();
    hold.release();
  }
}

function inRecord(log: SegmentLog, list: PieceList): PieceList {
  const pieces = list.pieces.map((piece): Piece => {
    const bytes = log.peek(piece);
    return bytes === undefined ? piece : { kind: 'literal', bytes, length: bytes.length };
  });
  log.discard();
  return PieceList.of(pieces);
}

/** Puts content under a name in one commit, making implied parents as `options` has it. */
export async function publishObject(
  context: VaultContext,
  path: Path,
  content: NewContent,
  options: PublishOptions,
): Promise<ObjectEntry> {
  checkAttributes(content.attributes);
  const { existing } = options;
  for (let attempt = 0; ; attempt++) {
    try {
      return await inParent(context, path, ({ directory }, name) =>
        directory.commits.submit({
          apply: (transaction) =>
            replace(context, { directory, name, path }, transaction, content, options.precondition),
        }),
      );
    } catch (error) {
      const orphaned =
        error instanceof VaultError && (error.code === 'not-found' || error.code === 'not-a-directory');
      if (!orphaned || existing === undefined || attempt >= PARENT_RETRIES) throw error;
    }
    const { parent } = splitPath(path);
    if (parent.length <= existing) throw missingParent(parent);
    await makeDirectory(context, parent, { recursive: true, implied: true, existing });
  }
}

interface Target {
  readonly path: Path;
  readonly directory: Directory;
  readonly name: string;
}

async function replace(
  context: VaultContext,
  { path, directory, name }: Target,
  transaction: Transaction,
  { list, properties, appendix, attributes, shared, foundAt, hold }: NewContent,
  precondition: Precondition | undefined,
): Promise<ObjectEntry> {
  if (hold.lost) throw collected();
  if (foundAt !== undefined && Date.now() - foundAt > CARRY_MS)
    throw new VaultError('conflict', 'this took so long that the content may be gone; nothing was changed');
  await dropLeftOver(context, directory, transaction, name);
  const row = await transaction.get(name);
  const old = row === undefined ? undefined : openRecord(context, directory, row);
  if (precondition !== undefined)
    await asked(() => precondition(published(old) ? objectEntry(name, old, directory.id) : undefined));
  const { held: stored, content } = await storeContent(context, list);
  const held = { ...stored, ...(appendix === undefined ? {} : { appendix }) };
  const blobs = await contentBlobs(context, held);
  const keeping = await keepingOf(context, path);
  const arrival = await displace({ context, directory, transaction, name, keeping }, blobs);
  const others = (shared && blobs.size > 0) || arrival.shared;
  const fields = {
    listing: {
      ...freshListing('file', attributes),
      ...arrival.stamp,
      ...(attributes.retention === undefined ? {} : { retention: attributes.retention }),
      ...(attributes.legalHold === true ? { legalHold: true } : {}),
      size: content.size,
      tags: attributes.tags ?? new Map(),
      revision: old?.listing.revision ?? 0,
    },
    content: { ...properties, ...held, ...(others ? { shared: true } : {}) },
  };
  const record = buildRecord(context, directory, name, fields);
  await transaction.put(record);
  return objectEntry(name, { ...fields, listing: listingOf(record) }, directory.id);
}

/** A file that has more than a draft. */
export function published(old: RecordFields | undefined): old is RecordFields {
  return old?.listing.kind === 'file' && !old.listing.draftOnly;
}

function missingParent(parent: Path): VaultError {
  return new VaultError('not-found', `no such file or directory: ${show(parent)}`);
}
