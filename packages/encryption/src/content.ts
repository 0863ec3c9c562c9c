import { encodeCbor } from './cbor/encode.js';
import { type ExtraFields, Fields, NO_EXTRA_FIELDS } from './cbor/fields.js';
import type { CborValue } from './cbor/value.js';
import { EncryptionError } from './errors.js';
import { MAX_RECORD_BYTES } from './listing.js';
import {
  decodeMapRef,
  decodePieces,
  encodeMapRef,
  encodePieces,
  MAX_RECORD_PIECES,
  type MapRef,
  type Piece,
} from './pieces.js';

/*
 * The content half of a record: what only a holder of the directory's read secret may see, above all the keys of the
 * segments. It is replaced whole, so nothing in it can survive the content it belongs to.
 */

/** Bytes that a record refers to beside its content. At most one of `pieces` and `map`; none of them when empty. */
export interface Appendix {
  readonly pieces?: readonly Piece[];
  readonly map?: MapRef;
  /** Bytes. */
  readonly size: number;
}

/** Written and not yet published. */
export interface Draft extends Appendix {
  /** When it was last written to, since 1970. */
  readonly seconds: number;
}

export interface ContentFields {
  readonly contentType?: string;
  /** By lower-case name of the algorithm. */
  readonly digests?: ReadonlyMap<string, Uint8Array>;
  readonly etag?: string;
  /** Bytes of each part of a multipart upload. */
  readonly partSizes?: readonly number[];
  /** Where a symlink points, 1 to 4096 bytes without NUL. */
  readonly linkTarget?: string;
  /** In order. Absent together with `map` when the content is empty. */
  readonly pieces?: readonly Piece[];
  readonly map?: MapRef;
  /** Other records may refer to the same segments. */
  readonly shared?: boolean;
  readonly draft?: Draft;
  /** R of a directory, 32 bytes. */
  readonly readSecret?: Uint8Array;
  /** What a protocol keeps with this content; it is no part of it. */
  readonly appendix?: Appendix;
  /** Unknown optional fields. They belong to this content and go when it is replaced. */
  readonly extra?: ExtraFields;
}

/** Longest target of a symlink, bytes of UTF-8. */
export const MAX_LINK_TARGET_BYTES: number = 4096;

/** Longest appendix, in bytes. */
export const MAX_APPENDIX_BYTES: number = 4 * 1024 * 1024;

const KNOWN: ReadonlySet<number> = new Set([0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20]);
const DRAFT_FIELDS: ReadonlySet<number> = new Set([0, 2, 4, 6]);
const APPENDIX_FIELDS: ReadonlySet<number> = new Set([0, 2, 4]);
const DIGEST_BOUNDS = { entries: 16, key: 32, value: 64 };

function encodeHeld({ pieces, map, size }: Appendix): Map<number, CborValue> {
  const fields = new Map<number, CborValue>([[4, size]]);
  if (pieces !== undefined) fields.set(0, encodePieces(pieces));
  if (map !== undefined) fields.set(2, encodeMapRef(map));
  return fields;
}

function encodeDraft(draft: Draft): CborValue {
  return encodeHeld(draft).set(6, draft.seconds);
}

function encodeAppendix({ pieces = [], ...rest }: Appendix): CborValue {
  return encodeHeld({ ...rest, ...(pieces.length === 0 ? {} : { pieces }) });
}

export function encodeContent(fields: ContentFields): Uint8Array {
  const map = new Map<number, CborValue>();
  if (fields.contentType !== undefined) map.set(0, fields.contentType);
  if (fields.digests !== undefined && fields.digests.size > 0) map.set(2, fields.digests);
  if (fields.etag !== undefined) map.set(4, fields.etag);
  if (fields.partSizes !== undefined) map.set(6, fields.partSizes);
  if (fields.linkTarget !== undefined) map.set(8, fields.linkTarget);
  if (fields.pieces !== undefined && fields.pieces.length > 0) map.set(10, encodePieces(fields.pieces));
  if (fields.map !== undefined) map.set(12, encodeMapRef(fields.map));
  if (fields.shared === true) map.set(14, true);
  if (fields.draft !== undefined) map.set(16, encodeDraft(fields.draft));
  if (fields.readSecret !== undefined) map.set(18, fields.readSecret);
  if (fields.appendix !== undefined) map.set(20, encodeAppendix(fields.appendix));
  for (const [key, value] of fields.extra ?? NO_EXTRA_FIELDS) map.set(key, value);
  const bytes = encodeCbor(map);
  decodeContent(bytes);
  return bytes;
}

