import { MAX_LINK_TARGET_BYTES, utf8Length } from '@latchkey/encryption';
import type { VaultContext } from '../context.js';
import { VaultError } from '../errors.js';
import { buildRecord, freshListing, openRecord } from '../record/build.js';
import { entryOf } from '../record/entry.js';
import type { Entry, Path } from '../session.js';
import { vacate } from './link.js';
import { show } from './path.js';
import { inParent, lookUp } from './resolve.js';

export async function makeSymlink(context: VaultContext, target: string, path: Path): Promise<Entry> {
  const size = utf8Length(target);
  if (size <= 0 || size > MAX_LINK_TARGET_BYTES || target.includes('\0')) {
    throw new VaultError(
      'invalid-argument',
      `a symlink's target is 1 to ${MAX_LINK_TARGET_BYTES} bytes without NUL`,
    );
  }
  return inParent(context, path, ({ directory }, name) =>
    directory.commits.submit({
      apply: async (transaction) => {
        if (
          (await transaction.get(name)) !== undefined ||
          !(await vacate(context, directory, transaction, name))
        ) {
          throw new VaultError('exists', `there is something of that name already: ${show(path)}`);
        }
        const listing = { ...freshListing('symlink'), size };
        const record = buildRecord(context, directory, name, { listing, content: { linkTarget: target } });
        await transaction.put(record);
        return entryOf(record, directory.id);
      },
    }),
  );
}

export async function readSymlink(context: VaultContext, path: Path): Promise<string> {
  const { parent, row } = await lookUp(context, path);
  const { content } = openRecord(context, parent, row);
  if (content.linkTarget === undefined)
    throw new VaultError('invalid-argument', `not a symbolic link: ${show(path)}`);
  return content.linkTarget;
}
