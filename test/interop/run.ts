import { spawn } from 'node:child_process';
import type { TestContext } from 'vitest';
import { program, pythonWith, rubyWith } from '../../scripts/setup/clients.mjs';

export interface Done {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Runs a program to its end. One that hangs is ended after ten minutes and has no status. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Done> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, LC_ALL: 'C.UTF-8', ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: 600_000,
      killSignal: 'SIGKILL',
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.stdin.on('error', () => undefined);
    child.on('error', reject);
    child.on('close', (status) => {
      resolve({ status, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() });
    });
    child.stdin.end(options.input ?? '');
  });
}

/** Runs a program that must succeed and returns what it printed. */
export async function succeed(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const done = await run(command, args, options);
  if (done.status !== 0) {
    const said = `${done.stdout}\n${done.stderr}`.trim().slice(-2000);
    const asked = (options.input ?? args.join(' ')).slice(0, 1000);
    throw new Error(`${command} ended with status ${done.status}: ${asked}\n${said}`);
  }
  return done.stdout;
}

/** The path of a client that a test needs. Without it the test is skipped, and fails where CI is set. */
export function requireProgram(test: TestContext, name: string): string {
  return program(name) ?? missing(test, name);
}

/** A Python 3 with a module, on the same terms. */
export function requirePython(test: TestContext, module: string): string {
  return pythonWith(module) ?? missing(test, `Python's ${module}`);
}

/** A Ruby with a library, on the same terms. */
export function requireRuby(test: TestContext, library: string): string {
  return rubyWith(library) ?? missing(test, `Ruby's ${library}`);
}

export function missing(test: TestContext, what: string): never {
  if (process.env.CI) throw new Error(`${what} is not installed`);
  return test.skip(`${what} is not installed`);
}
