/** What a client needs to know of the server. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Type and base64, as in `known_hosts`; undefined until the server ran once. */
  readonly hostKey: string | undefined;
  /** Private key file of the user, for clients that are told. */
  readonly identity: string | undefined;
}

/** Settings that go to standard output, to be put in a file, and what a person does with them. */
export interface ClientSettings {
  readonly settings: string;
  readonly steps: readonly string[];
}

const KNOWN_HOSTS_STEP = 'trust the server: latchkey connect known-hosts >> ~/.ssh/known_hosts';

function knownHosts({ host, port, hostKey }: Endpoint): ClientSettings {
  const name = port === 22 ? host : `[${host}]:${port}`;
  return { settings: `${name} ${hostKey ?? ''}`, steps: ['append this line to ~/.ssh/known_hosts'] };
}

function openssh({ host, port, user, identity }: Endpoint): ClientSettings {
  const lines = ['Host latchkey', `  HostName ${host}`, `  Port ${port}`, `  User ${user}`];
  if (identity !== undefined) lines.push(`  IdentityFile "${identity}"`, '  IdentitiesOnly yes');
  return {
    settings: lines.join('\n'),
    steps: ['append this to ~/.ssh/config', KNOWN_HOSTS_STEP, 'sftp latchkey', 'scp FILE latchkey:/'],
  };
}

function rclone({ host, port, user, identity }: Endpoint): ClientSettings {
  const lines = [
    '[latchkey]',
    'type = sftp',
    `host = ${host}`,
    `port = ${port}`,
    `user = ${user}`,
    identity === undefined ? 'ask_password = true' : `key_file = ${identity}`,
    'known_hosts_file = ~/.ssh/known_hosts',
    // The server answers these, so rclone verifies every transfer.
    'shell_type = unix',
    'md5sum_command = md5sum',
    'sha1sum_command = sha1sum',
    // Larger requests than rclone's cautious default; the server takes up to 255 KiB.
    'chunk_size = 255k',
  ];
  return {
    settings: lines.join('\n'),
    steps: [
      'append this to the file that `rclone config file` names',
      KNOWN_HOSTS_STEP,
      'rclone copy FOLDER latchkey:/FOLDER',
    ],
  };
}

function lftp({ host, port, user, identity }: Endpoint): ClientSettings {
  const key = identity === undefined ? '' : ` -i '${identity.replaceAll("'", "'\\''")}'`;
  const lines = [
    `set sftp:connect-program "ssh -a -x${key}"`,
    'set sftp:max-packets-in-flight 64',
    `open -u ${user}${identity === undefined ? '' : ','} sftp://${bracketed(host)}:${port}`,
  ];
  return {
    settings: lines.join('\n'),
    steps: ['save this as latchkey.lftp', KNOWN_HOSTS_STEP, 'lftp -e "source latchkey.lftp"'],
  };
}

function sshfs({ host, port, user, identity }: Endpoint): ClientSettings {
  const key = identity === undefined ? '' : ` -o IdentityFile='${identity.replaceAll("'", "'\\''")}'`;
  return {
    settings: `sshfs -p ${port}${key} -o reconnect,idmap=user ${user}@${bracketed(host)}:/ "$HOME/latchkey"`,
    steps: [KNOWN_HOSTS_STEP, 'mkdir ~/latchkey, then run this line', 'fusermount -u ~/latchkey to unmount'],
  };
}

/** The site manager's own format: protocol 1 is SFTP, log-on type 2 asks for the password, 5 uses a key file. */
function filezilla({ host, port, user, identity }: Endpoint): ClientSettings {
  const logon =
    identity === undefined
      ? '<Logontype>2</Logontype>'
      : `<Logontype>5</Logontype>\n      <Keyfile>${xml(identity)}</Keyfile>`;
  return {
    settings: `<?xml version="1.0" encoding="UTF-8"?>
<FileZilla3>
  <Servers>
    <Server>
      <Host>${xml(host)}</Host>
      <Port>${port}</Port>
      <Protocol>1</Protocol>
      <User>${xml(user)}</User>
      ${logon}
      <EncodingType>UTF-8</EncodingType>
      <Name>Latchkey</Name>
    </Server>
  </Servers>
</FileZilla3>`,
    steps: [
      'save this as latchkey.xml, and in FileZilla: File, Import, latchkey.xml, then File, Site Manager, Latchkey, Connect',
      'compare the fingerprint that FileZilla shows with the one that latchkey serve prints',
    ],
  };
}

function xml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

export const CLIENTS = { openssh, filezilla, rclone, lftp, sshfs, 'known-hosts': knownHosts } as const;

export type ClientName = keyof typeof CLIENTS;
export const CLIENT_NAMES: readonly ClientName[] = [
  'openssh',
  'filezilla',
  'rclone',
  'lftp',
  'sshfs',
  'known-hosts',
];
