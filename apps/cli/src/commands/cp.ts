import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { ObjectSession } from '@latchkey/vault';
import type { Command } from 'commander';
import type { Outcome } from '../exit-codes.js';
import { AlreadyReported, Failure } from '../failure.js';
import { interruptible } from '../interruption.js';
import { emit, emitJson } from '../terminal/output.js';
import { Progress } from '../terminal/progress.js';
import { Copying, type CopyResult, measure } from '../transfer/copy.js';
import type { Found, Step, Target } from '../transfer/found.js';
import { walkLocal } from '../transfer/local-source.js';
import { LocalTarget } from '../transfer/local-target.js';
import { standardInput } from '../transfer/stream-source.js';
import { readNamed } from '../transfer/unseen.js';
import { followLinks, walkVault } from '../transfer/vault-source.js';
import { VaultTarget } from '../transfer/vault-target.js';
import { baseName, type Place, parsePlace, showPath } from '../vault-path.js';
import { inVault, quiet } from './invocation.js';
import { isDirectory } from './mv.js';
import { splitSourcesAndTarget, withSourcesAndTarget } from './sources-target.js';

interface Options {
  readonly recursive?: boolean;
  readonly jobs: string;
  readonly parents?: boolean;
  readonly json?: boolean;
}

/** Most files in flight at once; each holds buffers of a few MiB. */
const MAX_JOBS = 64;

export function addCp(program: Command): void {
  const command = program
    .command('cp')
    .description('copy files into, out of and inside the vault, with their times and modes');
  withSourcesAndTarget(
    command,
    'vault:/path, a local path, or - for standard input or output; the last is the target',
  )
    .option('-r, --recursive', 'directories with everything in them')
    .option('-j, --jobs <number>', 'files at once', '4')
    .option('-p, --parents', 'make the missing parents of the target')
    .option('--json', 'print a JSON summary')
    .action(run);
}

async function run(paths: string[], options: Options, command: Command): Promise<void> {
  const { sources: sourceTexts, target: targetText } = splitSourcesAndTarget(paths);
  const sources = sourceTexts.map(parsePlace);
  const target = parsePlace(targetText);
  const jobs = Number(options.jobs);
  if (!Number.isInteger(jobs) || jobs < 1 || jobs > MAX_JOBS) {
    throw new Failure('usage', `--jobs must be 1 to ${MAX_JOBS}`);
  }
  validate(sources, target);
  const progress = new Progress();
  await interruptible((signal) =>
    inVault(command, async (session) => {
      if (target.where === 'stream') return toStandardOutput(session, sources, signal);
      const copying = new Copying({ jobs, recursive: options.recursive === true, progress, signal });
      if (process.stderr.isTTY && !quiet(command)) {
        progress.show();
        void measureAll(session, sources, target, options, progress, signal);
      }
      try {
        const into = await goesInto(session, target, sources.length, options.parents === true);
        for (const source of sources) {
          signal.throwIfAborted();
          await copyOne(session, source, target, into, copying, options, signal);
        }
      } finally {
        progress.hide();
      }
      signal.throwIfAborted();
      const { outcome, ...summary } = copying.result;
      if (options.json) await emitJson(summary);
      if (summary.leftBehind > 0) throw leftBehind(outcome, summary);
      if (summary.failed > 1) throw new Failure(outcome, `${summary.failed} items were not copied`);
      if (outcome !== 'ok') throw new AlreadyReported(outcome);
    }),
  );
}

function leftBehind(
  outcome: Outcome,
  { leftBehind: objects, failed }: Pick<CopyResult, 'leftBehind' | 'failed'>,
): Failure {
  const left = objects === 1 ? '1 object was left behind' : `${objects} objects were left behind`;
  const others = failed === 0 ? '' : `, and ${failed} ${failed === 1 ? 'item was' : 'items were'} not copied`;
  return new Failure(outcome, left + others, {
    hint: 'a copy inside the vault takes them; from there they come out through S3 alone',
  });
}

function validate(sources: readonly Place[], target: Place): void {
  const inTheVault = (place: Place): boolean => place.where === 'vault';
  if (sources.some((place) => !inTheVault(place)) && !inTheVault(target)) {
    const hint = 'paths in the vault begin with vault:, as in vault:/photos';
    throw new Failure('usage', 'one side of a copy must be in the vault', { hint });
  }
  if (sources.length > 1 && [...sources, target].some((place) => place.where === 'stream')) {
    throw new Failure('usage', '- stands for one source or one target');
  }
}

