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

/** The checksums that an object was stored with. */
export function checksumsOf(entry: ObjectEntry): StoredChecksum[] {
  const found: StoredChecksum[] = [];
  for (const name of CHECKSUMS) {
    const full = entry.digests?.get(name);
    if (full !== undefined) found.push({ name, text: base64(full), type: 'FULL_OBJECT' });
    const composite = entry.digests?.get(name + COMPOSITE);
    if (composite !== undefined) {
      const text = `${base64(composite)}-${partCount(entry) ?? 1}`;
      found.push({ name, text, type: 'COMPOSITE' });
    }
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
