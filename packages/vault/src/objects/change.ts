import type { VaultContext } from '../context.js';
import type { Directory } from '../directory/directory.js';
import { listingOf, type Row } from '../directory/rows.js';
import type { Transaction } from '../directory/transaction.js';
import { linked } from '../names/link.js';
import { notFound } from '../names/path.js';
import { inParent } from '../names/resolve.js';
import type { ObjectAttributes, ObjectEntry } from '../object-session.js';
import { buildRecord, checkAttributes, openRecord, withAttributes } from '../record/build.js';
import { directoryKey } from '../record/entry.js';
import type { Path } from '../session.js';
import { objectEntry } from './entry.js';
import { asked } from './put.js';

/** Changes what is said about an object, with a look at what is said now, in one commit. Content and its properties stay. */
export async function changeObject(
  context: VaultContext,
  path: Path,
  change: (current: ObjectEntry) => ObjectAttributes,
  first: 'directory' | 'file',
): Promise<ObjectEntry> {
  return inParent(context, path, ({ directory }, name) =>
    directory.commits.submit({
      apply: async (transaction) => {
        const row = await rowOf(context, directory, transaction, name, first);
        const fields = row === undefined ? undefined : openRecord(context, directory, row);
        if (row === undefined || fields === undefined || fields.listing.draftOnly) throw notFound(path);
        const attributes = await asked(() => change(objectEntry(name, fields, directory.id)));
        checkAttributes(attributes);
        const listing = {
          ...withAttributes(fields.listing, attributes),
          tags: attributes.tags ?? fields.listing.tags,
        };
        const record = buildRecord(context, directory, row.key, { listing, content: fields.content });
        await transaction.put(record);
        return objectEntry(name, { listing: listingOf(record), content: fields.content }, directory.id);
      },
    }),
  );
}

async function rowOf(
  context: VaultContext,
  directory: Directory,
  transaction: Transaction,
  name: string,
  first: 'directory' | 'file',
): Promise<Row | undefined> {
  const file = await transaction.get(name);
  if (first === 'file' && file !== undefined) return file;
  const row = await transaction.get(directoryKey(name));
  if (row === undefined) return file;
  return (await linked(context, directory, row, performance.now())) === undefined ? file : row;
}
