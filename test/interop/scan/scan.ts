import { type FileHandle, open, opendir } from 'node:fs/promises';
import path from 'node:path';
import type { Needles } from './needles.js';

const PIECE_BYTES = 4 * 1024 * 1024;

export interface Scan {
  readonly objects: number;
  readonly bytes: number;
  /** What was found, as text for a person: what, in which file, where. At most {@link MAX_FINDS}. */
  readonly found: readonly string[];
}

/** After so many the point is made. */
export const MAX_FINDS = 20;

/** Searches every file below `folder`, its name and its bytes. */
export async function scan(folder: string, needles: Needles): Promise<Scan> {
  const found: string[] = [];
  let objects = 0;
  let bytes = 0;
  const piece = Buffer.alloc(PIECE_BYTES + needles.longest);
  for await (const entry of await opendir(folder, { recursive: true })) {
    const file = path.join(entry.parentPath ?? entry.path, entry.name);
    const name = path.relative(folder, file);
    for (const { label } of needles.findIn(Buffer.from(name))) found.push(`${label} in the name ${name}`);
    if (!entry.isFile()) continue;
    const handle = await opened(file);
    if (handle === undefined) continue;
    objects += 1;
    try {
      let kept = 0;
      for (let position = 0; ; ) {
        const { bytesRead } = await handle.read(piece, kept, PIECE_BYTES, position);
        if (bytesRead === 0) break;
        const filled = piece.subarray(0, kept + bytesRead);
        for (const { label, offset } of needles.findIn(filled)) {
          found.push(`${label} in ${name} at byte ${position - kept + offset}`);
        }
        position += bytesRead;
        bytes += bytesRead;
        kept = Math.min(Math.max(0, needles.longest - 1), filled.length);
        piece.copyWithin(0, filled.length - kept, filled.length);
      }
    } finally {
      await handle.close();
    }
    if (found.length >= MAX_FINDS) break;
  }
  return { objects, bytes, found: [...new Set(found)].slice(0, MAX_FINDS) };
}

/** Undefined for a file that has gone since it was listed: the server may still be clearing away what nobody needs. */
async function opened(file: string): Promise<FileHandle | undefined> {
  try {
    return await open(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
