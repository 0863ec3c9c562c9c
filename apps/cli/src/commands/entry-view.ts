import type { Entry, Path } from '@latchkey/vault';
import { isoTime, octalMode } from '../terminal/figures.js';

/** One entry as `--json` prints it: names raw, times in RFC 3339 with nanoseconds, mode in octal. */
export function entryJson(
  path: Path,
  entry: Entry,
  extra: Record<string, unknown> = {},
): Record<string, unknown> {
  return {
    path: `/${path.join('/')}`,
    name: entry.name,
    kind: entry.kind,
    size: entry.size,
    modified: isoTime(entry.modified),
    created: isoTime(entry.created),
    mode: octalMode(entry.mode),
    metadata: Object.fromEntries(entry.metadata),
    id: entry.id,
    revision: entry.revision,
    draft: entry.draft,
    ...extra,
  };
}
