#!/usr/bin/env node
import { exitStatus } from './exit-codes.js';
import { outputFailure, report } from './failure.js';
import { run } from './program.js';
import { leaveWhenUnread } from './terminal/output.js';

let outputError: Error | undefined;
// `latchkey ls | head`: the reader has seen enough.
leaveWhenUnread(() => process.exit(exitStatus('broken-pipe')));
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') return;
  // The command that wrote is told as well, and may still have something to undo.
  outputError ??= error;
});
// Remarks and logs that nobody reads any more must not end a copy or a server.
process.stderr.on('error', () => {});

const outcome = await run(process.argv.slice(2));
// Ends even if something still reads standard input; the callback comes after what was written before it.
process.stdout.write('', () =>
  // An error of that writing is told after this callback.
  setImmediate(() => {
    const lost = outcome === 'ok' && outputError !== undefined;
    process.exit(exitStatus(lost ? report(outputFailure(outputError)) : outcome));
  }),
);
