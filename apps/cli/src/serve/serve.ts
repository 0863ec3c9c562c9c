import { DEFAULT_LIMITS } from '@latchkey/adapter-sftp';
import { LoginDelays } from '@latchkey/server-guard';
import type { Vault } from '@latchkey/vault';
import { oneOf, type Settings } from '../config/settings.js';
import { STOP_SIGNALS } from '../interruption.js';
import { openVault, vaultDirectory } from '../open-vault.js';
import { configuredUsers, type ServeFlags, withFlags } from './flags.js';
import { announceFtp, ftpTls, serveFtp } from './ftp.js';
import { loadHostKey } from './host-key.js';
import { collection, lifecycles } from './jobs.js';
import { type Log, makeLog } from './log.js';
import { Periodic } from './periodic.js';
import { AccessKeyCredentials, announceS3, prepareAccessKeys, s3Tls, serveS3 } from './s3.js';
import { announceSftp, serveSftp } from './sftp.js';
import { ConfiguredUsers, loadUsers } from './users.js';

/** Serves the vault over every protocol that is configured, until a signal asks for an end. */
export async function serve(flags: ServeFlags, configured: Settings): Promise<void> {
  const format =
    oneOf(flags.log, ['json', 'pretty'], '--log') ??
    configured.log.format ??
    (process.stderr.isTTY ? 'pretty' : 'json');
  const level =
    oneOf(flags.logLevel, ['debug', 'info', 'warn', 'error'], '--log-level') ?? configured.log.level;
  const settings = withFlags(configured, flags);
  const known = await loadUsers(await configuredUsers(flags, settings));
  const log = makeLog(format, level);
  const { vault, close } = await openVault(settings);
  const servers: Closable[] = [];
  try {
    const users = new ConfiguredUsers(known, () => vault.session());
    const hostKey = await loadHostKey(settings, vaultDirectory(settings));
    // One for all protocols: a guesser gains nothing by changing between them.
    const delays = new LoginDelays(DEFAULT_LIMITS.loginDelayMs, DEFAULT_LIMITS.loginDelayMaxMs);
    // Before anybody is told that the server runs, and may stop it.
    const signal = stopSignal();
    const sftpServer = await serveSftp({ ...settings.sftp, hostKey, users, loginDelays: delays }, log);
    servers.push(sftpServer);
    const shared = { settings, vault, users, delays, log, servers };
    await startFtp(shared);
    await startS3(shared);
    // Last, because who starts this program waits for it.
    announceSftp(sftpServer, log);
    servers.push(new Periodic(collection(vault, settings.gc), log));
    await serveUntil(signal, log);
  } finally {
    await Promise.all(servers.map((server) => server.close()));
    await close();
  }
  log('info', 'stopped');
}

interface Closable {
  close(): Promise<void>;
}

/** What the servers of all protocols have in common. `servers` holds what has to be closed. */
interface Shared {
  readonly settings: Settings;
  readonly vault: Vault;
  readonly users: ConfiguredUsers;
  readonly delays: LoginDelays;
  readonly log: Log;
  readonly servers: Closable[];
}

async function startFtp({ settings, users, delays, log, servers }: Shared): Promise<void> {
  if (!settings.ftp.enabled) return;
  if (!users.anyPassword) {
    log('info', 'FTP is not served, because no user has a password');
    return;
  }
  const tls = await ftpTls(settings, vaultDirectory(settings));
  const server = await serveFtp({ settings: settings.ftp, tls, users, throttle: delays }, log);
  servers.push(server);
  announceFtp(server, settings.ftp, log);
}

async function startS3({ settings, vault, users, delays, log, servers }: Shared): Promise<void> {
  if (!settings.s3.enabled) return;
  const store = vaultDirectory(settings);
  const keys = await prepareAccessKeys(settings, store, users, log);
  const session = vault.session();
  const options = {
    settings: settings.s3,
    tls: await s3Tls(settings, store),
    credentials: new AccessKeyCredentials(keys, users, session),
    session,
    owner: users.first,
    throttle: delays,
  };
  const server = await serveS3(options, log);
  servers.push(server, new Periodic(lifecycles(session, settings.s3.lifecyclesEveryMs, log), log));
  announceS3(server, options, log);
}

async function serveUntil(signal: Promise<string>, log: Log): Promise<void> {
  // One session's fault must not end the others: the vault is consistent at every moment, by design.
  const survive = (error: unknown): void => log('error', 'a fault in one session was survived', { error });
  process.on('uncaughtException', survive);
  process.on('unhandledRejection', survive);
  try {
    log('info', 'stopping', { signal: await signal });
  } finally {
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
