import { type Call, describeTree, type PlainDirectory, partsOf } from './plain.js';

/** One call as it went: who had answered when it began, and its answer, if it got one. */
export interface Lived {
  readonly id: string;
  readonly call: Call;
  readonly before: readonly string[];
  readonly result?: string;
}

/** Answers that promise nothing either way: the change may have happened, or may yet. */
const UNKNOWN = new Set(['unavailable']);
/** Answers that promise that nothing changed, in any state of the tree. */
const REFUSALS = new Set(['conflict', 'stale']);

interface Progress {
  readonly part: number;
  readonly memory: string | undefined;
  readonly done: boolean;
}

/** Whether some order of the calls explains the answers and the tree. */
export function isExplained(start: PlainDirectory, calls: readonly Lived[], end: PlainDirectory): boolean {
  const wanted = describeTree(end);
  const seen = new Set<string>();
  const isOver = (index: number, progress: readonly Progress[]): boolean => {
    const { result } = calls[index]!;
    return progress[index]!.done || (result !== undefined && (UNKNOWN.has(result) || REFUSALS.has(result)));
  };
  const mustFinish = (index: number): boolean => {
    const { result } = calls[index]!;
    return result !== undefined && !UNKNOWN.has(result) && !REFUSALS.has(result);
  };

  const search = (tree: PlainDirectory, progress: readonly Progress[]): boolean => {
    if (
      calls.every((_, index) => !mustFinish(index) || progress[index]!.done) &&
      describeTree(tree) === wanted
    ) {
      return true;
    }
    const key = JSON.stringify([tree, progress]);
    if (seen.has(key)) return false;
    seen.add(key);
    return calls.some((lived, index) => {
      const at = progress[index]!;
      if (at.done || (lived.result !== undefined && REFUSALS.has(lived.result))) return false;
      if (
        !lived.before.every((id) =>
          isOver(
            calls.findIndex((call) => call.id === id),
            progress,
          ),
        )
      )
        return false;
      return advance(tree, progress, index, at.part);
    });
  };

  /** Runs the next part of a call, or any part behind optional ones. */
  const advance = (
    tree: PlainDirectory,
    progress: readonly Progress[],
    index: number,
    first: number,
  ): boolean => {
    const lived = calls[index]!;
    const parts = partsOf(lived.call);
    for (let part = first; part < parts.length; part += 1) {
      const step = parts[part]!.run(tree, progress[index]!.memory);
      const optional = parts[part]!.optional === true;
      const answered = !optional && step.result !== undefined;
      const fits = !answered || !mustFinish(index) || step.result === lived.result;
      if (fits) {
        const done = answered || part + 1 === parts.length;
        const entry: Progress = { part: part + 1, memory: step.memory, done };
        if (
          search(
            step.tree,
            progress.map((old, other) => (other === index ? entry : old)),
          )
        )
          return true;
      }
      if (!optional) return false;
    }
    return false;
  };

  return search(
    start,
    calls.map(() => ({ part: 0, memory: undefined, done: false })),
  );
}

/** The calls as text, for a report. */
export function describeCalls(calls: readonly Lived[]): string {
  return calls
    .map(({ id, call, before, result }) => {
      const order = before.length === 0 ? '' : ` after ${before.join(', ')}`;
      return `${id}: ${JSON.stringify(call)} -> ${result ?? 'no answer'}${order}`;
    })
    .join('\n');
}
