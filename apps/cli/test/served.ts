import { expect } from 'vitest';
import { ended, until, type Workspace } from './program.js';

export const PASSWORD = 'pass word "quoted"';
/** Of that user, for `serve` and `connect`. */
export const USER: readonly string[] = ['--user', 'ann', '--password-file', 'pw'];

/** A `latchkey serve` that listens. */
export interface Served {
  readonly url: string;
  readonly port: number;
  readonly certificate: string | undefined;
  readonly log: () => string;
  stop(): Promise<void>;
}

/**
 * Serves the vault of a workspace to ann, unless the flags name somebody else, and tells where it listens for
 * `protocol`. Throws the log where that is not served.
 */
export async function serve(
  workspace: Workspace,
  protocol: 'ftp' | 's3',
  ...flags: string[]
): Promise<Served> {
  workspace.file('pw', `${PASSWORD}\n`);
  const user = flags.includes('--user') ? [] : USER;
  const child = workspace.start(['serve', '--port', '0', '--log', 'json', ...user, ...flags]);
  let log = '';
  child.stderr?.on('data', (text: Buffer) => (log += text.toString()));
  const end = ended(child);
  await until('listening', () => log.includes('"listening"') || child.exitCode !== null);
  const event = log.split('\n').find((line) => line.includes(`"listening for ${protocol}"`));
  if (event === undefined) throw new Error(log);
  const { url, port, certificate } = JSON.parse(event) as Omit<Served, 'stop' | 'log'>;
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    expect(await end).toMatchObject({ status: 0 });
  };
  return { url, port, certificate, log: () => log, stop };
}
