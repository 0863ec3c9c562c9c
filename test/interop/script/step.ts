import type { Client, Target } from '../client.js';
import type { Observer } from '../trees.js';
import type { Workspace } from '../workspace.js';

export interface Stage<C extends Client = Client> {
  readonly client: C;
  readonly target: Target;
  readonly local: Workspace;
  /** What is stored in truth. */
  readonly stored: Observer;
  /** A directory of the server that exists and is this step's own, absolute. */
  readonly remote: string;
  /** How much the steps that move much move. */
  readonly amount: Amount;
}

export interface Amount {
  /** Of the large file. */
  readonly mebibytes: number;
  /** Files in the crowded directory. */
  readonly files: number;
}

/** One operation of the script, with what must be there afterwards. */
export interface Step<C extends Client = Client> {
  /** Stable: deviations name it. */
  readonly id: string;
  /** What must hold, as a test's title. */
  readonly title: string;
  /** The methods that a client must have; without one it needs a deviation. */
  readonly needs?: readonly (keyof Client)[];
  run(stage: Stage<C>): Promise<void>;
}
