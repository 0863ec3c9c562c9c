import { rmSync, unlinkSync } from 'node:fs';

/** Removes a file, or a directory with everything in it, and reports nothing: leftovers do no harm. */
export function removeQuietly(path: string): void {
  try {
    // Almost always a file, and the general call costs several times as much.
    unlinkSync(path);
  } catch {
    try {
      rmSync(path, { recursive: true, force: true });
    } catch {}
  }
}
