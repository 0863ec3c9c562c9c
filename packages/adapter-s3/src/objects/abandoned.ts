import { type ObjectSession, STAGING } from '@latchkey/vault';
import { isVaultError, S3Error } from '../errors.js';
import { type OpenUpload, openUploads } from './upload-listing.js';
import { endUpload } from './uploads.js';

export interface ExpireOptions {
  /** Milliseconds without a new part after which an upload counts as abandoned. */
  readonly olderThanMs: number;
  /** Milliseconds since 1970. Default: the clock. */
  readonly now?: number;
  /** Whether something is being done with an upload at this moment. */
  readonly isInUse?: (id: string) => boolean;
}

/**
 * Ends the uploads in parts that nobody goes on with, and returns how many. Their content is freed by the next `gc`. An
 * upload to which a part was added, or begun to be added, less than `olderThanMs` ago stays.
 */
export async function expireUploads(
  session: ObjectSession,
  { olderThanMs, now = Date.now(), isInUse = () => false }: ExpireOptions,
): Promise<number> {
  const until = now - olderThanMs;
  let ended = 0;
  for await (const upload of openUploads(session)) {
    // They come in the order of their beginnings.
    if (upload.started >= until) break;
    if (isInUse(upload.id) || (await isGoingOn(session, upload, until))) continue;
    if (isInUse(upload.id)) continue;
    try {
      await endUpload(session, upload.id);
      ended += 1;
    } catch (error) {
      // Completed or aborted meanwhile.
      if (!(error instanceof S3Error) || error.code !== 'NoSuchUpload') throw error;
    }
  }
  return ended;
}

async function isGoingOn(session: ObjectSession, { id, entry }: OpenUpload, until: number): Promise<boolean> {
  if (entry.modified.seconds * 1000 >= until) return true;
  try {
    for (let after: string | undefined, more = true; more; more = after !== undefined) {
      const page = await session.listObjects([STAGING, id], after === undefined ? {} : { after });
      if (page.entries.some((one) => one.modified.seconds * 1000 >= until)) return true;
      after = page.next;
    }
  } catch (error) {
    if (!isVaultError(error, 'not-found', 'not-a-directory')) throw error;
  }
  return false;
}
