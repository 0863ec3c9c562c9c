import { join } from 'node:path';
import { FtpServer, type TlsOptions } from '@latchkey/adapter-ftp';
import { ensureCertificateFile, type LoginThrottle } from '@latchkey/server-guard';
import type { FtpSettings } from '../config/ftp.js';
import type { Settings } from '../config/settings.js';
import { requireOutside } from './host-key.js';
import { listenAt, urlOf } from './listening.js';
import type { Log } from './log.js';
import type { ConfiguredUsers } from './users.js';

export interface FtpOptions {
  readonly settings: FtpSettings;
  readonly tls: TlsOptions;
  readonly users: ConfiguredUsers;
  readonly throttle: LoginThrottle;
}

/** Where a certificate is kept that the server made for itself. */
export function certificatePath(settings: Settings): string {
  return join(settings.state, 'ftp_certificate.pem');
}

/** How FTP is encrypted; makes a certificate on the first run. It must not lie in the store, like the host key. */
export async function ftpTls(settings: Settings, storeRoot: string): Promise<TlsOptions> {
  const { tls: mode, certificate, sessionReuse, names, host } = settings.ftp;
  if (mode === 'off') return { mode };
  if (certificate !== undefined) return { mode, certificate, sessionReuse };
  await requireOutside(settings.state, storeRoot);
  const file = certificatePath(settings);
  const everywhere = host === '0.0.0.0' || host === '::';
  ensureCertificateFile(file, {
    names: [...new Set([...names, ...(everywhere ? [] : [host]), 'localhost'])],
  });
  return { mode, certificate: { certificateFile: file, keyFile: file }, sessionReuse };
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
