import { SftpServer } from '@latchkey/adapter-sftp';
import type { Vault } from '@latchkey/vault';
import type { Command } from 'commander';
import type { ConfiguredUser } from '../config/schema.js';
import { oneOf, parsePort, type Settings } from '../config/settings.js';
import { Failure } from '../failure.js';
import { openVault, vaultDirectory } from '../open-vault.js';
import { fromFile } from '../passphrase/source.js';
import { PeriodicCollection } from '../serve/collection.js';
import { loadHostKey } from '../serve/host-key.js';
import { type Log, makeLog } from '../serve/log.js';
import { hashPassword } from '../serve/password-hash.js';
import { ConfiguredUsers, loadUsers } from '../serve/users.js';
import { settingsOf } from './invocation.js';

interface Options {
  readonly host?: string;
  readonly port?: string;
  readonly user?: string;
  readonly passwordFile?: string;
  readonly authorizedKeys?: string;
  readonly log?: string;
  readonly logLevel?: string;
}

export function addServe(program: Command): void {
  program
    .command('serve')
    .description('serve the vault over SFTP until Ctrl-C or SIGTERM')
    .option('--host <address>', 'to listen on (default: 127.0.0.1)')
    .option('--port <number>', 'to listen on, 0 for any free one (default: 2022)')
    .option('--user <name>', 'who may log in, instead of the users of latchkey.toml')
    .option('--password-file <file>', 'with --user: its first line is the SFTP password or its hash')
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
  const host = options.host ?? settings.sftp.host;
  const port = options.port === undefined ? settings.sftp.port : parsePort(options.port, '--port');
  const users = await loadUsers(await configuredUsers(options, settings));
  const log = makeLog(format, level);
  const { vault, close } = await openVault(settings);
  try {
    const hostKey = await loadHostKey(settings, vaultDirectory(settings));
    // Before anybody is told that the server runs, and may stop it.
    const signal = stopSignal();
    const server = await listen({
      host,
      port,
      hostKey,
      users: new ConfiguredUsers(users, () => vault.session()),
      logger: log,
    });
    try {
      announce(server, log);
      await serveUntil(signal, vault, settings, log);
    } finally {
      await server.close();
    }
  } finally {
    await close();
  }
  log('info', 'stopped');
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

async function listen(options: Parameters<typeof SftpServer.listen>[0]): Promise<SftpServer> {
  try {
    return await SftpServer.listen(options);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const where = `port ${options.port} on ${options.host}`;
    if (code === 'EADDRINUSE') {
      throw new Failure('failed', `${where} is in use by another program`, {
        hint: 'choose another with --port',
        cause: error,
      });
    }
    if (code === 'EACCES') {
      throw new Failure('failed', `${where} may not be used by this user`, {
        hint: 'choose one above 1023 with --port',
        cause: error,
      });
    }
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
      throw new Failure('failed', `${options.host} is not an address of this computer`, { cause: error });
    }
    throw error;
  }
}

function announce(server: SftpServer, log: Log): void {
  const { address, port } = server.address;
  const shown = address.includes(':') ? `[${address}]` : address;
  log('info', 'listening', {
    url: `sftp://${shown}:${port}`,
    host: address,
    port,
    hostKey: server.hostKey.fingerprint,
  });
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
    for (const name of ['SIGINT', 'SIGTERM'] as const) {
      process.once(name, () => {
        process.once(name, () => process.exit(130));
        resolve(name);
      });
    }
  });
}
