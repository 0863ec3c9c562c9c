import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

export const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
export const PASSPHRASE = 'seven quiet otters paint at dusk';

export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Options {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string | Buffer;
  /** Leaves standard input open. */
  readonly open?: boolean;
}

/** A folder of its own for one test, gone with it. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'latchkey-cli-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Starts the built program without a terminal and without any setting of the person who runs the tests. */
export function start(args: readonly string[], { cwd, env, input, open }: Options = {}): ChildProcess {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: cwd ?? tmpdir(),
    env: { PATH: process.env.PATH, HOME: '/nonexistent', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  child.stdin?.on('error', () => {});
  if (input !== undefined) child.stdin?.write(input);
  if (!open) child.stdin?.end();
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return child;
}

export function ended(child: ChildProcess): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => resolve({ status, signal, stdout, stderr }));
  });
}

export function latchkey(args: readonly string[], options: Options = {}): Promise<Ended> {
  return ended(start(args, options));
}

/** A vault in a folder of its own, and the program set up for it. */
export class Workspace {
  readonly path = folder();
  readonly store = join(this.path, 'store');
  readonly env: NodeJS.ProcessEnv = {
    LATCHKEY_VAULT: this.store,
    LATCHKEY_PASSPHRASE: PASSPHRASE,
    LATCHKEY_STATE: join(this.path, 'state'),
    LATCHKEY_FTP_PORT: '0',
    LATCHKEY_S3_PORT: '0',
    LATCHKEY_DURABILITY: 'relaxed',
  };

  static async create(...initFlags: string[]): Promise<Workspace> {
    const workspace = new Workspace();
    await workspace.ok('init', '--quiet', ...initFlags);
    return workspace;
  }

  run(args: readonly string[], options: Options = {}): Promise<Ended> {
    return latchkey(args, { cwd: this.path, ...options, env: { ...this.env, ...options.env } });
  }

  start(args: readonly string[], options: Options = {}): ChildProcess {
    return start(args, { cwd: this.path, ...options, env: { ...this.env, ...options.env } });
  }

  /** Runs what has to succeed and returns its standard output. */
  async ok(...args: string[]): Promise<string> {
    const done = await this.run(args);
    if (done.status !== 0) throw new Error(`latchkey ${args.join(' ')}: ${done.status}\n${done.stderr}`);
    return done.stdout;
  }

  /** The JSON values that a command prints, one a line. */
  async json(...args: string[]): Promise<Record<string, unknown>[]> {
    const lines = (await this.ok(...args, '--json')).trimEnd().split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** Puts text into the vault. */
  async put(path: string, text: string | Buffer): Promise<void> {
    const done = await this.run(['cp', '--parents', '-', path], { input: text });
    if (done.status !== 0) throw new Error(done.stderr);
  }

  local(...names: string[]): string {
    return join(this.path, ...names);
  }

  file(name: string, content: string | Buffer, mode = 0o600): string {
    const path = this.local(name);
    writeFileSync(path, content, { mode });
    return path;
  }
}

/** One digest of every name and byte below a folder. */
export function fingerprint(root: string): string {
  const hash = createHash('sha256');
  for (const name of (readdirSync(root, { recursive: true }) as string[]).sort()) {
    const path = join(root, name);
    hash.update(`${name}\0`);
    if (statSync(path).isFile()) hash.update(readFileSync(path));
  }
  return hash.digest('hex');
}

/** Waits for what another process brings about. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 6000; attempt += 1) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`${what} did not happen`);
}
