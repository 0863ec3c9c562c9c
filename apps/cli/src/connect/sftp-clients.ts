import { bracketed, type ClientSettings, type Endpoint, shellQuoted, xml } from './endpoint.js';

function knownHostsStep(given: string): string {
  return `trust the server: latchkey connect known-hosts${given} >> ~/.ssh/known_hosts`;
}

export function knownHosts({ host, port, hostKey }: Endpoint): ClientSettings {
  const name = port === 22 ? host : `[${host}]:${port}`;
  return { settings: `${name} ${hostKey ?? ''}`, steps: ['append this line to ~/.ssh/known_hosts'] };
}

export function openssh({ host, port, user, identity, given }: Endpoint): ClientSettings {
  const lines = ['Host latchkey', `  HostName ${host}`, `  Port ${port}`, `  User ${user}`];
  if (identity !== undefined) lines.push(`  IdentityFile "${identity}"`, '  IdentitiesOnly yes');
  return {
    settings: lines.join('\n'),
    steps: ['append this to ~/.ssh/config', knownHostsStep(given), 'sftp latchkey', 'scp FILE latchkey:/'],
  };
}

export function rclone({ host, port, user, identity, given }: Endpoint): ClientSettings {
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
      knownHostsStep(given),
      'rclone copy FOLDER latchkey:/FOLDER',
    ],
  };
}

export function lftp({ host, port, user, identity, given }: Endpoint): ClientSettings {
  const key = identity === undefined ? '' : ` -i ${shellQuoted(identity)}`;
  const lines = [
    `set sftp:connect-program "ssh -a -x${key}"`,
    'set sftp:max-packets-in-flight 64',
    `open -u ${user}${identity === undefined ? '' : ','} sftp://${bracketed(host)}:${port}`,
  ];
  return {
    settings: lines.join('\n'),
    steps: ['save this as latchkey.lftp', knownHostsStep(given), 'lftp -e "source latchkey.lftp"'],
  };
}

export function sshfs({ host, port, user, identity, given }: Endpoint): ClientSettings {
  const key = identity === undefined ? '' : ` -o IdentityFile=${shellQuoted(identity)}`;
  return {
    settings: `sshfs -p ${port}${key} -o reconnect,idmap=user ${user}@${bracketed(host)}:/ "$HOME/latchkey"`,
    steps: [
      knownHostsStep(given),
      'mkdir ~/latchkey, then run this line',
      'fusermount -u ~/latchkey to unmount',
    ],
  };
}

/** The site manager's own format: protocol 1 is SFTP, log-on type 2 asks for the password, 5 uses a key file. */
export function filezilla({ host, port, user, identity }: Endpoint): ClientSettings {
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

export function winscp({ host, port, user, identity }: Endpoint): ClientSettings {
  const key = identity === undefined ? '' : ` -privatekey="${identity}.ppk"`;
  return {
    settings: `open sftp://${user}@${bracketed(host)}:${port}/${key}`,
    steps: [
      'save this as latchkey.txt and run: winscp.com /script=latchkey.txt',
      'or in the login window: file protocol SFTP, and the same host, port and user',
      'compare the fingerprint that WinSCP shows with the one that latchkey serve prints',
      ...(identity === undefined ? [] : ['WinSCP offers to convert the private key to its own form, .ppk']),
    ],
  };
}
