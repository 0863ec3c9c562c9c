import type { ObjectEntry } from '@latchkey/vault';
import { CHECKSUMS, type ChecksumName, checksumElement } from '../body/checksums.js';
import { element, type Markup } from '../xml/write.js';
import type { ObjectPart } from './part-table.js';

/** Behind the name of a digest that was computed over the checksums of parts, not over the content. */
const COMPOSITE = '/parts';

export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE';

export interface StoredChecksum {
  readonly name: ChecksumName;
  /** Base64, of a composite one with the count of parts behind it. */
  readonly text: string;
  readonly type: ChecksumType;
}

/** Under which name a record keeps a checksum. */
export function digestKey(name: ChecksumName, type: ChecksumType): string {
  return type === 'COMPOSITE' ? name + COMPOSITE : name;
}

const TYPES: readonly ChecksumType[] = ['FULL_OBJECT', 'COMPOSITE'];
const KEYS = CHECKSUMS.flatMap((name) => TYPES.map((type) => ({ key: digestKey(name, type), name, type })));

/** The checksums that an object was stored with. */
export function checksumsOf(entry: ObjectEntry): StoredChecksum[] {
  return storedChecksums(entry).map(({ name, type, bytes }) => {
    const parts = type === 'COMPOSITE' ? `-${partCount(entry) ?? 1}` : '';
    return { name, text: base64(bytes) + parts, type };
  });
}

/** The same without their texts, which listings do not tell. */
export function storedChecksums(
  entry: ObjectEntry,
): (Pick<StoredChecksum, 'name' | 'type'> & { readonly bytes: Uint8Array })[] {
  const found: (Pick<StoredChecksum, 'name' | 'type'> & { readonly bytes: Uint8Array })[] = [];
  if (entry.digests === undefined) return found;
  for (const { key, name, type } of KEYS) {
    const bytes = entry.digests.get(key);
    if (bytes !== undefined) found.push({ name, type, bytes });
  }
  return found;
}

/** Of an object that was uploaded in parts. */
export function partCount(entry: ObjectEntry): number | undefined {
  const match = /-(\d+)$/.exec(entry.etag ?? '');
  return match === null ? undefined : Number(match[1]);
}

/** Of one part of an object. The type is the object's, as S3 has it. */
export function partChecksum({ checksum }: ObjectPart, of: readonly StoredChecksum[]): StoredChecksum[] {
  if (checksum === undefined) return [];
  const { name, value } = checksum;
  const type = of.find((one) => one.name === name)?.type ?? 'FULL_OBJECT';
  return [{ name, text: base64(value), type }];
}

export function checksumHeaders(checksums: readonly StoredChecksum[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const { name, text, type } of checksums) {
    headers[`x-amz-checksum-${name}`] = text;
    headers['x-amz-checksum-type'] = type;
  }
  return headers;
}

export function checksumElements(checksums: readonly StoredChecksum[]): Markup[] {
  return [
    ...checksums.map(({ name, text }) => element(checksumElement(name), text)),
    element('ChecksumType', checksums[0]?.type),
  ];
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
