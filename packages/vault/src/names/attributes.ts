import type { VaultContext } from '../context.js';
import type { Directory } from '../directory/directory.js';
import { buildRecord, checkAttributes, openRecord, withAttributes } from '../record/build.js';
import { directoryKey, entryOf } from '../record/entry.js';
import type { Attributes, Entry, Path } from '../session.js';
import { linked } from './link.js';
import { notFound } from './path.js';
import { inParent } from './resolve.js';

export async function changeAttributes(
  context: VaultContext,
  path: Path,
  attributes: Attributes,
): Promise<Entry> {
  return inParent(context, path, async ({ directory, head }, name) => {
    const row = await directory.tree(head).get(directoryKey(name));
    const there =
      row !== undefined && (await linked(context, directory, row, performance.now())) !== undefined;
    return changeRecord(context, directory, there ? directoryKey(name) : name, path, attributes);
  });
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
