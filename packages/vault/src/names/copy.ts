import type { VaultContext } from '../context.js';
import { VaultError } from '../errors.js';
import { freshListing, withAttributes } from '../record/build.js';
import { describe } from '../record/entry.js';
import type { CopyOptions, Entry, Path } from '../session.js';
import { insert, markShared } from './move-file.js';
import { notFound, show } from './path.js';
import { childDirectory, inParent } from './resolve.js';

/** Copies by sharing segments. The copy keeps size, times, mode and metadata unless `attributes` says otherwise. */
export async function copyEntry(
  context: VaultContext,
  from: Path,
  to: Path,
  options: CopyOptions,
): Promise<Entry> {
  const fields = await inParent(context, from, async ({ directory }, name) => {
    const there = await childDirectory(context, directory, name, performance.now(), true);
    if (there === undefined) throw notFound(from);
    if (there !== 'file') throw new VaultError('is-a-directory', `is a directory: ${show(from)}`);
    return (await markShared(context, { path: from, directory, name })).fields;
  });
  const { draft: _, ...content } = fields.content;
  const listing = withAttributes(
    { ...fields.listing, created: freshListing('file').created, draftOnly: false },
    options.attributes ?? {},
  );
  return inParent(context, to, async ({ directory }, name) => {
    if ((await childDirectory(context, directory, name, performance.now(), true)) instanceof Object) {
      throw new VaultError('is-a-directory', `is a directory: ${show(to)}`);
    }
    const same = from.length === to.length && from.every((part, index) => part === to[index]);
    if (!same)
      await insert(context, { path: to, directory, name }, { listing, content }, options.replace === true);
    return describe(name, listing, directory.id);
  });
}
