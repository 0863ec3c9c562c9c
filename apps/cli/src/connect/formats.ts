import { type ClientSettings, type Endpoint, xml } from './endpoint.js';

// Files of clients that speak more than one of our protocols.

export interface FilezillaSite {
  /** As FileZilla numbers them: 1 is SFTP, 4 is FTP that must be encrypted by AUTH TLS. */
  readonly protocol: 1 | 4;
  /** In the site manager. */
  readonly name: string;
  /** A private key file; without one FileZilla asks for the password. */
  readonly keyFile?: string | undefined;
  /** Elements of this protocol alone. */
  readonly more?: readonly string[];
  /** What the person compares with what the server prints. */
  readonly fingerprint: string;
}

/** The site manager's own format: log-on type 2 asks for the password, 5 uses a key file. */
export function filezillaSite({ host, port, user }: Endpoint, site: FilezillaSite): ClientSettings {
  const { protocol, name, keyFile, more = [], fingerprint } = site;
  const logon =
    keyFile === undefined
      ? ['<Logontype>2</Logontype>']
      : ['<Logontype>5</Logontype>', `<Keyfile>${xml(keyFile)}</Keyfile>`];
  const elements = [
    `<Host>${xml(host)}</Host>`,
    `<Port>${port}</Port>`,
    `<Protocol>${protocol}</Protocol>`,
    `<User>${xml(user)}</User>`,
    ...logon,
    ...more,
    '<EncodingType>UTF-8</EncodingType>',
    `<Name>${xml(name)}</Name>`,
  ];
  return {
    settings: `<?xml version="1.0" encoding="UTF-8"?>
<FileZilla3>
  <Servers>
    <Server>
${elements.map((element) => `      ${element}`).join('\n')}
    </Server>
  </Servers>
</FileZilla3>`,
    steps: [
      `save this as latchkey.xml, and in FileZilla: File, Import, latchkey.xml, then File, Site Manager, ${name}, Connect`,
      `compare the ${fingerprint} that FileZilla shows with the one that latchkey serve prints`,
    ],
  };
}

/** A section of rclone's configuration, with what else to do. */
export function rcloneSection(
  name: string,
  { host, port, user }: Endpoint,
  type: 'ftp' | 'sftp',
  options: readonly string[],
  steps: readonly string[],
): ClientSettings {
  const lines = [`[${name}]`, `type = ${type}`, `host = ${host}`, `port = ${port}`, `user = ${user}`];
  return {
    settings: [...lines, ...options].join('\n'),
    steps: ['append this to the file that `rclone config file` names', ...steps],
  };
}

/** A file of lftp's commands, with how to trust the server before it is used. */
export function lftpScript(lines: readonly string[], trust: readonly string[]): ClientSettings {
  return {
    settings: lines.join('\n'),
    steps: ['save this as latchkey.lftp', ...trust, 'lftp -e "source latchkey.lftp"'],
  };
}
