import { type ObjectEntry, type ObjectSession, STAGING } from '@latchkey/vault';
import { isVaultError } from '../errors.js';
import { isUploadId, startOf } from './upload-ids.js';

/** An upload that has neither been completed nor aborted. */
export interface OpenUpload {
  readonly id: string;
  readonly bucket: string;
  readonly key: string;
  /** Milliseconds since 1970. */
  readonly started: number;
  readonly checksum?: { readonly name: string; readonly type: string };
  /** Of the upload's directory. */
  readonly entry: ObjectEntry;
}

/** Every upload of the vault, in the order of their beginnings. */
export async function* openUploads(session: ObjectSession): AsyncGenerator<OpenUpload> {
  for (let after: string | undefined, more = true; more; more = after !== undefined) {
    const page = await session.listObjects([STAGING], after === undefined ? {} : { after }).catch(noneYet);
    for (const entry of page.entries) {
      const upload = uploadOf(entry);
      if (upload !== undefined) yield upload;
    }
    after = page.next;
  }
}

function noneYet(error: unknown): { readonly entries: readonly ObjectEntry[]; readonly next?: string } {
  if (!isVaultError(error, 'not-found')) throw error;
  return { entries: [] };
}

function uploadOf(entry: ObjectEntry): OpenUpload | undefined {
  const { name: id, metadata } = entry;
  const [bucket, key] = [metadata.get('bucket'), metadata.get('key')];
  if (entry.kind !== 'directory' || !isUploadId(id) || bucket === undefined || key === undefined)
    return undefined;
  const [name, type] = metadata.get('checksum')?.split(' ') ?? [];
  const checksum = name === undefined || type === undefined ? {} : { checksum: { name, type } };
  const started = startOf(id);
  return {
    ...{ id, bucket, key, entry },
    started: Number.isNaN(started) ? entry.created.seconds * 1000 : started,
    ...checksum,
  };
}

export interface UploadsQuery {
  readonly bucket: string;
  readonly prefix: string;
  /** '': none. */
  readonly delimiter: string;
  /** Uploads of keys behind this one, and of this one those with ids behind {@link idMarker}, if there is one. */
  readonly keyMarker: string;
  readonly idMarker: string;
  readonly limit: number;
}

/** A key with an upload, or (without) a common prefix. */
export interface UploadRow {
  readonly name: string;
  readonly upload?: OpenUpload;
}

/**
 * One page, by the bytes of keys and then the ids, with one row more than `limit` if there are more. All uploads of the
 * vault are looked at, a page of them in memory.
 */
export async function listUploads(session: ObjectSession, query: UploadsQuery): Promise<UploadRow[]> {
  const { bucket, prefix, delimiter, limit } = query;
  const rows: UploadRow[] = [];
  const prefixes = new Set<string>();
  const trim = (): void => {
    rows.sort(byName);
    for (const { name, upload } of rows.splice(limit + 1)) if (upload === undefined) prefixes.delete(name);
  };
  for await (const upload of openUploads(session)) {
    if (upload.bucket !== bucket || !upload.key.startsWith(prefix)) continue;
    const end = delimiter === '' ? -1 : upload.key.indexOf(delimiter, prefix.length);
    const row: UploadRow =
      end < 0 ? { name: upload.key, upload } : { name: upload.key.slice(0, end + delimiter.length) };
    if (!isBehind(row, query)) continue;
    if (row.upload === undefined) {
      if (prefixes.has(row.name)) continue;
      prefixes.add(row.name);
    }
    rows.push(row);
    if (rows.length > 4 * (limit + 1)) trim();
  }
  trim();
  return rows;
}

function isBehind({ name, upload }: UploadRow, { keyMarker, idMarker }: UploadsQuery): boolean {
  if (keyMarker === '') return true;
  const order = compare(name, keyMarker);
  return order > 0 || (order === 0 && upload !== undefined && idMarker !== '' && upload.id > idMarker);
}

function byName(a: UploadRow, b: UploadRow): number {
  return compare(a.name, b.name) || compare(a.upload?.id ?? '', b.upload?.id ?? '');
}

function compare(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
