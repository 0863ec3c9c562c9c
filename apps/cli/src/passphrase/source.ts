import { spawn } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import type { PassphraseSource } from '../config/settings.js';
import { Failure } from '../failure.js';
import { warn } from '../terminal/output.js';
import { askHidden } from './prompt.js';

/** Longest passphrase or list of words that is read, in bytes: a wrong path must not fill the memory. */
const MAX_SECRET_BYTES = 4096;

/** A secret from the configured place, or asked for at the terminal. It is never taken from a flag. */
export async function obtainSecret(
  source: PassphraseSource,
  ask: { question: string; confirm?: string; what: string; instead?: string },
): Promise<string> {
  if (source.value !== undefined) return source.value;
  if (source.file !== undefined) return fromFile(source.file, ask.what);
  if (source.command !== undefined) return fromCommand(source.command, ask.what);
  const first = await askHidden(ask.question);
  if (first === undefined) {
    throw new Failure('passphrase', `no ${ask.what} was given and there is no terminal to ask at`, {
      hint: `use ${ask.instead ?? '--passphrase-file, LATCHKEY_PASSPHRASE or --passphrase-command'} (docs/cli.md)`,
    });
  }
  if (first === '') throw new Failure('passphrase', `the ${ask.what} is empty`);
  if (ask.confirm !== undefined && (await askHidden(ask.confirm)) !== first) {
    throw new Failure('passphrase', `the two entries of the ${ask.what} differ`);
  }
  return first;
}

/** The first line of a file, which others should not be able to read. */
export async function fromFile(path: string, what: string): Promise<string> {
  const status = await stat(path);
  if (status.isDirectory()) {
    throw new Failure('usage', `${path} is a directory, not a file with a ${what}`, {
      hint: `name a file whose first line is the ${what}`,
    });
  }
  const { mode, size } = status;
  if (size > MAX_SECRET_BYTES) throw new Failure('usage', `${path} is too long to be a ${what}`);
  if ((mode & 0o077) !== 0) warn(`${path} can be read by others; chmod 600 it`);
  return firstLine(await readFile(path), path, what);
}

/** The first line that a command prints. It runs in a shell and does not inherit a passphrase. */
async function fromCommand(command: string, what: string): Promise<string> {
  const { LATCHKEY_PASSPHRASE: _, LATCHKEY_NEW_PASSPHRASE: __, ...env } = process.env;
  const child = spawn(command, { shell: true, env, stdio: ['ignore', 'pipe', 'inherit'] });
  const chunks: Buffer[] = [];
  let length = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > MAX_SECRET_BYTES) child.kill();
    else chunks.push(chunk);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  // Neither the command nor its output is repeated: either may hold the secret.
  if (code !== 0) throw new Failure('passphrase', `the command for the ${what} failed`);
  return firstLine(Buffer.concat(chunks), 'the command', what);
}

function firstLine(bytes: Uint8Array, from: string, what: string): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new Failure('passphrase', `${from} gave a ${what} that is not UTF-8`, { cause });
  }
  const line = (text.split('\n', 1)[0] ?? '').replace(/\r$/, '');
  if (line === '') throw new Failure('passphrase', `${from} gave an empty ${what}`);
  return line;
}
