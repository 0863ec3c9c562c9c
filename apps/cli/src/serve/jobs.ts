import { applyLifecycles } from '@latchkey/adapter-s3';
import type { ObjectSession, Vault } from '@latchkey/vault';
import type { Log } from './log.js';
import type { Job } from './periodic.js';

/** Frees space. */
export function collection(
  vault: Vault,
  { every, deadAfter }: { readonly every: number; readonly deadAfter: number },
): Job {
  return {
    every,
    done: 'collected',
    failed: 'the collection failed; nothing was deleted that is in use',
    run: () => vault.gc({ deadAfterMs: deadAfter }),
  };
}

/** Removes what the lifecycles of buckets say is due. */
export function lifecycles(session: ObjectSession, every: number, log: Log): Job {
  return {
    every,
    done: 'applied the lifecycles of buckets',
    failed: 'the lifecycles of buckets could not be applied; the next run goes on',
    run: (signal) => applyLifecycles(session, { signal, logger: log }),
  };
}
