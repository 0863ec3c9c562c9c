import { MAX_APPENDIX_BYTES, type Appendix as StoredAppendix } from '@latchkey/encryption';
import type { VaultContext } from '../context.js';
import { VaultError } from '../errors.js';
import { APPENDIX_INLINE_BYTES } from '../limits.js';
import type { Appendix } from '../object-session.js';
import { ContentReader } from './content-reader.js';
import { PieceList } from './pieces.js';
import { SegmentLog } from './segment-log.js';
import { loadContent, storeContent } from './stored-content.js';

/*
 * What a protocol keeps with a file's content without its being content: it is read by nobody else, and goes with the
 * content. A short one lies in the record, a longer one in segments, which everything that looks for blobs finds.
 */

/** Keys of segments are nothing for who holds an entry. */
const stored = new WeakMap<Appendix, StoredAppendix>();

/** How an entry names the appendix of its record. */
export function appendixOf(fields: StoredAppendix): Appendix {
  const appendix = { size: fields.size };
  stored.set(appendix, fields);
  return appendix;
}

/** What a record says of an appendix that an entry named. */
export function storedAppendix(appendix: Appendix): StoredAppendix {
  const fields = stored.get(appendix);
  if (fields === undefined) throw new VaultError('invalid-argument', 'an appendix is that of an entry');
  return fields;
}

/** Stores bytes for a record that is about to be written; the caller holds the session's blobs. Throws `too-large`. */
export async function storeAppendix(context: VaultContext, bytes: Uint8Array): Promise<StoredAppendix> {
  const size = bytes.length;
  if (size > MAX_APPENDIX_BYTES)
    throw new VaultError('too-large', `an appendix has at most ${MAX_APPENDIX_BYTES} bytes`);
  if (size === 0) return { size };
  if (size <= APPENDIX_INLINE_BYTES) return { pieces: [{ kind: 'literal', bytes }], size };
  const log = new SegmentLog(context);
  try {
    const list = new PieceList();
    await log.prepare(size);
    for (const piece of log.append(bytes)) list.write(list.size, piece);
    log.cut();
    await log.stored();
    return { ...(await storeContent(context, list)).held, size };
  } finally {
    log.discard();
  }
}

/** Throws `stale` when the file has been replaced since and the bytes are gone, `damaged` when they are not authentic. */
export async function readAppendix(
  context: VaultContext,
  appendix: Appendix,
  offset: number,
  length: number,
): Promise<Uint8Array> {
  const list = await loadContent(context, storedAppendix(appendix));
  if (list.size !== appendix.size)
    throw new VaultError('damaged', `an appendix of ${appendix.size} bytes lists ${list.size}`);
  return new ContentReader(context.segments).read(list, offset, length);
}
