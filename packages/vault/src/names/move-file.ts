import type { SealedRecord } from '@latchkey/encryption';
import { sameBytes } from '../bytes.js';
import type { VaultContext } from '../context.js';
import type { Directory } from '../directory/directory.js';
import { VaultError } from '../errors.js';
import { buildRecord, openRecord, type RecordFields } from '../record/build.js';
import { notFound } from './path.js';
import { clearTarget, type Place } from './place.js';
import { releaseContent } from './remove.js';

/** Old references are put down within this many milliseconds of the look that found them (docs/concurrency.md). */
const CARRY_MS = 15 * 60 * 1000;

/** A record as it stands once its segments are marked, and when it was looked at. */
export interface Marked {
  readonly fields: RecordFields;
  readonly signature: Uint8Array;
  /** Milliseconds since 1970. */
  readonly markedAt: number;
}

/**
 * Marks a file's segments shared, so that nobody deletes them on their own account while two records hold them.
 * Returns the record as it then stands. Content that is all inline needs no mark.
 */
export async function markShared(context: VaultContext, source: Place): Promise<Marked> {
  const markedAt = Date.now();
  return source.directory.commits.submit({
    apply: async (transaction) => {
      const row = await transaction.get(source.name);
      if (row === undefined) throw notFound(source.path);
      const fields = openRecord(context, source.directory, row);
      if (fields.content.shared || !holdsSegments(fields))
        return { fields, signature: row.sealed().signature, markedAt };
      const marked = { listing: fields.listing, content: { ...fields.content, shared: true } };
      const record = buildRecord(context, source.directory, source.name, marked);
      await transaction.put(record);
      return { fields: marked, signature: record.signature, markedAt };
    },
  });
}

/**
 * Moves a file between directories (docs/concurrency.md, rule 7): mark, insert, remove. A crash in between leaves a
 * copy, never a loss; a source that has changed since it was marked stays.
 */
export async function moveFile(
  context: VaultContext,
  from: Place,
  to: Place,
  replace: boolean,
): Promise<void> {
  const { fields, signature, markedAt } = await markShared(context, from);
  await insert(context, to, fields, markedAt, replace);
  await removeUnchanged(context, from.directory, from.name, signature);
}

/** Puts a record with somebody else's content under a new name. */
export async function insert(
  context: VaultContext,
  to: Place,
  fields: RecordFields,
  markedAt: number,
  replace: boolean,
): Promise<SealedRecord> {
  return to.directory.commits.submit({
    apply: async (transaction) => {
      if (Date.now() - markedAt > CARRY_MS)
        throw new VaultError(
          'conflict',
          'this took so long that the content may be gone; nothing was changed',
        );
      await clearTarget(context, transaction, to, to.name, [], replace);
      const record = buildRecord(context, to.directory, to.name, fields);
      await transaction.put(record);
      return record;
    },
  });
}

async function removeUnchanged(
  context: VaultContext,
  directory: Directory,
  name: string,
  signature: Uint8Array,
): Promise<void> {
  await directory.commits.submit({
    evenDead: true,
    reclaims: true,
    apply: async (transaction) => {
      const row = await transaction.get(name);
      if (row === undefined || !sameBytes(row.sealed().signature, signature)) return;
      await transaction.remove(name);
      // The note makes a gc that has read the target already, and not yet the source, spare the segments.
      await releaseContent(context, directory, transaction, row);
    },
  });
}

function holdsSegments({ content }: RecordFields): boolean {
  return [content, content.draft].some(
    (held) => held?.map !== undefined || held?.pieces?.some((piece) => piece.kind === 'data') === true,
  );
}
