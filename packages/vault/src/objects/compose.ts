import type { Appendix as StoredAppendix } from '@latchkey/encryption';
import { storeAppendix, storedAppendix } from '../content/appendix.js';
import { type Piece, PieceList } from '../content/pieces.js';
import type { VaultContext } from '../context.js';
import { VaultError } from '../errors.js';
import { markShared } from '../names/move-file.js';
import { notFound, show } from '../names/path.js';
import { inParent } from '../names/resolve.js';
import type { Appendix, ComposeOptions, ObjectEntry, Stretch } from '../object-session.js';
import { openRecord, type RecordFields } from '../record/build.js';
import { contentOf } from '../record/content-of.js';
import { directoryKey } from '../record/entry.js';
import type { Path } from '../session.js';
import { findVersion, treeSource } from '../versions/rows.js';
import { objectEntry } from './entry.js';
import { asked, published, publishObject } from './put.js';

/** Sources looked at together. */
const TOGETHER = 64;

interface Source {
  readonly entry: ObjectEntry;
  readonly pieces: readonly Piece[];
}

/**
 * A file out of stretches of others. Their segments are marked shared first, so that only gc deletes them from then
 * on, and the new record is committed within the time for which gc spares what has been found (docs/concurrency.md).
 */
export async function composeObject(
  context: VaultContext,
  stretches: readonly Stretch[],
  to: Path,
  options: ComposeOptions,
): Promise<ObjectEntry> {
  const foundAt = Date.now();
  const hold = context.writer.hold();
  try {
    const sources: Source[] = [];
    for (let at = 0; at < stretches.length; at += TOGETHER) {
      const group = stretches.slice(at, at + TOGETHER);
      sources.push(...(await Promise.all(group.map((one) => sourceOf(context, one)))));
    }
    const entries = sources.map((source) => source.entry);
    const { properties: all, attributes } = await asked(() => options.describe(entries));
    const { appendix: given, ...properties } = all;
    const appendix = given && (await appendixFor(context, given, entries));
    const list = PieceList.of(sources.flatMap((source) => source.pieces));
    return await publishObject(
      context,
      to,
      {
        list,
        properties,
        ...(appendix === undefined ? {} : { appendix }),
        attributes,
        shared: true,
        foundAt,
        hold,
      },
      options,
    );
  } finally {
    hold.release();
  }
}

/** Only of a source is it certain that nobody deletes it on his own account. */
async function appendixFor(
  context: VaultContext,
  given: Uint8Array | Appendix,
  sources: readonly ObjectEntry[],
): Promise<StoredAppendix> {
  if (given instanceof Uint8Array) return storeAppendix(context, given);
  if (!sources.some(({ appendix }) => appendix === given))
    throw new VaultError('invalid-argument', 'an appendix that is shared is that of a source');
  return storedAppendix(given);
}

async function sourceOf(context: VaultContext, stretch: Stretch): Promise<Source> {
  const { path } = stretch;
  return inParent(context, path, async ({ directory, head }, name) => {
    const tree = directory.tree(head);
    const { version } = stretch;
    const row =
      version === undefined ? await tree.get(name) : await findVersion(treeSource(tree), name, version);
    if (row === undefined) {
      if (version !== undefined || (await tree.get(directoryKey(name))) === undefined) throw notFound(path);
      throw new VaultError('is-a-directory', `is a directory: ${show(path)}`);
    }
    let fields: RecordFields = openRecord(context, directory, row);
    if (!published(fields)) throw notFound(path);
    if (fields.content.shared !== true)
      fields = (await markShared(context, { path, directory, name: row.key })).fields;
    if (!published(fields)) throw notFound(path);
    const content = await contentOf(context, fields);
    const { offset = 0, length = content.size - offset } = stretch;
    if (!(offset >= 0 && length >= 0 && offset + length <= content.size))
      throw new VaultError('invalid-argument', `a range is outside of ${show(path)}`);
    return {
      entry: objectEntry(name, fields, directory.id),
      pieces: [...content.range(offset, length)],
    };
  });
}
