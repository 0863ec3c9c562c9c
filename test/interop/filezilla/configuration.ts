import { X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Target } from '../client.js';
import { type FtpSecurity, ftpServer } from '../clients/ftp.js';
import { puttyHostKey } from './host-key.js';

export type Way = FtpSecurity | 'sftp';

/** As FileZilla numbers them. */
const PROTOCOLS: Readonly<Record<Way, number>> = { sftp: 1, implicit: 3, explicit: 4, plain: 6 };

/** Nothing is asked, times are kept, a failure is final, and the program ends when its queue has. */
const SETTINGS = {
  'Greeting version': '999.0.0',
  'Update Check': '0',
  'Prompt password save': '0',
  'Ascii Binary mode': '2',
  'Preserve timestamps': '1',
  'Reconnect count': '0',
  'Number of Transfers': '4',
  'Logging Debug Level': '0',
  'Queue completion action': '3',
};

export interface Site {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly protocol: number;
}

/** Where FileZilla finds the server. */
export function siteOf(target: Target, way: Way): Site {
  const { host, user, password = '' } = target;
  const port = way === 'sftp' ? target.port : ftpServer(target, way).port;
  return { host, port, user, password, protocol: PROTOCOLS[way] };
}

/**
 * Writes what FileZilla reads at its start into an empty home: its settings, and what it would otherwise ask about the
 * server, which is one thing for each way: the certificate, the host key, or that the password goes in clear.
 */
export function configure(home: string, target: Target, way: Way, log: string): void {
  const folder = path.join(home, '.config', 'filezilla');
  const { host, port } = siteOf(target, way);
  mkdirSync(folder, { recursive: true });
  const settings = Object.entries({ ...SETTINGS, 'Logging file': log });
  const lines = settings.map(([name, value]) => `<Setting name="${name}">${value}</Setting>`);
  document(path.join(folder, 'filezilla.xml'), `<Settings>${lines.join('')}</Settings>`);
  if (way === 'sftp') {
    mkdirSync(path.join(home, '.putty'));
    writeFileSync(path.join(home, '.putty', 'sshhostkeys'), puttyHostKey(target.knownHosts, host, port));
    return;
  }
  const { certificate } = ftpServer(target, way);
  const known =
    certificate === undefined
      ? `<InsecureHosts><Host Port="${port}">${host}</Host></InsecureHosts>`
      : `<TrustedCerts>${trusted(certificate, host, port)}</TrustedCerts>`;
  document(path.join(folder, 'trustedcerts.xml'), known);
}

function document(file: string, content: string): void {
  const root = `<FileZilla3 version="3.63.0" platform="*nix">${content}</FileZilla3>`;
  writeFileSync(file, `<?xml version="1.0" encoding="UTF-8"?>\n${root}\n`);
}

function trusted(file: string, host: string, port: number): string {
  const certificate = new X509Certificate(readFileSync(file));
  const seconds = (time: string): number => Date.parse(time) / 1000;
  const fields = {
    Data: certificate.raw.toString('hex'),
    ActivationTime: seconds(certificate.validFrom),
    ExpirationTime: seconds(certificate.validTo),
    Host: host,
    Port: port,
    TrustSANs: 0,
  };
  const lines = Object.entries(fields).map(([name, value]) => `<${name}>${value}</${name}>`);
  return `<Certificate>${lines.join('')}</Certificate>`;
}