/** Whether sources are copied into the target under their own names, as POSIX cp decides it. */
async function goesInto(
  session: ObjectSession,
  target: Place,
  count: number,
  parents: boolean,
): Promise<boolean> {
  if (target.where === 'stream') return false;
  if (target.where === 'vault') {
    if (parents) {
      const needed = target.asDirectory || count > 1 ? target.path : target.path.slice(0, -1);
      if (needed.length > 0) await session.mkdir(needed, { recursive: true });
    }
    const parent = target.path.slice(0, -1);
    if (parent.length > 0 && !(await isDirectory(session, parent))) {
      throw new Failure('not-found', `${showPath(parent)} does not exist or is not a directory`, {
        hint: 'add --parents to make missing directories',
      });
    }
    if (target.path.length === 0 || (await isDirectory(session, target.path))) return true;
  } else if (
    await stat(target.path).then(
      (status) => status.isDirectory(),
      () => false,
    )
  ) {
    return true;
  }
  if (count > 1 || target.asDirectory) {
    throw new Failure('not-found', `${target.text} is not a directory`, {
      hint: 'make it first, or add --parents for one in the vault',
    });
  }
  return false;
}

async function copyOne(
  session: ObjectSession,
  source: Place,
  target: Place,
  into: boolean,
  copying: Copying,
  options: Options,
  signal: AbortSignal,
): Promise<void> {
  if (source.where === 'stream') {
    if (into || target.where !== 'vault') {
      throw new Failure('usage', 'standard input needs a file name to go to', {
        hint: `write ${target.text.replace(/\/$/, '')}/NAME`,
      });
    }
    return copying.run(only(standardInput(signal)), targetAt(session, target, undefined, signal));
  }
  const name = into ? nameOf(source) : undefined;
  await copying.run(walk(session, source, options, signal), targetAt(session, target, name, signal));
}

/** Undefined for a source that is all of something, as `.` or `vault:/`: its content goes in directly. */
function nameOf(source: Place): string | undefined {
  if (source.where === 'vault') return baseName(source.path);
  if (source.where === 'stream' || /(^|\/)\.{1,2}\/*$/.test(source.path)) return undefined;
  return basename(resolve(source.path)) || undefined;
}

function targetAt(
  session: ObjectSession,
  target: Place,
  name: string | undefined,
  signal: AbortSignal,
): Target {
  if (target.where === 'vault') {
    return new VaultTarget(session, name === undefined ? target.path : [...target.path, name], signal);
  }
  return new LocalTarget(target.where === 'local' ? target.path : '', name, signal);
}

async function* walk(
  session: ObjectSession,
  source: Place,
  options: Options,
  signal: AbortSignal,
): AsyncGenerator<Step> {
  const recursive = options.recursive === true;
  if (source.where === 'local') {
    yield* walkLocal(source.path.replace(/(.)\/+$/, '$1'), recursive, signal);
  } else if (source.where === 'vault') {
    try {
      // A link that is named is followed, as for local sources; links inside a tree stay links.
      yield* walkVault(session, await followLinks(session, source.path), recursive);
    } catch (error) {
      yield { label: showPath(source.path), error };
    }
  }
}

async function measureAll(
  session: ObjectSession,
  sources: readonly Place[],
  target: Place,
  options: Options,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  if (sources.some((source) => source.where === 'stream')) return;
  try {
    for (const source of sources)
      await measure(walk(session, source, options, signal), target.where === 'vault', progress, signal);
    if (!signal.aborted) progress.settle();
  } catch {
    // Without a total there is no percentage; the copy itself reports what is wrong.
  }
}

async function* only(found: Found): AsyncGenerator<Step> {
  yield { found };
}

async function toStandardOutput(
  session: ObjectSession,
  sources: readonly Place[],
  signal: AbortSignal,
): Promise<void> {
  for (const source of sources) {
    if (source.where !== 'vault') continue;
    for await (const chunk of readNamed(session, await followLinks(session, source.path))) {
      signal.throwIfAborted();
      await emit(chunk);
    }
  }
}
