import { homedir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../failure.js';
import { loadConfigurationFile } from './file.js';
import { type FtpSettings, ftpSettings } from './ftp.js';
import { resolvePath } from './paths.js';
import { parsePort } from './ports.js';
import { type S3Settings, s3Settings } from './s3.js';
import type { ConfiguredUser } from './schema.js';

/** Flags that every command takes. */
export interface GlobalFlags {
  readonly config?: string;
  readonly vault?: string;
  readonly durability?: string;
  readonly passphraseFile?: string;
  readonly passphraseCommand?: string;
  readonly state?: string;
}

export type Durability = 'full' | 'relaxed';
export type LogFormat = 'json' | 'pretty';
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Where the passphrase comes from. The first that is set in the order flag, environment, file counts. */
export interface PassphraseSource {
  readonly file?: string;
  readonly command?: string;
  readonly value?: string;
}

export interface Settings {
  readonly configurationPath: string | undefined;
  readonly vault: string | undefined;
  readonly durability: Durability;
  /** Holds the SFTP host key, the certificate of FTP and S3, and the access keys; never inside the store. */
  readonly state: string;
  readonly passphrase: PassphraseSource;
  readonly memory: { readonly cacheBytes?: number; readonly transferBytes?: number };
  readonly sftp: { readonly host: string; readonly port: number; readonly hostKey?: string };
  readonly ftp: FtpSettings;
  readonly s3: S3Settings;
  readonly log: { readonly format?: LogFormat; readonly level: LogLevel };
  /** Milliseconds. */
  readonly gc: { readonly every: number; readonly deadAfter: number };
  readonly users: readonly ConfiguredUser[];
}

const DAY = 86_400_000;
export const DEFAULT_PORT = 2022;

/** Flags before environment before file before defaults. */
export async function loadSettings(flags: GlobalFlags, env: NodeJS.ProcessEnv): Promise<Settings> {
  const { path, values } = await loadConfigurationFile(flags.config, env);
  const here = process.cwd();
  const place = (
    flag: string | undefined,
    variable: string,
    file: string | undefined,
  ): string | undefined => {
    const given = flag ?? (env[variable] || undefined);
    return given === undefined ? file : resolvePath(given, here);
  };
  const port = env.LATCHKEY_SFTP_PORT || undefined;
  const host = env.LATCHKEY_SFTP_HOST || values.sftp?.host || '127.0.0.1';
  const hostKey = place(undefined, 'LATCHKEY_SFTP_HOST_KEY', values.sftp?.['host-key']);
  const format = oneOf(env.LATCHKEY_LOG, ['json', 'pretty'], 'LATCHKEY_LOG') ?? values.log?.format;
  return {
    configurationPath: path,
    vault: place(flags.vault, 'LATCHKEY_VAULT', values.vault),
    durability:
      oneOf(flags.durability, ['full', 'relaxed'], '--durability') ??
      oneOf(env.LATCHKEY_DURABILITY, ['full', 'relaxed'], 'LATCHKEY_DURABILITY') ??
      values.durability ??
      'full',
    state: place(flags.state, 'LATCHKEY_STATE', values.state) ?? defaultState(env),
    passphrase: passphraseSource(flags, env, values['passphrase-file'], values['passphrase-command']),
    memory: {
      ...(values.memory?.cache === undefined ? {} : { cacheBytes: values.memory.cache }),
      ...(values.memory?.transfers === undefined ? {} : { transferBytes: values.memory.transfers }),
    },
    sftp: {
      host,
      port: port === undefined ? (values.sftp?.port ?? DEFAULT_PORT) : parsePort(port, 'LATCHKEY_SFTP_PORT'),
      ...(hostKey === undefined ? {} : { hostKey }),
    },
    ftp: ftpSettings(values.ftp, env, host),
    s3: s3Settings(values.s3, env, host),
    log: {
      ...(format === undefined ? {} : { format }),
      level:
        oneOf(env.LATCHKEY_LOG_LEVEL, ['debug', 'info', 'warn', 'error'], 'LATCHKEY_LOG_LEVEL') ??
        values.log?.level ??
        'info',
    },
    gc: { every: values.gc?.every ?? DAY, deadAfter: values.gc?.['dead-after'] ?? DAY },
    users: values.users ?? [],
  };
}

function defaultState(env: NodeJS.ProcessEnv): string {
  return join(env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'latchkey');
}

function passphraseSource(
  flags: GlobalFlags,
  env: NodeJS.ProcessEnv,
  file: string | undefined,
  command: string | undefined,
): PassphraseSource {
  if (flags.passphraseFile !== undefined && flags.passphraseCommand !== undefined) {
    throw new Failure('usage', 'give either --passphrase-file or --passphrase-command');
  }
  if (flags.passphraseFile !== undefined) return { file: flags.passphraseFile };
  if (flags.passphraseCommand !== undefined) return { command: flags.passphraseCommand };
  // An empty variable is as good as none: shells leave them behind, and no vault has an empty passphrase.
  if (env.LATCHKEY_PASSPHRASE) return { value: env.LATCHKEY_PASSPHRASE };
  if (env.LATCHKEY_PASSPHRASE_FILE) return { file: env.LATCHKEY_PASSPHRASE_FILE };
  if (env.LATCHKEY_PASSPHRASE_COMMAND) return { command: env.LATCHKEY_PASSPHRASE_COMMAND };
  if (file !== undefined) return { file };
  return command === undefined ? {} : { command };
}

/** Checks a value against a closed list; undefined and the empty string are no value. */
export function oneOf<T extends string>(
  value: string | undefined,
  known: readonly T[],
  name: string,
): T | undefined {
  if (value === undefined || value === '') return undefined;
  const found = known.find((candidate) => candidate === value);
  if (found === undefined) throw new Failure('usage', `${name} must be ${known.join(' or ')}`);
  return found;
}
