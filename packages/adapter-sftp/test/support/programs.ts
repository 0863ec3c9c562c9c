import { execFile, execFileSync, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import type { TestContext } from 'vitest';
import type { Fixture } from './fixture.js';
import { PASSWORD, USER } from './fixture.js';

const execute = promisify(execFile);

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. A status other than 0 is a result, not an error; a program that hangs is killed. */
export async function run(
  program: string,
  args: readonly string[],
  input = '',
  home = '/nonexistent',
): Promise<Outcome> {
  const options = {
    timeout: 50_000,
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, HOME: home, LC_ALL: 'C.UTF-8' },
  };
  const running = execute(program, args, options);
  running.child.stdin?.end(input);
  try {
    const { stdout, stderr } = await running;
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, killed, stdout, stderr } = error as {
      code: unknown;
      killed?: boolean;
      stdout: string;
      stderr: string;
    };
    if (typeof code !== 'number')
      throw new Error(`${program} ${killed ? 'was killed' : 'failed'}: ${stderr}`, { cause: error });
    return { code, stdout, stderr };
  }
}

/** As {@link run}, but fails unless the program ends with status 0. */
export async function succeed(program: string, args: readonly string[], input?: string): Promise<Outcome> {
  const outcome = await run(program, args, input);
  if (outcome.code !== 0)
    throw new Error(`${program} ended with ${outcome.code}: ${outcome.stderr}${outcome.stdout}`);
  return outcome;
}

/**
 * Skips a test whose program is missing, with the reason. On CI, where everything has to be installed, it fails
 * instead.
 */
export function needs(context: TestContext, program: string, args: readonly string[] = ['--version']): void {
  try {
    execFileSync(program, args, { stdio: 'ignore', timeout: 20_000 });
  } catch (error) {
    // Some programs have no option that ends with status 0; being there is enough.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' && args.length === 1) return;
    if (process.env.CI !== undefined) throw new Error(`${program} is not installed`, { cause: error });
    context.skip(`${program} is not installed`);
  }
}

/** The first Python that has paramiko, if any. */
export function pythonWithParamiko(): string | undefined {
  return ['python3', '/usr/bin/python3'].find((program) => {
    try {
      execFileSync(program, ['-c', 'import paramiko'], { stdio: 'ignore', timeout: 20_000 });
      return true;
    } catch {
      return false;
    }
  });
}

/** Options of ssh, sftp and scp: our key, our known_hosts and nothing of the machine's own configuration. */
export function sshOptions(fixture: Fixture): string[] {
  const settings = [
    `UserKnownHostsFile=${fixture.knownHosts}`,
    'GlobalKnownHostsFile=/dev/null',
    'StrictHostKeyChecking=yes',
    'IdentitiesOnly=yes',
    'IdentityAgent=none',
    'BatchMode=yes',
  ];
  return ['-F', '/dev/null', '-i', fixture.userKeyFile, ...settings.flatMap((setting) => ['-o', setting])];
}

export function sftp(
  fixture: Fixture,
  batch: readonly string[],
  extra: readonly string[] = [],
): Promise<Outcome> {
  const args = ['-P', String(fixture.port), ...sshOptions(fixture), ...extra, '-b', '-', `${USER}@127.0.0.1`];
  return run('sftp', args, `${batch.join('\n')}\n`);
}

export function scp(fixture: Fixture, ...args: string[]): Promise<Outcome> {
  return run('scp', ['-P', String(fixture.port), ...sshOptions(fixture), ...args]);
}

export function ssh(fixture: Fixture, command: string, input = ''): Promise<Outcome> {
  return run(
    'ssh',
    ['-p', String(fixture.port), ...sshOptions(fixture), `${USER}@127.0.0.1`, command],
    input,
  );
}

export function rclone(fixture: Fixture, ...args: string[]): Promise<Outcome> {
  const settings: Record<string, string> = {
    host: '127.0.0.1',
    port: String(fixture.port),
    user: USER,
    'key-file': fixture.userKeyFile,
    'known-hosts-file': fixture.knownHosts,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => [`--sftp-${name}`, value]);
  return run('rclone', [
    '--config',
    '/dev/null',
    '--retries',
    '1',
    '--low-level-retries',
    '1',
    ...flags,
    ...args,
  ]);
}

export function lftp(fixture: Fixture, ...commands: string[]): Promise<Outcome> {
  const connect = ['ssh', '-a', '-x', ...sshOptions(fixture)].join(' ');
  const settings = [
    `set sftp:connect-program "${connect}"`,
    'set net:max-retries 1',
    'set cmd:fail-exit yes',
  ];
  const script = [...settings, `open -u ${USER}, -p ${fixture.port} sftp://127.0.0.1`, ...commands].join(
    '\n',
  );
  // It keeps a log of transfers at home, or complains.
  return run('lftp', ['--norc', '-c', script], '', fixture.directory);
}

/** Runs a Python script that finds a connected `sftp` and its `transport`. */
export function paramiko(fixture: Fixture, python: string, script: string): Promise<Outcome> {
  const prelude = `
import base64, io, os, stat, sys, hashlib, paramiko
client = paramiko.SSHClient()
client.load_host_keys(${JSON.stringify(fixture.knownHosts)})
client.set_missing_host_key_policy(paramiko.RejectPolicy())
client.connect('127.0.0.1', ${fixture.port}, ${JSON.stringify(USER)}, ${JSON.stringify(PASSWORD)}, look_for_keys=False, allow_agent=False)
sftp = client.open_sftp()
`;
  return run(python, ['-W', 'ignore', '-c', `${prelude}\n${script}\nsftp.close()\nclient.close()\n`]);
}

/** Starts a program and kills it as soon as `condition` holds. Resolves when it is gone. */
export async function killWhen(
  program: string,
  args: readonly string[],
  condition: () => boolean,
): Promise<void> {
  const child = spawn(program, args, { stdio: 'ignore' });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const timer = setInterval(() => {
    if (condition()) child.kill('SIGKILL');
  }, 2);
  await gone;
  clearInterval(timer);
}
