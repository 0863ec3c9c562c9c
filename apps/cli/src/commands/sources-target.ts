import type { Command } from 'commander';
import { Failure } from '../failure.js';

/** Declares `<sources...> <target>`, which the parser of arguments cannot: only its last one may repeat. */
export function withSourcesAndTarget(command: Command, what: string): Command {
  return command.usage('[options] <sources...> <target>').argument('<paths...>', what);
}

export function splitSourcesAndTarget(paths: readonly string[]): { sources: string[]; target: string } {
  const target = paths.at(-1);
  if (target === undefined || paths.length < 2) {
    throw new Failure('usage', 'sources and a target are needed', { hint: 'the last path is the target' });
  }
  return { sources: paths.slice(0, -1), target };
}
