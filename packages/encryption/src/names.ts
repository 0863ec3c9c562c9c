import { EncryptionError } from './errors.js';
import { splitVersionKey, versionOrder } from './versions.js';

/** Longest name of an entry, in bytes of UTF-8. */
export const MAX_NAME_BYTES: number = 1024;

/** Bytes of `text` in UTF-8, or -1 when it has an unpaired surrogate and so no UTF-8 form. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    if (unit < 0x800) bytes += 1;
    else if (unit < 0xd800 || unit > 0xdfff) bytes += 2;
    else {
      const next = i + 1 < text.length ? text.charCodeAt(i + 1) : 0;
      if (unit > 0xdbff || next < 0xdc00 || next > 0xdfff) return -1;
      bytes += 2;
      i++;
    }
  }
  return bytes;
}

/**
 * Throws unless `name` may name an entry: well-formed Unicode of 0 to 1024 bytes of UTF-8 without `/` and NUL.
 * `malformed` for the characters, `limit` for the length. `.`, `..` and the empty name are legal here.
 */
export function checkName(name: string): void {
  if (name.length > MAX_NAME_BYTES) throw new EncryptionError('limit', 'name is longer than 1024 bytes');
  let ascii = true;
  for (let i = 0; i < name.length; i++) {
    const unit = name.charCodeAt(i);
    if (unit === 0x2f || unit === 0) throw new EncryptionError('malformed', 'name has a slash or NUL');
    if (unit >= 0x80) ascii = false;
  }
  if (ascii) return;
  const bytes = utf8Length(name);
  if (bytes < 0) throw new EncryptionError('malformed', 'name is not well-formed Unicode');
  if (bytes > MAX_NAME_BYTES) throw new EncryptionError('limit', 'name is longer than 1024 bytes');
}

/** Whether {@link checkName} lets `name` pass. */
export function isName(name: string): boolean {
  try {
    checkName(name);
    return true;
  } catch {
    return false;
  }
}

/** Throws unless `key` is a record's key: a name, with `/` behind it for a directory, NUL and a place for a version. */
export function checkKey(key: string): void {
  const version = splitVersionKey(key);
  if (version !== undefined) {
    if (versionOrder(version.place) === undefined)
      throw new EncryptionError('malformed', 'key of a version has no place');
    checkName(version.name);
    return;
  }
  checkName(key.endsWith('/') ? key.slice(0, -1) : key);
}

/** Surrogates stand for code points above every other code unit, so they must sort above U+E000 to U+FFFF. */
function byCodePoint(unit: number): number {
  return unit < 0xd800 ? unit : unit > 0xdfff ? unit - 0x800 : unit + 0x2000;
}

/**
 * Orders well-formed strings as their UTF-8 bytes are ordered, without making the bytes: UTF-8 keeps the order of
 * code points, and UTF-16 does but for surrogates. Negative, zero or positive.
 */
export function compareKeys(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return x >= 0xd800 && y >= 0xd800 ? byCodePoint(x) - byCodePoint(y) : x - y;
  }
  return a.length - b.length;
}
