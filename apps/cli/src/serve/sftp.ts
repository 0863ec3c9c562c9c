import { SftpServer } from '@latchkey/adapter-sftp';
import type { LoginThrottle } from '@latchkey/server-guard';
import { listenAt, urlOf } from './listening.js';
import type { Log } from './log.js';
import type { ConfiguredUsers } from './users.js';

export interface SftpOptions {
  readonly host: string;
  readonly port: number;
  /** Private key in OpenSSH's form. */
  readonly hostKey: string;
  readonly users: ConfiguredUsers;
  readonly loginDelays: LoginThrottle;
}

/** Starts the SFTP server; {@link announceSftp} tells that it is there. */
export function serveSftp(options: SftpOptions, log: Log): Promise<SftpServer> {
  return listenAt({ host: options.host, port: options.port, flag: '--port' }, () =>
    SftpServer.listen({ ...options, logger: log }),
  );
}

export function announceSftp(server: SftpServer, log: Log): void {
  const { address, port } = server.address;
  log('info', 'listening', {
    url: urlOf('sftp', server.address),
    host: address,
    port,
    hostKey: server.hostKey.fingerprint,
  });
}