function decodeHeld(name: string, fields: Fields): Appendix {
  if (fields.has(0) && fields.has(2))
    throw new EncryptionError('malformed', `${name} has both pieces and a map`);
  return {
    ...(fields.has(0) ? { pieces: decodePieces(fields.value(0), MAX_RECORD_PIECES) } : {}),
    ...(fields.has(2) ? { map: decodeMapRef(fields.value(2)) } : {}),
    size: fields.uint(4),
  };
}

function decodeDraft(value: CborValue): Draft {
  const fields = new Fields('draft', value);
  fields.extra(DRAFT_FIELDS);
  return { ...decodeHeld('draft', fields), seconds: fields.uint(6) };
}

function decodeAppendix(value: CborValue): Appendix {
  const fields = new Fields('appendix', value);
  fields.extra(APPENDIX_FIELDS);
  fields.uint(4, MAX_APPENDIX_BYTES);
  const held = decodeHeld('appendix', fields);
  if (held.pieces?.length === 0)
    throw new EncryptionError('malformed', 'appendix has an empty list of pieces');
  return held;
}

function decodePartSizes(fields: Fields): number[] {
  return fields.array(6, MAX_RECORD_BYTES).map((size) => {
    if (typeof size !== 'number' || size < 0) throw new EncryptionError('malformed', 'content: part size');
    return size;
  });
}

function decodeTarget(fields: Fields): string {
  const target = fields.text(8, MAX_LINK_TARGET_BYTES);
  if (target === '' || target.includes('\0')) throw new EncryptionError('malformed', 'content: link target');
  return target;
}

/** Throws `malformed`, `limit`, or `unsupported` for a critical field of a later version. */
export function decodeContent(bytes: Uint8Array): ContentFields {
  if (bytes.length > MAX_RECORD_BYTES) throw new EncryptionError('limit', 'record is larger than 8 KiB');
  const fields = Fields.decode('content', bytes);
  const extra = fields.extra(KNOWN);
  if (fields.has(10) && fields.has(12))
    throw new EncryptionError('malformed', 'content has both pieces and a map');
  const pieces = fields.has(10) ? decodePieces(fields.value(10), MAX_RECORD_PIECES) : undefined;
  if (pieces?.length === 0) throw new EncryptionError('malformed', 'content has an empty list of pieces');
  const digests = fields.bytesMap(2, DIGEST_BOUNDS);
  // No literal with a spread for each field, here and in listings, which takes long: a page has hundreds of these.
  const content: { -readonly [Field in keyof ContentFields]: ContentFields[Field] } = {};
  if (fields.has(0)) content.contentType = fields.text(0, 255);
  if (digests.size > 0) content.digests = digests;
  if (fields.has(4)) content.etag = fields.text(4, 255);
  if (fields.has(6)) content.partSizes = decodePartSizes(fields);
  if (fields.has(8)) content.linkTarget = decodeTarget(fields);
  if (pieces !== undefined) content.pieces = pieces;
  if (fields.has(12)) content.map = decodeMapRef(fields.value(12));
  if (fields.flag(14)) content.shared = true;
  if (fields.has(16)) content.draft = decodeDraft(fields.value(16));
  if (fields.has(18)) content.readSecret = fields.bytes(18, 32);
  if (fields.has(20)) content.appendix = decodeAppendix(fields.value(20));
  if (extra.size > 0) content.extra = extra;
  return content;
}
