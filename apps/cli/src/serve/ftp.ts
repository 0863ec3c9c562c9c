import { FtpServer, type TlsOptions } from '@latchkey/adapter-ftp';
import type { LoginThrottle } from '@latchkey/server-guard';
import type { FtpSettings } from '../config/ftp.js';
import type { Settings } from '../config/settings.js';
import { ownCertificate } from './certificate.js';
import { listenAt, urlOf } from './listening.js';
import type { Log } from './log.js';
import type { ConfiguredUsers } from './users.js';

export interface FtpOptions {
  readonly settings: FtpSettings;
  readonly tls: TlsOptions;
  readonly users: ConfiguredUsers;
  readonly throttle: LoginThrottle;
}

/** How FTP is encrypted; makes a certificate on the first run. */
export async function ftpTls(settings: Settings, storeRoot: string): Promise<TlsOptions> {
  const { tls: mode, certificate, sessionReuse } = settings.ftp;
  if (mode === 'off') return { mode };
  return { mode, certificate: certificate ?? (await ownCertificate(settings, storeRoot)), sessionReuse };
}

export function serveFtp({ settings, tls, users, throttle }: FtpOptions, log: Log): Promise<FtpServer> {
  const { host, port, implicitPort, passivePorts, externalAddress, greeting } = settings;
  return listenAt({ host, port, flag: '--ftp-port' }, () =>
    FtpServer.listen({
      host,
      port,
      ...(implicitPort === undefined ? {} : { implicitPort }),
      users,
      throttle,
      tls,
      passive: {
        ...(passivePorts === undefined ? {} : { ports: passivePorts }),
        ...(externalAddress === undefined ? {} : { externalAddress }),
      },
      activeMode: settings.active,
      ...(greeting === undefined ? {} : { greeting }),
      foreignNames: settings.foreignNames,
      logger: log,
    }),
  );
}

export function announceFtp(server: FtpServer, { tls }: FtpSettings, log: Log): void {
  const { address, port } = server.address;
  const certificate = server.certificate === undefined ? {} : { certificate: server.certificate.fingerprint };
  log('info', 'listening for ftp', {
    url: urlOf('ftp', server.address),
    host: address,
    port,
    tls,
    ...certificate,
  });
  if (server.implicitAddress !== undefined)
    log('info', 'listening for ftps', { url: urlOf('ftps', server.implicitAddress), ...certificate });
}
