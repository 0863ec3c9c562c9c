import { Failure } from '../failure.js';
import { type PortRange, parsePort } from './ports.js';
import type { ConfigurationFile } from './schema.js';
import { TLS_MODES } from './tls-modes.js';

export type FtpTls = (typeof TLS_MODES)[number];

export interface FtpSettings {
  readonly enabled: boolean;
  readonly host: string;
  readonly port: number;
  /** None unless asked for. */
  readonly implicitPort: number | undefined;
  readonly tls: FtpTls;
  readonly sessionReuse: 'off' | 'prefer' | 'require';
  /** PEM files. Undefined: a self-signed certificate in the state directory. */
  readonly certificate: { readonly certificateFile: string; readonly keyFile: string } | undefined;
  /** Host names and addresses of a self-signed certificate. */
  readonly names: readonly string[];
  readonly passivePorts: PortRange | undefined;
  readonly externalAddress: string | undefined;
  readonly active: boolean;
  readonly greeting: string | undefined;
  readonly foreignNames: 'latin1' | 'refuse';
}

export const DEFAULT_FTP_PORT = 2121;

/** What the file and the environment say of FTP. `sftpHost`: where to listen unless told otherwise. */
export function ftpSettings(
  file: ConfigurationFile['ftp'],
  env: NodeJS.ProcessEnv,
  sftpHost: string,
): FtpSettings {
  const given = env.LATCHKEY_FTP_PORT || undefined;
  const tls = env.LATCHKEY_FTP_TLS || undefined;
  const mode = tls === undefined ? undefined : TLS_MODES.find((known) => known === tls);
  if (tls !== undefined && mode === undefined)
    throw new Failure('usage', `LATCHKEY_FTP_TLS must be ${TLS_MODES.join(' or ')}`);
  const { certificate, key } = file ?? {};
  return {
    enabled: file?.enabled ?? true,
    host: env.LATCHKEY_FTP_HOST || file?.host || sftpHost,
    port: given === undefined ? (file?.port ?? DEFAULT_FTP_PORT) : parsePort(given, 'LATCHKEY_FTP_PORT'),
    implicitPort: file?.['implicit-port'],
    tls: mode ?? file?.tls ?? 'require',
    sessionReuse: file?.['session-reuse'] ?? 'prefer',
    certificate:
      certificate === undefined || key === undefined
        ? undefined
        : { certificateFile: certificate, keyFile: key },
    names: file?.names ?? [],
    passivePorts: file?.['passive-ports'],
    externalAddress: file?.['external-address'],
    active: file?.active ?? true,
    greeting: file?.greeting,
    foreignNames: file?.['foreign-names'] ?? 'latin1',
  };
}
