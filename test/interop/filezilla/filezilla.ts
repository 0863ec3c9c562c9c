import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { TestContext } from 'vitest';
import type { Target } from '../client.js';
import { requireProgram, requirePython, succeed } from '../run.js';
import { configure, siteOf, type Way } from './configuration.js';
import type { Desktop, DesktopPrograms } from './desktop.js';

/** One line of FileZilla's queue. Both paths end in the same name. */
export interface QueueItem {
  readonly direction: 'upload' | 'download';
  /** A file, or a folder to make. */
  readonly local: string;
  readonly remote: string;
  /** Bytes; null for a folder. */
  readonly size: number | null;
  /** What to do with a file that is there. */
  readonly exists: 'overwrite' | 'resume';
}

export interface FilezillaPrograms extends DesktopPrograms {
  readonly filezilla: string;
  readonly python: string;
}

/** Skips the test, or fails it in CI, unless everything is there. */
export function requireFilezilla(test: TestContext): FilezillaPrograms {
  return {
    filezilla: requireProgram(test, 'filezilla'),
    xvfb: requireProgram(test, 'Xvfb'),
    xdotool: requireProgram(test, 'xdotool'),
    python: requirePython(test, 'sqlite3'),
  };
}

/** What FileZilla wrote into its log. */
export interface Report {
  /** Without the time and the number of the connection. */
  readonly lines: readonly string[];
  /** Bytes that went over the wire, of every transfer that succeeded, in the order in which they ended. */
  readonly transferred: readonly number[];
  readonly errors: readonly string[];
}

const LIMIT_MS = 10 * 60_000;
const DIALOGUE_MS = 10_000;
const LOOK_MS = 250;

/** Starts FileZilla with a queue, has it process the queue, and waits until it has ended by itself. */
export async function processQueue(
  { filezilla, python }: FilezillaPrograms,
  desktop: Desktop,
  place: { readonly target: Target; readonly way: Way; readonly scratch: string },
  items: readonly QueueItem[],
): Promise<Report> {
  const home = mkdtempSync(path.join(place.scratch, 'home-'));
  const log = path.join(home, 'session.log');
  configure(home, place.target, place.way, log);
  mkdirSync(path.join(home, '.cache'));
  const file = path.join(home, '.config', 'filezilla', 'queue.sqlite3');
  const script = path.join(path.dirname(fileURLToPath(import.meta.url)), 'queue.py');
  const input = JSON.stringify({ file, server: siteOf(place.target, place.way), items });
  await succeed(python, [script], { input });
  const env = { ...process.env, ...desktop.environment, ...environment(home) };
  const child = spawn(filezilla, [], { env, cwd: home, stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  try {
    await begin(desktop, log, child);
    await watch(desktop, log, child);
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
  return reportOf(readFileSync(log, 'utf8'));
}

function environment(home: string): Record<string, string> {
  return {
    HOME: home,
    XDG_CONFIG_HOME: path.join(home, '.config'),
    XDG_CACHE_HOME: path.join(home, '.cache'),
    XDG_DATA_HOME: path.join(home, '.local'),
    DBUS_SESSION_BUS_ADDRESS: 'disabled:',
    LC_ALL: 'C.UTF-8',
    LANGUAGE: 'en',
    TZ: 'UTC',
  };
}

/** Presses what processes the queue until the log begins. A window may be shown before it hears keys. */
async function begin(desktop: Desktop, log: string, child: ChildProcess): Promise<void> {
  for (const deadline = Date.now() + LIMIT_MS; Date.now() < deadline; ) {
    if (child.exitCode !== null) throw new Error(`FileZilla ended with status ${child.exitCode}`);
    if ((await desktop.windows()).includes('FileZilla')) {
      await desktop.press('ctrl+p');
      for (let waited = 0; waited < 100; waited += 1) {
        if (existsSync(log)) return;
        await wait(50);
      }
    }
    await wait(50);
  }
  throw new Error('FileZilla did not begin with its queue');
}

/** Waits for the end. A second window is a question, to which nobody is there to answer. */
async function watch(desktop: Desktop, log: string, child: ChildProcess): Promise<void> {
  let asked = 0;
  for (const deadline = Date.now() + LIMIT_MS; child.exitCode === null; ) {
    await wait(LOOK_MS);
    const [question] = (await desktop.windows()).filter((title) => title !== 'FileZilla');
    asked = question === undefined ? 0 : asked + LOOK_MS;
    if (asked > DIALOGUE_MS || Date.now() > deadline) {
      const said = readFileSync(log, 'utf8').slice(-3000);
      throw new Error(
        `FileZilla did not end${question === undefined ? '' : ` and asks: ${question}`}\n${said}`,
      );
    }
  }
}

function reportOf(log: string): Report {
  const lines = log
    .split('\n')
    .map((line) => line.replace(/^\S+ \S+ \d+ \d+ /, ''))
    .filter((line) => line !== '');
  const transferred = lines.flatMap((line) => {
    const match = /^Status: File transfer successful, transferred ([\d,]+) bytes?/.exec(line);
    return match?.[1] === undefined ? [] : [Number(match[1].replaceAll(',', ''))];
  });
  return { lines, transferred, errors: lines.filter((line) => line.startsWith('Error: ')) };
}
