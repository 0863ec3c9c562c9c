import { Failure } from './failure.js';

/** What asks a program to end: Ctrl-C, `kill`, and a terminal or connection that went away. */
export const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Lets a command stop cleanly on Ctrl-C, SIGTERM or the end of its terminal (SIGHUP): the first signal aborts, and the command removes what it had half
 * written; a second one ends the program at once, which is safe too because nothing half written has its final name.
 */
export async function interruptible<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort(new Failure('interrupted', 'stopped; nothing half written was kept'));
  };
  for (const name of STOP_SIGNALS) process.on(name, stop);
  try {
    const result = await run(controller.signal);
    controller.signal.throwIfAborted();
    return result;
  } finally {
    for (const name of STOP_SIGNALS) process.off(name, stop);
  }
}
