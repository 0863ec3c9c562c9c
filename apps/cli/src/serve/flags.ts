import type { FtpSettings } from '../config/ftp.js';
import { parsePort } from '../config/ports.js';
import type { S3Settings } from '../config/s3.js';
import type { ConfiguredUser } from '../config/schema.js';
import { oneOf, type Settings } from '../config/settings.js';
import { S3_TLS_MODES, TLS_MODES } from '../config/tls-modes.js';
import { Failure } from '../failure.js';
import { fromFile } from '../passphrase/source.js';
import { hashPassword } from './password-hash.js';

/** The flags of `serve`, which go before what the file and the environment say. */
export interface ServeFlags {
  readonly host?: string;
  readonly port?: string;
  readonly ftpPort?: string;
  readonly ftpTls?: string;
  /** False when `--no-ftp` was given. */
  readonly ftp: boolean;
  readonly s3Port?: string;
  readonly s3Tls?: string;
  /** False when `--no-s3` was given. */
  readonly s3: boolean;
  readonly user?: string;
  readonly passwordFile?: string;
  readonly authorizedKeys?: string;
  readonly log?: string;
  readonly logLevel?: string;
}

/** The settings that `serve` works with. */
export function withFlags(settings: Settings, flags: ServeFlags): Settings {
  return {
    ...settings,
    sftp: {
      ...settings.sftp,
      host: flags.host ?? settings.sftp.host,
      port: flags.port === undefined ? settings.sftp.port : parsePort(flags.port, '--port'),
    },
    ftp: ftpSettings(settings.ftp, flags),
    s3: s3Settings(settings.s3, flags),
  };
}

function ftpSettings(settings: FtpSettings, { ftp, ftpPort, ftpTls, host }: ServeFlags): FtpSettings {
  return {
    ...settings,
    enabled: ftp && (settings.enabled || ftpPort !== undefined),
    host: host ?? settings.host,
    port: ftpPort === undefined ? settings.port : parsePort(ftpPort, '--ftp-port'),
    tls: oneOf(ftpTls, TLS_MODES, '--ftp-tls') ?? settings.tls,
  };
}

function s3Settings(settings: S3Settings, { s3, s3Port, s3Tls, host }: ServeFlags): S3Settings {
  return {
    ...settings,
    enabled: s3 && (settings.enabled || s3Port !== undefined),
    host: host ?? settings.host,
    port: s3Port === undefined ? settings.port : parsePort(s3Port, '--s3-port'),
    tls: oneOf(s3Tls, S3_TLS_MODES, '--s3-tls') ?? settings.tls,
  };
}

/** Who may log in: the one of the flags, or those of the file. */
export async function configuredUsers(
  { user, passwordFile, authorizedKeys }: ServeFlags,
  settings: Settings,
): Promise<readonly ConfiguredUser[]> {
  if (user === undefined) {
    if (passwordFile !== undefined || authorizedKeys !== undefined) {
      throw new Failure('usage', '--password-file and --authorized-keys need --user');
    }
    if (settings.users.length > 0) return settings.users;
    throw new Failure('usage', 'nobody could log in: no user is configured', {
      hint: 'add --user NAME with --authorized-keys FILE or --password-file FILE, or [[users]] in latchkey.toml',
    });
  }
  const secret = passwordFile === undefined ? undefined : await fromFile(passwordFile, 'password');
  return [
    {
      name: user,
      ...(secret === undefined
        ? {}
        : { password: secret.startsWith('$scrypt$') ? secret : await hashPassword(secret) }),
      ...(authorizedKeys === undefined ? {} : { 'authorized-keys-file': authorizedKeys }),
    },
  ];
}
