/**
 * Commands in documents are run by a test, so that they stay true. Every block fenced as `sh` is preceded by one of
 *
 *     <!-- test: NAME -->            blocks of one name in one document are one script, run in order
 *     <!-- not run: the reason -->   shown only
 *
 * A script runs in an empty directory with an empty home and the built `latchkey` in PATH, in bash with -e -u and
 * pipefail; it passes when it ends with status 0.
 */
export interface Script {
  readonly document: string;
  readonly name: string;
  readonly text: string;
}

export interface Blocks {
  readonly scripts: readonly Script[];
  /** Blocks that say neither, as document:line. */
  readonly unmarked: readonly string[];
  /** Markers that no `sh` block follows, as document:line. */
  readonly idle: readonly string[];
}

const MARKER = /^<!-- (?:test: ([a-z0-9-]+)|not run: (\S.*)) -->$/;

export function readBlocks(document: string, text: string): Blocks {
  const scripts = new Map<string, string[]>();
  const unmarked: string[] = [];
  const idle: string[] = [];
  let marker: { line: number; name: string | undefined } | undefined;
  let fence: { end: string; name: string | undefined; body: string[] | undefined } | undefined;
  text.split('\n').forEach((line, index) => {
    const place = `${document}:${index + 1}`;
    if (fence) {
      if (line.trim() === fence.end) {
        if (fence.name !== undefined && fence.body) {
          scripts.set(fence.name, [...(scripts.get(fence.name) ?? []), fence.body.join('\n')]);
        }
        fence = undefined;
      } else fence.body?.push(line);
      return;
    }
    const opened = /^\s*(`{3,}|~{3,})\s*(\S*)/.exec(line);
    if (opened?.[1] !== undefined) {
      const shell = opened[2] === 'sh';
      if (shell && !marker) unmarked.push(place);
      fence = { end: opened[1], name: marker?.name, body: shell ? [] : undefined };
      if (!shell && marker) idle.push(`${document}:${marker.line}`);
      marker = undefined;
      return;
    }
    const marked = MARKER.exec(line.trim());
    if (marker && (marked || line.trim() !== '')) {
      idle.push(`${document}:${marker.line}`);
      marker = undefined;
    }
    if (marked) marker = { line: index + 1, name: marked[1] };
  });
  if (marker) idle.push(`${document}:${marker.line}`);
  const joined = [...scripts].map(([name, bodies]) => ({ document, name, text: bodies.join('\n') }));
  return { scripts: joined, unmarked, idle };
}
