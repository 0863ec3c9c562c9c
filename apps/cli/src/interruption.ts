import { Failure } from './failure.js';

/**
 * Lets a command stop cleanly on Ctrl-C or SIGTERM: the first signal aborts, and the command removes what it had half
 * written; a second one ends the program at once, which is safe too because nothing half written has its final name.
 */
export async function interruptible<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort(new Failure('interrupted', 'stopped; nothing half written was kept'));
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  try {
    const result = await run(controller.signal);
    controller.signal.throwIfAborted();
    return result;
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}
