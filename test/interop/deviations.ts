/** What a client cannot do, whatever the server. A deviation that turns out not to be needed fails its test. */
export interface Deviation {
  readonly client: string;
  /** Ids of steps of the script. */
  readonly steps: readonly string[];
  readonly reason: string;
}

export const DEVIATIONS: readonly Deviation[] = [];

export function deviationOf(client: string, step: string): Deviation | undefined {
  return DEVIATIONS.find((deviation) => deviation.client === client && deviation.steps.includes(step));
}
