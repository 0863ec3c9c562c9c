import type { ClientSettings, Endpoint } from './endpoint.js';
import * as ftp from './ftp-clients.js';
import * as s3 from './s3-clients.js';
import * as sftp from './sftp-clients.js';

export const PROTOCOLS = ['sftp', 'ftp', 's3'] as const;
export type Protocol = (typeof PROTOCOLS)[number];

type Describe = (endpoint: Endpoint) => ClientSettings;

/** What is known of each client, for each protocol it speaks; the first is the one to use. */
export const CLIENTS = {
  openssh: { sftp: sftp.openssh },
  filezilla: { sftp: sftp.filezilla, ftp: ftp.filezilla },
  rclone: { sftp: sftp.rclone, ftp: ftp.rclone, s3: s3.rclone },
  lftp: { sftp: sftp.lftp, ftp: ftp.lftp },
  winscp: { sftp: sftp.winscp, ftp: ftp.winscp },
  sshfs: { sftp: sftp.sshfs },
  curl: { ftp: ftp.curl },
  explorer: { ftp: ftp.explorer },
  device: { ftp: ftp.device },
  aws: { s3: s3.aws },
  boto3: { s3: s3.boto3 },
  'aws-sdk-js': { s3: s3.awsSdkJs },
  s3cmd: { s3: s3.s3cmd },
  restic: { s3: s3.restic },
  duplicity: { s3: s3.duplicity },
  s3fs: { s3: s3.s3fs },
  mc: { s3: s3.mc },
  cyberduck: { s3: s3.cyberduck },
  'known-hosts': { sftp: sftp.knownHosts },
  certificate: { ftp: ftp.certificate },
} as const satisfies Record<string, Partial<Record<Protocol, Describe>>>;

export type ClientName = keyof typeof CLIENTS;
export const CLIENT_NAMES: readonly ClientName[] = Object.keys(CLIENTS) as ClientName[];

/** The protocols of a client, the preferred one first. */
export function protocolsOf(client: ClientName): readonly Protocol[] {
  return PROTOCOLS.filter((protocol) => protocol in CLIENTS[client]);
}

/** The settings of a client that speaks this protocol. */
export function describeClient(client: ClientName, protocol: Protocol, endpoint: Endpoint): ClientSettings {
  const known: Partial<Record<Protocol, Describe>> = CLIENTS[client];
  const describe = known[protocol];
  if (describe === undefined) throw new RangeError(`${client} does not speak ${protocol}`);
  return describe(endpoint);
}
