import { type ListingFields, splitVersionKey } from '@latchkey/encryption';
import { toHex } from '../bytes.js';
import { listingOf, type Row } from '../directory/rows.js';
import type { Entry } from '../session.js';

/** A record's key is its name; a directory's has a slash behind it, so that keys sort as S3 sorts them. */
export function directoryKey(name: string): string {
  return `${name}/`;
}

/** The name that a record stands for: of a version its file's. */
export function nameOf(key: string): string {
  return key.endsWith('/') ? key.slice(0, -1) : (splitVersionKey(key)?.name ?? key);
}

/** What a listing shows of a record. `directory` is the id of the directory that it stands in. */
export function entryOf(row: Pick<Row, 'key' | 'listing'>, directory: string): Entry {
  const fields = listingOf(row);
  return describe(nameOf(row.key), fields, directory);
}

export function describe(name: string, fields: ListingFields, directory: string): Entry {
  return {
    name,
    // Markers are shown by lists of versions alone, which say what they are.
    kind: fields.kind === 'marker' ? 'file' : fields.kind,
    size: fields.kind === 'directory' ? 0 : fields.size,
    modified: fields.modified,
    created: fields.created,
    mode: fields.mode,
    metadata: fields.metadata,
    revision: fields.revision,
    id: fields.directory === undefined ? `${directory}:${name}` : toHex(fields.directory.uid),
    draft: fields.draftOnly,
  };
}
