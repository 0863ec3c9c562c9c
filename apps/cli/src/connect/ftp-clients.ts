import { bracketed, type ClientSettings, type Endpoint, xml } from './endpoint.js';

const CERTIFICATE_STEP =
  'trust the server: latchkey connect certificate > latchkey.pem, and compare its fingerprint with the one that latchkey serve prints';
const CLEAR_TEXT_STEP =
  'this client speaks no TLS: set tls = "allow" under [ftp] in latchkey.toml, and use it on networks you trust only';

export function certificate({ certificate: pem }: Endpoint): ClientSettings {
  return {
    settings: (pem ?? '').trimEnd(),
    steps: ['save this as latchkey.pem, for clients that verify the server'],
  };
}

/** Protocol 4 of the site manager is FTP that must be encrypted by AUTH TLS; log-on type 2 asks for the password. */
export function filezilla({ host, port, user }: Endpoint): ClientSettings {
  return {
    settings: `<?xml version="1.0" encoding="UTF-8"?>
<FileZilla3>
  <Servers>
    <Server>
      <Host>${xml(host)}</Host>
      <Port>${port}</Port>
      <Protocol>4</Protocol>
      <User>${xml(user)}</User>
      <Logontype>2</Logontype>
      <PasvMode>MODE_PASSIVE</PasvMode>
      <EncodingType>UTF-8</EncodingType>
      <Name>Latchkey over FTPS</Name>
    </Server>
  </Servers>
</FileZilla3>`,
    steps: [
      'save this as latchkey.xml, and in FileZilla: File, Import, latchkey.xml, then File, Site Manager, Latchkey over FTPS, Connect',
      'compare the SHA-256 fingerprint that FileZilla shows with the one that latchkey serve prints',
    ],
  };
}

export function lftp({ host, port, user }: Endpoint): ClientSettings {
  const lines = [
    'set ftp:ssl-force true',
    'set ftp:ssl-protect-data true',
    'set ssl:ca-file "latchkey.pem"',
    ...(/^[\d.:]+$/.test(host) ? ['set ssl:check-hostname false'] : []),
    `open -u ${user} ftp://${bracketed(host)}:${port}`,
  ];
  return {
    settings: lines.join('\n'),
    steps: [
      'save this as latchkey.lftp',
      CERTIFICATE_STEP,
      'start lftp in the folder of latchkey.pem, or write its absolute path after ssl:ca-file',
      'lftp -e "source latchkey.lftp"',
    ],
  };
}

export function rclone({ host, port, user }: Endpoint): ClientSettings {
  const lines = [
    '[latchkey-ftp]',
    'type = ftp',
    `host = ${host}`,
    `port = ${port}`,
    `user = ${user}`,
    'ask_password = true',
    'explicit_tls = true',
    'encoding = Slash,Dot',
  ];
  return {
    settings: lines.join('\n'),
    steps: [
      'append this to the file that `rclone config file` names',
      CERTIFICATE_STEP,
      // rclone's FTP does not look at its own option --ca-cert.
      'SSL_CERT_FILE=latchkey.pem rclone copy FOLDER latchkey-ftp:/FOLDER',
    ],
  };
}

export function curl({ host, port, user }: Endpoint): ClientSettings {
  return {
    settings: `curl --ssl-reqd --cacert latchkey.pem --user ${user} --upload-file FILE ftp://${bracketed(host)}:${port}/`,
    steps: [CERTIFICATE_STEP, 'run this line with a FILE; curl asks for the password'],
  };
}

export function winscp({ host, port, user }: Endpoint): ClientSettings {
  return {
    settings: `open ftpes://${user}@${bracketed(host)}:${port}/`,
    steps: [
      'save this as latchkey.txt and run: winscp.com /script=latchkey.txt',
      'or in the login window: file protocol FTP, encryption TLS/SSL explicit, and the same host, port and user',
      'compare the fingerprint that WinSCP shows with the one that latchkey serve prints',
    ],
  };
}

/** Explorer knows plain FTP only. */
export function explorer({ host, port, user, clearText }: Endpoint): ClientSettings {
  return {
    settings: `ftp://${user}@${bracketed(host)}:${port}/`,
    steps: [
      'in Windows Explorer: This PC, Add a network location, and this as its address',
      ...(clearText ? [] : [CLEAR_TEXT_STEP]),
    ],
  };
}

/** Scanners, cameras, mainframes: what their menus ask for. */
export function device({ host, port, user, clearText }: Endpoint): ClientSettings {
  const lines = [
    `Server:             ${host}`,
    `Port:               ${port}`,
    `User:               ${user}`,
    'Password:           the one given to this user',
    'Folder:             / or a folder made for the device',
    'Mode:               passive (PASV), binary',
    `Encryption:         ${clearText ? 'explicit TLS (AUTH TLS, FTPES) if the device has it, or none' : 'explicit TLS (AUTH TLS, FTPES), data too (PROT P)'}`,
    'Character encoding: UTF-8',
  ];
  return {
    settings: lines.join('\n'),
    steps: [
      'give the device a user of its own in latchkey.toml',
      ...(clearText
        ? []
        : ['for a device without TLS: tls = "allow" under [ftp] in latchkey.toml, on a network you trust']),
    ],
  };
}
