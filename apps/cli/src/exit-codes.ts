/** What the program tells a script by its exit status. docs/cli.md has the same table; a test compares. */
export const EXIT_CODES = {
  ok: { status: 0, meaning: 'done' },
  failed: {
    status: 1,
    meaning: 'failed for a reason without a number of its own, or only some of several files failed',
  },
  usage: { status: 2, meaning: 'wrong flag, argument or configuration; nothing was tried' },
  'not-found': { status: 3, meaning: 'no such file or directory, or no vault there' },
  passphrase: { status: 4, meaning: 'wrong passphrase or recovery words, or none given' },
  damaged: { status: 5, meaning: 'stored bytes are missing or not authentic, or `check` found problems' },
  refused: {
    status: 6,
    meaning: 'what is there already forbids it: exists, is a directory, not empty, changed by others',
  },
  store: { status: 7, meaning: 'the store or another disk cannot: full, read-only or not reachable' },
  interrupted: { status: 130, meaning: 'stopped by Ctrl-C, SIGTERM or SIGHUP' },
  'broken-pipe': { status: 141, meaning: 'the program that read the output went away' },
} as const;

export type Outcome = keyof typeof EXIT_CODES;

export function exitStatus(outcome: Outcome): number {
  return EXIT_CODES[outcome].status;
}
