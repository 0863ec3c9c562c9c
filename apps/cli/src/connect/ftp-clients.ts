import { bracketed, type ClientSettings, type Endpoint } from './endpoint.js';
import { filezillaSite, lftpScript, rcloneSection } from './formats.js';

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

export function filezilla(endpoint: Endpoint): ClientSettings {
  return filezillaSite(endpoint, {
    protocol: 4,
    name: 'Latchkey over FTPS',
    more: ['<PasvMode>MODE_PASSIVE</PasvMode>'],
    fingerprint: 'SHA-256 fingerprint',
  });
}

export function lftp({ host, port, user }: Endpoint): ClientSettings {
  const lines = [
    'set ftp:ssl-force true',
    'set ftp:ssl-protect-data true',
    'set ssl:ca-file "latchkey.pem"',
    ...(/^[\d.:]+$/.test(host) ? ['set ssl:check-hostname false'] : []),
    `open -u ${user} ftp://${bracketed(host)}:${port}`,
  ];
  return lftpScript(lines, [
    CERTIFICATE_STEP,
    'start lftp in the folder of latchkey.pem, or write its absolute path after ssl:ca-file',
  ]);
}

export function rclone(endpoint: Endpoint): ClientSettings {
  const options = ['ask_password = true', 'explicit_tls = true', 'encoding = Slash,Dot'];
  return rcloneSection('latchkey-ftp', endpoint, 'ftp', options, [
    CERTIFICATE_STEP,
    // rclone's FTP does not look at its own option --ca-cert.
    'SSL_CERT_FILE=latchkey.pem rclone copy FOLDER latchkey-ftp:/FOLDER',
  ]);
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
