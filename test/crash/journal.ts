import { after, type Operation, possibleAfterCrash, type State } from './load.mjs';

interface Event {
  readonly worker: number;
  readonly begin?: Operation;
  readonly done?: true;
}

/** What the workers were told: every acknowledged operation, and for each the one that was under way. */
export class Journal {
  readonly #states: State[];
  readonly #pending: (Operation | undefined)[];
  acknowledged = 0;

  constructor(states: readonly State[]) {
    this.#states = [...states];
    this.#pending = states.map(() => undefined);
  }

  note({ worker, begin, done }: Event): void {
    if (begin !== undefined) this.#pending[worker] = begin;
    const operation = this.#pending[worker];
    if (done !== true || operation === undefined) return;
    this.#states[worker] = after(this.#states[worker] as State, operation);
    this.#pending[worker] = undefined;
    this.acknowledged++;
  }

  /** The states that a worker's files may be in now, and the operation that makes them more than one. */
  expected(worker: number): { states: State[]; pending: Operation | undefined } {
    const pending = this.#pending[worker];
    return { states: possibleAfterCrash(this.#states[worker] as State, pending), pending };
  }
}

/** One text for one state, whatever the order in which it was put together. */
export function stateText({ files, directories }: State): string {
  const lines = Object.entries(files).map(([path, frames]) => `${path} ${JSON.stringify(frames)}`);
  return [...lines, ...directories.map((path) => `${path}/`)].sort().join('\n');
}
