import type { Head, SealedRecord } from '@latchkey/encryption';
import { contentBlobs, holdsBlobs } from '../content/stored-content.js';
import type { VaultContext } from '../context.js';
import { VaultError } from '../errors.js';
import { CARRY_MS } from '../limits.js';
import { buildRecord, openRecord, type RecordFields } from '../record/build.js';
import { asVaultError } from '../translate.js';
import { arriving } from '../versions/displace.js';
import { keepingOf } from '../versions/keeping.js';
import { refuseLocked } from '../versions/locks.js';
import { markFor, settleMark } from './marks.js';
import { notFound } from './path.js';
import { clash, clearTarget, type Place } from './place.js';

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
      if (fields.content.shared || !holdsBlobs(fields.content))
        return { fields, signature: row.sealed().signature, markedAt };
      const marked = { listing: fields.listing, content: { ...fields.content, shared: true } };
      const record = buildRecord(context, source.directory, source.name, marked);
      await transaction.put(record);
      return { fields: marked, signature: record.signature, markedAt };
    },
  });
}

/**
 * Marks a file as being on its way, and its segments shared, in one commit. A record with no room for the mark goes without:
 * then nobody but its mover can finish the move.
 */
async function markMoving(context: VaultContext, source: Place, mark: Uint8Array): Promise<Marked> {
  const markedAt = Date.now();
  return source.directory.commits.submit({
    apply: async (transaction) => {
      const row = await transaction.get(source.name);
      if (row === undefined) throw notFound(source.path);
      const { listing, content } = openRecord(context, source.directory, row);
      const keeping = await keepingOf(context, source.path);
      // What a move leaves behind where versions are kept is more than a later visitor could tell from the mark.
      if (keeping === undefined) refuseLocked(source.name, listing);
      const fields = {
        listing,
        content: holdsBlobs(content) ? { ...content, shared: true } : content,
      };
      const build = (sealed?: Uint8Array): SealedRecord =>
        buildRecord(context, source.directory, source.name, fields, sealed);
      let record: SealedRecord;
      try {
        record = build(keeping === undefined ? mark : undefined);
      } catch (error) {
        if (!(error instanceof VaultError) || error.code !== 'too-large') throw error;
        record = build();
      }
      await transaction.put(record);
      return { fields, signature: record.signature, markedAt };
    },
  });
}

/**
 * Moves a file between directories (docs/concurrency.md, rule 7): mark, insert, remove. A crash in between leaves a
 * copy, never a loss, until somebody meets the mark; a source that has changed since it was marked stays.
 */
export async function moveFile(
  context: VaultContext,
  from: Place,
  to: Place & { readonly head: Head },
  replace: boolean,
): Promise<void> {
  // Not only below, where the file would have been marked for nothing.
  if (!replace && (await to.directory.tree(to.head).get(to.name)) !== undefined)
    throw clash(to, replace, 'exists', '');
  const operation = context.provider.randomBytes(16);
  const { fields, signature, markedAt } = await markMoving(
    context,
    from,
    markFor(context, from, to, operation),
  );
  const settle = (verdict: 'moved' | 'stays'): Promise<void> =>
    settleMark(context, from.directory, from.name, signature, verdict, from.path);
  try {
    await insert(context, to, fields, markedAt, replace, operation);
  } catch (error) {
    // While it may have been done the mark stays, for whoever comes by later.
    if (asVaultError(error).code !== 'unavailable') await settle('stays').catch(() => undefined);
    throw error;
  }
  await settle('moved');
}

/** Puts a record with somebody else's content under a new name. */
export async function insert(
  context: VaultContext,
  to: Place,
  fields: RecordFields,
  markedAt: number,
  replace: boolean,
  operation?: Uint8Array,
): Promise<SealedRecord> {
  return to.directory.commits.submit({
    ...(operation === undefined ? {} : { operation }),
    apply: async (transaction) => {
      if (Date.now() - markedAt > CARRY_MS)
        throw new VaultError(
          'conflict',
          'this took so long that the content may be gone; nothing was changed',
        );
      const next = await contentBlobs(context, fields.content);
      const arrival = await clearTarget(
        context,
        transaction,
        to,
        to.name,
        undefined,
        replace,
        undefined,
        next,
      );
      const listing = arriving(fields.listing, arrival);
      const record = buildRecord(context, to.directory, to.name, { ...fields, listing });
      await transaction.put(record);
      return record;
    },
  });
}
