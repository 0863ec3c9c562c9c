import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { Failure } from '../failure.js';
import type { ConfigurationFile } from './schema.js';

export interface LoadedFile {
  /** Where it was found; undefined when there is none. */
  readonly path: string | undefined;
  readonly values: ConfigurationFile;
}

/** The first of: `--config`, `LATCHKEY_CONFIG`, `./latchkey.toml`, `$XDG_CONFIG_HOME/latchkey/latchkey.toml`. */
export async function loadConfigurationFile(
  flag: string | undefined,
  env: NodeJS.ProcessEnv,
): Promise<LoadedFile> {
  const named = flag ?? (env.LATCHKEY_CONFIG || undefined);
  if (named !== undefined) {
    const text = readIfThere(named);
    if (text === undefined) throw new Failure('usage', `there is no configuration file ${named}`);
    return parse(resolve(named), text);
  }
  const home = env.XDG_CONFIG_HOME || join(homedir(), '.config');
  for (const candidate of ['latchkey.toml', join(home, 'latchkey', 'latchkey.toml')]) {
    const text = readIfThere(candidate);
    if (text !== undefined) return parse(resolve(candidate), text);
  }
  return { path: undefined, values: {} };
}

/** What reads a file is a third of the program's start, and most people have none. */
async function parse(path: string, text: string): Promise<LoadedFile> {
  const { parseConfiguration } = await import('./parse.js');
  return { path, values: parseConfiguration(path, text) };
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
