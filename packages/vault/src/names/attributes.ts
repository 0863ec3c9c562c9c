import type { VaultContext } from '../context.js';
import type { Directory } from '../directory/directory.js';
import { buildRecord, checkAttributes, openRecord, withAttributes } from '../record/build.js';
import { entryOf } from '../record/entry.js';
import type { Attributes, Entry, Path } from '../session.js';
import { notFound } from './path.js';
import { inParent, lookUp } from './resolve.js';

export async function changeAttributes(
  context: VaultContext,
  path: Path,
  attributes: Attributes,
): Promise<Entry> {
  const { row } = await lookUp(context, path);
  return inParent(context, path, ({ directory }) =>
    changeRecord(context, directory, row.key, path, attributes),
  );
}

export async function changeRecord(
  context: VaultContext,
  directory: Directory,
  key: string,
  path: Path,
  attributes: Attributes,
): Promise<Entry> {
  checkAttributes(attributes);
  return directory.commits.submit({
    apply: async (transaction) => {
      const row = await transaction.get(key);
      if (row === undefined) throw notFound(path);
      const { listing, content } = openRecord(context, directory, row);
      const record = buildRecord(context, directory, key, {
        listing: withAttributes(listing, attributes),
        content,
      });
      await transaction.put(record);
      return entryOf(record, directory.id);
    },
  });
}
