import type { ContentFields, ListingFields } from '@latchkey/encryption';
import { sameBytes } from '../bytes.js';
import { collected } from '../content/blob-writer.js';
import type { PieceList } from '../content/pieces.js';
import { contentBlobs, storeContent } from '../content/stored-content.js';
import type { VaultContext } from '../context.js';
import { listingOf, type Row } from '../directory/rows.js';
import type { Transaction } from '../directory/transaction.js';
import { VaultError } from '../errors.js';
import { vacate } from '../names/link.js';
import { show } from '../names/path.js';
import {
  buildRecord,
  freshListing,
  now,
  openRecord,
  type RecordFields,
  withAttributes,
} from '../record/build.js';
import { contentOf } from '../record/content-of.js';
import type { Attributes } from '../session.js';
import { asNew, displace } from '../versions/displace.js';
import { keepingSince } from '../versions/keeping.js';
import type { Opening, Unsaved } from './write-handle.js';

export interface Published {
  readonly fields: RecordFields;
  readonly content: PieceList;
}

/**
 * Makes a handle's content the file's, in one commit. A handle that did not truncate makes its edits to whatever
 * version is the newest then, so that of two appenders both survive.
 */
export async function publish(
  context: VaultContext,
  opening: Opening,
  opened: RecordFields | undefined,
  unsaved: Unsaved,
): Promise<Published> {
  const { directory, name } = opening;
  return directory.commits.submit({
    apply: async (transaction): Promise<Published> => {
      await refuseDirectory(context, opening, transaction);
      const row = await transaction.get(name);
      const old = row === undefined ? undefined : openRecord(context, directory, row);
      if (opening.mustBeNew && opened === undefined && old !== undefined)
        throw new VaultError('exists', `file exists: ${show(opening.path)}`);
      const { held, content } = await storeContent(
        context,
        await rebased(context, opening, opened, old, unsaved),
      );
      const { contentType } = isFile(old) ? old.content : emptyContent();
      const keeping = await keepingSince(context, opening.path, old?.listing);
      const blobs = await contentBlobs(context, held);
      const arrival = await displace({ context, directory, transaction, name, keeping }, blobs);
      const listing = {
        ...asNew(listingAfter(old, unsaved.attributes)),
        size: content.size,
        draftOnly: false,
        ...arrival.stamp,
      };
      const type = contentType === undefined ? {} : { contentType };
      const fields = { listing, content: { ...type, ...held, shared: arrival.shared } };
      const record = buildRecord(context, directory, name, fields);
      await transaction.put(record);
      return {
        fields: { ...fields, listing: listingOf(record), signature: record.signature },
        content,
      };
    },
  });
}

/** Keeps a broken upload beside the published version, or alone while there is none. */
export async function saveDraft(
  context: VaultContext,
  opening: Opening,
  opened: RecordFields | undefined,
  unsaved: Unsaved,
): Promise<void> {
  const { directory, name } = opening;
  await directory.commits.submit({
    apply: async (transaction) => {
      await refuseDirectory(context, opening, transaction);
      const row = await transaction.get(name);
      const old = row === undefined ? undefined : openRecord(context, directory, row);
      if (old !== undefined && !isFile(old)) return;
      const view = await rebased(context, opening, opened, old, unsaved);
      const { held } = await storeContent(context, view);
      const draft = { ...held, size: view.size, seconds: now().seconds };
      const unpublished = old === undefined || old.listing.draftOnly;
      const listing = unpublished
        ? { ...listingAfter(old, unsaved.attributes), size: view.size, draftOnly: true }
        : old.listing;
      const content = { ...(old?.content ?? emptyContent()), draft };
      await replaceRecord(context, opening, transaction, row, old, { listing, content });
    },
  });
}

/**
 * What a handle wrote, on the version that stands now. Segments of the version that it opened are used only while a
 * record holds them: once the file is gone from its name they are somebody else's, or about to be deleted.
 */
async function rebased(
  context: VaultContext,
  { path }: Opening,
  opened: RecordFields | undefined,
  old: RecordFields | undefined,
  unsaved: Unsaved,
): Promise<PieceList> {
  if (unsaved.hold.lost) throw collected();
  if (unsaved.replace) return unsaved.view;
  if (!isFile(old))
    throw new VaultError('stale', `the file has been removed or renamed meanwhile: ${show(path)}`);
  if (
    opened?.signature !== undefined &&
    old.signature !== undefined &&
    sameBytes(opened.signature, old.signature)
  )
    return unsaved.view;
  return unsaved.edits.applyTo(await contentOf(context, old));
}

async function replaceRecord(
  context: VaultContext,
  { directory, name }: Opening,
  transaction: Transaction,
  row: Row | undefined,
  old: RecordFields | undefined,
  fields: RecordFields,
): Promise<RecordFields> {
  const kept = await contentBlobs(context, fields.content);
  let shared = fields.content.shared === true;
  if (row !== undefined && old !== undefined) {
    const before = await contentBlobs(context, old.content);
    const dropped = [...before].filter(([key]) => !kept.has(key)).map(([, blob]) => blob);
    transaction.release(dropped, old.content.shared === true ? 'shared' : 'unshared');
    shared = old.content.shared === true && dropped.length < before.size;
  }
  const content = { ...fields.content, shared };
  const record = buildRecord(context, directory, name, { listing: fields.listing, content });
  await transaction.put(record);
  return { listing: listingOf(record), content, signature: record.signature };
}

/** A symlink that was put in the file's place meanwhile is replaced like any other name. */
function isFile(old: RecordFields | undefined): old is RecordFields {
  return old?.listing.kind === 'file';
}

function listingAfter(old: RecordFields | undefined, attributes: Attributes): ListingFields {
  return withAttributes(isFile(old) ? old.listing : freshListing('file'), { modified: now(), ...attributes });
}

function emptyContent(): ContentFields {
  return {};
}

async function refuseDirectory(
  context: VaultContext,
  { directory, name, path, mustBeNew }: Opening,
  transaction: Transaction,
): Promise<void> {
  if (await vacate(context, directory, transaction, name)) return;
  // A file that was there first goes on beside a directory that objects made.
  if ((await transaction.get(name)) === undefined) {
    const code = mustBeNew ? 'exists' : 'is-a-directory';
    throw new VaultError(code, `a directory of that name has been made meanwhile: ${show(path)}`);
  }
}
