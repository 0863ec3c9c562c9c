import { PieceList } from '../content/pieces.js';
import type { VaultContext } from '../context.js';
import type { Directory } from '../directory/directory.js';
import type { Row } from '../directory/rows.js';
import { VaultError } from '../errors.js';
import { linked, vacate } from '../names/link.js';
import { notFound, show } from '../names/path.js';
import { inParent, lookUp } from '../names/resolve.js';
import {
  buildRecord,
  checkAttributes,
  freshListing,
  openRecord,
  type RecordFields,
} from '../record/build.js';
import { contentOf } from '../record/content-of.js';
import { directoryKey } from '../record/entry.js';
import type { FileHandle, OpenOptions, Path } from '../session.js';
import { displace } from '../versions/displace.js';
import { keepingOf } from '../versions/keeping.js';
import { ReadHandle } from './read-handle.js';
import { WriteHandle } from './write-handle.js';

/**
 * `exclusive`: whether an exclusive create makes the file at once, so that of two creators one learns that it lost, or
 * when it is published, so that nothing is left behind by a writer that fails.
 */
export async function openFile(
  context: VaultContext,
  path: Path,
  options: OpenOptions,
  exclusive: 'at-once' | 'at-publication' = 'at-once',
): Promise<FileHandle> {
  checkAttributes(options.attributes ?? {});
  if (options.write !== true) return openForReading(context, path);
  if (path.length === 0) throw new VaultError('is-a-directory', 'is a directory: /');
  return inParent(context, path, async ({ directory, head }, name) => {
    const tree = directory.tree(head);
    const directoryRow = await tree.get(directoryKey(name));
    if (
      directoryRow !== undefined &&
      (await linked(context, directory, directoryRow, performance.now())) !== undefined
    ) {
      throw new VaultError(
        options.exclusive === true ? 'exists' : 'is-a-directory',
        `is a directory: ${show(path)}`,
      );
    }
    const row = await tree.get(name);
    if (row === undefined && options.create !== true) throw notFound(path);
    const mustBeNew = options.create === true && options.exclusive === true;
    if (mustBeNew && row !== undefined) throw new VaultError('exists', `file exists: ${show(path)}`);
    if (mustBeNew && exclusive === 'at-once') {
      return openRecordForWriting(
        context,
        directory,
        name,
        path,
        options,
        await createNow(context, directory, name, path, options),
        false,
      );
    }
    return openRecordForWriting(context, directory, name, path, options, row, mustBeNew);
  });
}

export async function openForReading(
  context: VaultContext,
  path: Path,
  first: 'directory' | 'file' = 'directory',
): Promise<ReadHandle> {
  if (path.length === 0) throw new VaultError('is-a-directory', 'is a directory: /');
  const { parent, row } = await lookUp(context, path, first);
  const fields = openRecord(context, parent, row);
  mustBeFile(fields, path);
  // Nobody who reads could tell the half of a file from the whole.
  if (fields.listing.draftOnly)
    throw new VaultError('not-found', `the upload has not been finished: ${show(path)}`);
  return new ReadHandle(context, parent, row.key, path, fields, await contentOf(context, fields));
}

async function openRecordForWriting(
  context: VaultContext,
  directory: Directory,
  name: string,
  path: Path,
  options: OpenOptions,
  row: Row | undefined,
  mustBeNew: boolean,
): Promise<FileHandle> {
  const fields = row === undefined ? undefined : openRecord(context, directory, row);
  if (fields !== undefined) mustBeFile(fields, path);
  const replace = options.truncate === true || fields === undefined;
  const content = fields === undefined || replace ? new PieceList() : await contentOf(context, fields);
  return new WriteHandle(context, {
    directory,
    name,
    path,
    fields,
    content,
    replace,
    options,
    mustBeNew,
  });
}

async function createNow(
  context: VaultContext,
  directory: Directory,
  name: string,
  path: Path,
  options: OpenOptions,
): Promise<Row> {
  return directory.commits.submit({
    apply: async (transaction) => {
      if (
        (await transaction.get(name)) !== undefined ||
        !(await vacate(context, directory, transaction, name))
      )
        throw new VaultError('exists', `file exists: ${show(path)}`);
      const keeping = await keepingOf(context, path);
      const { stamp } = await displace({ context, directory, transaction, name, keeping });
      const listing = { ...freshListing('file', options.attributes), ...stamp };
      const record = buildRecord(context, directory, name, { listing, content: {} });
      await transaction.put(record);
      return { key: name, listing: record.listing, sealed: () => record };
    },
  });
}

function mustBeFile(fields: RecordFields, path: Path): void {
  if (fields.listing.kind === 'directory')
    throw new VaultError('is-a-directory', `is a directory: ${show(path)}`);
  if (fields.listing.kind === 'symlink')
    throw new VaultError('invalid-argument', `is a symbolic link: ${show(path)}`);
}
