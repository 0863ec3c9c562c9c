import { splitVersionKey } from '@latchkey/encryption';
import type { Row } from '../directory/rows.js';
import type { Tree } from '../directory/tree.js';

/** The lowest key behind all versions of a name. */
export function behindVersions(name: string): string {
  return `${name}\u0001`;
}

/**
 * Rows in key order without older versions, a page at a time. However many versions a name has, no more than two of their
 * pages are read.
 */
export async function* scanCurrent(
  tree: Tree,
  bounds: { readonly after?: string; readonly from?: string } = {},
): AsyncGenerator<Row[]> {
  let next: typeof bounds | undefined = bounds;
  while (next !== undefined) {
    const from: typeof bounds = next;
    next = undefined;
    for await (const rows of tree.scan(from)) {
      const shown = rows.filter((row) => splitVersionKey(row.key) === undefined);
      if (shown.length > 0) yield shown;
      const last = splitVersionKey(rows.at(-1)?.key ?? '');
      if (last === undefined || shown.length > 0) continue;
      next = { from: behindVersions(last.name) };
      break;
    }
  }
}
