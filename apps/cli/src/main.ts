#!/usr/bin/env node
import { exitStatus } from './exit-codes.js';
import { run } from './program.js';

// `latchkey ls | head`: the reader has seen enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(exitStatus(error.code === 'EPIPE' ? 'broken-pipe' : 'failed'));
});
// Remarks and logs that nobody reads any more must not end a copy or a server.
process.stderr.on('error', () => {});

const outcome = await run(process.argv.slice(2));
// Ends even if something still reads standard input; the callback comes after what was written before it.
process.stdout.write('', () => process.exit(exitStatus(outcome)));
