import { DEFAULT_LIMITS } from '@latchkey/adapter-sftp';
import { LoginDelays } from '@latchkey/server-guard';
import type { Vault } from '@latchkey/vault';
import type { Command } from 'commander';
import type { FtpSettings } from '../config/ftp.js';
import { parsePort } from '../config/ports.js';
import { type ConfiguredUser, TLS_MODES } from '../config/schema.js';
import { oneOf, type Settings } from '../config/settings.js';
import { Failure } from '../failure.js';
import { STOP_SIGNALS } from '../interruption.js';
import { openVault, vaultDirectory } from '../open-vault.js';
import { fromFile } from '../passphrase/source.js';
import { PeriodicCollection } from '../serve/collection.js';
import { announceFtp, ftpTls, serveFtp } from '../serve/ftp.js';
import { loadHostKey } from '../serve/host-key.js';
import { type Log, makeLog } from '../serve/log.js';
import { hashPassword } from '../serve/password-hash.js';
import { announceSftp, serveSftp } from '../serve/sftp.js';
import { ConfiguredUsers, loadUsers } from '../serve/users.js';
import { settingsOf } from './invocation.js';

interface Options {
  readonly host?: string;
  readonly port?: string;
  readonly ftpPort?: string;
  readonly ftpTls?: string;
  /** False when `--no-ftp` was given. */
  readonly ftp: boolean;
  readonly user?: string;
  readonly passwordFile?: string;
  readonly authorizedKeys?: string;
  readonly log?: string;
  readonly logLevel?: string;
}

export function addServe(program: Command): void {
  program
    .command('serve')
    .description('serve the vault over SFTP and FTP until Ctrl-C or SIGTERM')
    .option('--host <address>', 'to listen on (default: 127.0.0.1)')
    .option('--port <number>', 'of SFTP, 0 for any free one (default: 2022)')
    .option('--ftp-port <number>', 'of FTP, 0 for any free one (default: 2121)')
    .option('--ftp-tls <mode>', 'require, allow (clients may do without) or off (default: require)')
    .option('--no-ftp', 'serve SFTP only')
    .option('--user <name>', 'who may log in, instead of the users of latchkey.toml')
    .option('--password-file <file>', 'with --user: its first line is the login password or its hash')
    .option('--authorized-keys <file>', 'with --user: public keys, as OpenSSH keeps them')
    .option('--log <format>', 'json or pretty (default: pretty at a terminal)')
    .option('--log-level <level>', 'debug, info, warn or error (default: info)')
    .action(run);
}

async function run(options: Options, command: Command): Promise<void> {
  const settings = settingsOf(command);
  const format =
    oneOf(options.log, ['json', 'pretty'], '--log') ??
    settings.log.format ??
    (process.stderr.isTTY ? 'pretty' : 'json');
  const level =
    oneOf(options.logLevel, ['debug', 'info', 'warn', 'error'], '--log-level') ?? settings.log.level;
  const sftp = {
    host: options.host ?? settings.sftp.host,
    port: options.port === undefined ? settings.sftp.port : parsePort(options.port, '--port'),
  };
  const known = await loadUsers(await configuredUsers(options, settings));
  const log = makeLog(format, level);
  const { vault, close } = await openVault(settings);
  const servers: { close(): Promise<void> }[] = [];
  try {
    const users = new ConfiguredUsers(known, () => vault.session());
    const store = vaultDirectory(settings);
    const hostKey = await loadHostKey(settings, store);
    const ftp = ftpOptions(options, settings.ftp);
    const tls = ftp.enabled && users.anyPassword ? await ftpTls({ ...settings, ftp }, store) : undefined;
    // One for all protocols: a guesser gains nothing by changing between them.
    const delays = new LoginDelays(DEFAULT_LIMITS.loginDelayMs, DEFAULT_LIMITS.loginDelayMaxMs);
    // Before anybody is told that the server runs, and may stop it.
    const signal = stopSignal();
    const sftpServer = await serveSftp({ ...sftp, hostKey, users, loginDelays: delays }, log);
    servers.push(sftpServer);
    if (tls !== undefined) {
      const ftpServer = await serveFtp({ settings: ftp, tls, users, throttle: delays }, log);
      servers.push(ftpServer);
      announceFtp(ftpServer, ftp, log);
    } else if (ftp.enabled) {
      log('info', 'FTP is not served, because no user has a password');
    }
    // Last, because who starts this program waits for it.
    announceSftp(sftpServer, log);
    await serveUntil(signal, vault, settings, log);
  } finally {
    await Promise.all(servers.map((server) => server.close()));
    await close();
  }
  log('info', 'stopped');
}

/** What the flags say goes before what the file says. */
function ftpOptions(options: Options, settings: FtpSettings): FtpSettings {
  return {
    ...settings,
    enabled: options.ftp && (settings.enabled || options.ftpPort !== undefined),
    host: options.host ?? settings.host,
    port: options.ftpPort === undefined ? settings.port : parsePort(options.ftpPort, '--ftp-port'),
    tls: oneOf(options.ftpTls, TLS_MODES, '--ftp-tls') ?? settings.tls,
  };
}

async function configuredUsers(options: Options, settings: Settings): Promise<readonly ConfiguredUser[]> {
  const { user, passwordFile, authorizedKeys } = options;
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

async function serveUntil(
  signal: Promise<string>,
  vault: Vault,
  settings: Settings,
  log: Log,
): Promise<void> {
  const collection = new PeriodicCollection(vault, settings.gc, log);
  // One session's fault must not end the others: the vault is consistent at every moment, by design.
  const survive = (error: unknown): void => log('error', 'a fault in one session was survived', { error });
  process.on('uncaughtException', survive);
  process.on('unhandledRejection', survive);
  try {
    log('info', 'stopping', { signal: await signal });
  } finally {
    await collection.stop();
    process.off('uncaughtException', survive);
    process.off('unhandledRejection', survive);
  }
}

/** Resolves with the first signal that asks for an end. A second one ends the program at once. */
function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const name of STOP_SIGNALS) {
      process.once(name, () => {
        process.once(name, () => process.exit(130));
        resolve(name);
      });
    }
  });
}
