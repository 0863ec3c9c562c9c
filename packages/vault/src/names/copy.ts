import type { VaultContext } from '../context.js';
import type { Directory } from '../directory/directory.js';
import { VaultError } from '../errors.js';
import { checkAttributes, freshListing, withAttributes } from '../record/build.js';
import { entryOf } from '../record/entry.js';
import type { CopyOptions, Entry, Path } from '../session.js';
import { changeRecord } from './attributes.js';
import { insert, markShared } from './move-file.js';
import { notFound, show } from './path.js';
import { clash } from './place.js';
import { childDirectory, inParent } from './resolve.js';

/** Copies by sharing segments. The copy keeps size, times, mode and metadata unless `attributes` says otherwise. */
export async function copyEntry(
  context: VaultContext,
  from: Path,
  to: Path,
  options: CopyOptions,
): Promise<Entry> {
  checkAttributes(options.attributes ?? {});
  const replace = options.replace === true;
  if (from.length === to.length && from.every((part, index) => part === to[index])) {
    return inParent(context, to, async ({ directory }, name) => {
      await mustBeFile(context, directory, name, from);
      if (!replace) throw clash({ path: to, directory, name }, replace, 'exists', '');
      return changeRecord(context, directory, name, to, options.attributes ?? {});
    });
  }
  const marked = await inParent(context, from, async ({ directory }, name) => {
    await mustBeFile(context, directory, name, from);
    return markShared(context, { path: from, directory, name });
  });
  const { listing, content } = marked.fields;
  const { draft, ...published } = content;
  // Of an upload that was never finished the author sees the draft, and that is what is copied.
  const unfinished = listing.draftOnly && draft !== undefined;
  const { pieces, map } = unfinished ? draft : published;
  const copied = {
    listing: withAttributes(
      { ...listing, created: freshListing('file').created, draftOnly: false },
      options.attributes ?? {},
    ),
    content: {
      ...published,
      ...(pieces === undefined ? {} : { pieces }),
      ...(map === undefined ? {} : { map }),
    },
  };
  return inParent(context, to, async ({ directory }, name) => {
    const place = { path: to, directory, name };
    if ((await childDirectory(context, directory, name, performance.now(), true)) instanceof Object)
      throw clash(place, replace, 'is-a-directory', 'a file cannot replace a directory');
    return entryOf(await insert(context, place, copied, marked.markedAt, replace), directory.id);
  });
}

async function mustBeFile(
  context: VaultContext,
  directory: Directory,
  name: string,
  path: Path,
): Promise<void> {
  const there = await childDirectory(context, directory, name, performance.now(), true);
  if (there === undefined) throw notFound(path);
  if (there !== 'file') throw new VaultError('is-a-directory', `is a directory: ${show(path)}`);
}
